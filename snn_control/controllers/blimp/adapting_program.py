"""Adapting controller of a blimp as plain data, from its parts."""

from __future__ import annotations

import numpy as np

from snn_control.controllers.adapting_config import AdaptingConfig
from snn_control.controllers.blimp import adapting_layout, forward_layout
from snn_control.controllers.blimp.adapting_shell import (
    after_networks,
    before_networks,
    start_adapting,
)
from snn_control.controllers.blimp.forward_config import BlimpForwardConfig, kernel_constants
from snn_control.controllers.forward_model import Wiring
from snn_control.controllers.parameter_history import history_size
from snn_control.errors import ParameterError
from snn_control.network.program import Program
from snn_control.network.shell import KernelCall, Order, Shell
from snn_control.plasticity.prediction_monitor import MONITOR

__all__ = ["adapting_program"]

ORDERS = (
    Order("sent_command", float("nan"), "command in force since the last tick; NaN: the last one",
          may_be_nan=True),
    Order("frozen", 0.0, "1 to keep the parameters"),
    Order("trusted", float("nan"), "1 if the sensor is trusted, 0 if an estimate replaces it, "
          "NaN without a monitor", may_be_nan=True),
    Order("fresh", 1.0, "0 in a gap between measurements, which an estimate fills"),
    Order("adapting", 1.0, "1 to act on the prediction, 0 to switch it off"),
    Order("saves", 0.0, "number of requests so far to save the parameters"),
    Order("rollbacks", 0.0, "number of requests so far to return to the saved parameters"),
)  # fmt: skip
MODEL = ("rows", "bank", "weights", "line", "status", "numbers")
REPORTED = (
    "learned_gain_m_s2", "learned_bias_m_s2", "model_height_m", "model_climb_rate_m_s",
)  # fmt: skip
"""First entries of `report`, followed by the read-outs of the networks."""


def adapting_program(inner: Program, wiring: Wiring, config: BlimpForwardConfig) -> Program:
    """Return an adapting controller as plain data.

    Args:
        inner: wrapped controller.
        wiring: its place around the model.
        config: configuration of the model.

    Raises:
        ParameterError: essential variables, or the controller has a shell or lacks the read-out.
    """
    if inner.shell:
        raise ParameterError(
            "a controller of kernels in a forward model cannot be exported: wrap one of networks"
        )
    if wiring.config.needs:
        raise ParameterError("essential variables (needs) cannot be exported: leave them out")
    n, place = len(config.hypotheses), wiring.observation_names.index
    bank, numbers = kernel_constants(config)
    n_parameters = 3 * n + 1
    may_switch_off = min(wiring.measured) >= 0
    started = wiring.start is not None, n
    shell = Shell(
        n_signals=len(wiring.inputs),
        start=KernelCall(
            start_adapting, (*MODEL, "memory", "monitor", "saved", "initial", *started)
        ),
        before=KernelCall(
            before_networks,
            ("observation", "orders", "signals", *MODEL, "memory", "monitor", "bounds",
             "history", "saved", "initial", "current", "limits", "inputs", "measured",
             place("height_ref_m"), place("range_m"), place("dt_s"), may_switch_off, *started),
        ),
        after=KernelCall(
            after_networks,
            ("readouts", "actions", "rows", "status", "numbers", "memory", "monitor", "sums",
             _readout(inner, wiring.config.readout), "report"),
        ),
        state={
            "rows": (n + 1) * forward_layout.ROW,
            "weights": 3 * n,
            "line": forward_layout.SLOTS,
            "status": forward_layout.STATUS,
            "memory": adapting_layout.MEMORY,
            "monitor": MONITOR,
            "history": history_size(n_parameters),
            "saved": n_parameters,
            "current": n_parameters,
            "report": len(REPORTED) + inner.n_network_readouts,
        },
        constants={
            "bank": bank,
            "numbers": numbers,
            "limits": _limits(wiring.config, config.shadow_gate_m),
            "bounds": np.array(wiring.config.prediction_limits),
            "initial": np.array(wiring.start or np.zeros(n_parameters)),
            "inputs": np.array(wiring.inputs, np.float64),
            "measured": np.array(wiring.measured, np.float64),
            "sums": np.array(inner.sums[0], np.float64),
        },
        orders=ORDERS,
        usual={"height_ref_m": (0.5, 1.5), "range_m": (0.5, 1.5), "dt_s": (0.05, 0.15)},
        readouts=_readouts(inner, n),
    )  # fmt: skip
    return Program(
        wiring.observation_names, inner.action_names, inner.control_period_s, inner.networks,
        inner.feeds, shell=shell,
    )  # fmt: skip


def _readout(inner: Program, name: str) -> int:
    """Return the index of a read-out that acts on the prediction; -1 for the action."""
    if name and name not in inner.readout_names:
        raise ParameterError(
            f"readout {name!r} cannot be exported; expected one of the networks: "
            f"{', '.join(inner.readout_names)}"
        )
    return inner.readout_names.index(name) if name else -1


def _limits(config: AdaptingConfig, gate_m: float) -> np.ndarray:
    limits = np.zeros(adapting_layout.LIMITS)
    for place, value in {
        adapting_layout.ROLLBACK_S: config.rollback_s,
        adapting_layout.ZONE: config.dead_zone_sigma,
        adapting_layout.VERSION_S: config.version_s,
        adapting_layout.GATE_M: gate_m,
    }.items():
        limits[place] = value
    return limits


def _readouts(inner: Program, n: int) -> dict[str, tuple[str, int]]:
    """Return the named values of `n` hypotheses and of the networks."""
    return {
        **{name: ("report", k) for k, name in enumerate(REPORTED)},
        "predicted_height_m": ("status", forward_layout.POSITION_AHEAD),
        "hypothesis": ("status", forward_layout.FLYING),
        "hypothesis_changes": ("status", forward_layout.CHANGES),
        "lidar_frozen": ("status", forward_layout.LOST),
        **{f"weight_{k}": ("weights", k) for k in range(n)},
        "learning": ("memory", adapting_layout.LEARNS),
        "prediction_used": ("memory", adapting_layout.ON),
        "version": ("memory", adapting_layout.VERSIONS),
        **{name: ("report", len(REPORTED) + k) for k, name in enumerate(inner.readout_names)},
    }
