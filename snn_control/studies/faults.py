"""Loss of height and detection of every kind of fault of every stream of the blimp.

Each flight is paired with the same one without the fault: blimp, gusts, timing and noise are equal.
The loss is the largest difference of the true heights from the start of the fault until 10 s after
its end. `declared` is the reaction that the loop is tested for.

Outages in hover have durations of their own, and their loss counts until their end: `off-60s` of
the lidar, `off-10s` of lidar and barometer, which leaves the accelerometer alone.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.envs.blimp.sensing.errors import SenseParameters
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.study import Progress, StudyConfig, StudyResult, TablePart, silent
from snn_control.supervision.faults import FaultKind
from snn_control.training.blimp.supervised.fault_matrix import (
    DECLARED,
    VARIANTS,
    detected_s,
    faults_of,
    trusted_again_s,
)
from snn_control.training.blimp.supervised.flight import (
    FlightSettings,
    SupervisedFlight,
    fly,
)
from snn_control.training.statistics import half_width

HEIGHT_M, STEP_M, STEP_S = 1.4, -0.5, 5.0
"""Setpoint, m; its step, m, and the time of the step after the start of the fault, s."""
AFTER_S = 10.0
"""Time after the fault that belongs to the loss, s."""
GUSTS: Mapping[str, Mapping[str, float]] = {"default": {}, "gusts": {"gust_sd_m_s2": 0.024}}
"""Conditions: default, and three times its gusts."""
COASTING = ("hover", "gusts-hover")
"""Scenarios of outages with durations of their own."""

CELLS: tuple[tuple[str, str], ...] = tuple(
    (channel, str(name)) for channel, name in (*DECLARED, *VARIANTS)
)
"""Channel and name of every fault."""

Healthy = Callable[[int, float], SupervisedFlight]
"""Function of seed and duration, s, of the flight without a fault."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 12
    """Number of flights for each cell."""
    first_seed: int = 7000
    """First of the consecutive seeds."""
    channels: tuple[str, ...] = tuple(dict.fromkeys(channel for channel, _ in CELLS))
    """Streams with a fault; `a+b`: on both at once."""
    kinds: tuple[str, ...] = tuple(dict.fromkeys(name for _, name in CELLS))
    """Faults of these streams; those that a stream does not have are left out."""
    scenarios: tuple[str, ...] = ("hover", "step", "gusts-hover", "gusts-step", "noiseless-hover")
    """`hover` or `step` of the setpoint, `gusts-`: three times the gusts, `noiseless-`: a lidar
    without noise."""
    start_s: float = 30.0
    """Start of the fault, s."""
    lasts_s: float = 30.0
    """Duration of the fault, s."""
    model: str = "blimp-altitude"
    """Controller: name, run folder or file."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for channel in self.channels:
            if channel not in dict(CELLS):
                raise UnknownNameError("channel", channel, dict(CELLS))
        for kind in self.kinds:
            if kind not in (names := {name for _, name in CELLS}):
                raise UnknownNameError("fault", kind, names)
        for scenario in self.scenarios:
            settings_of(scenario, self)
        if not (self.start_s > 0.0 and self.lasts_s > 0.0):
            raise ParameterError(
                f"start_s {self.start_s:g}, lasts_s {self.lasts_s:g}; expected positive times"
            )
        if not any(any(_cells(self, scenario)) for scenario in self.scenarios):
            raise ParameterError(
                f"channels {self.channels}, kinds {self.kinds}, scenarios {self.scenarios}: no "
                f"fault remains; name faults of these channels, for outages {' or '.join(COASTING)}"
            )


def settings_of(scenario: str, config: Config) -> FlightSettings:
    """Return the conditions of a scenario.

    Raises:
        ParameterError: no such scenario.
    """
    prefix, _, course = scenario.rpartition("-")
    if course not in ("hover", "step") or prefix not in ("", "gusts", "noiseless"):
        raise ParameterError(f"scenario {scenario!r}; expected [gusts-|noiseless-]hover or -step")
    step_s = config.start_s + STEP_S if course == "step" else np.inf
    duration_s = config.start_s + config.lasts_s + AFTER_S + 5.0
    return FlightSettings(
        duration_s,
        changes=GUSTS["gusts" if prefix == "gusts" else "default"],
        reference_m=lambda time_s: HEIGHT_M + (STEP_M if time_s >= step_s else 0.0),
        senses=SenseParameters(lidar_noise_m=0.0) if prefix == "noiseless" else SenseParameters(),
        model=config.model,
    )


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Fly every cell of the matrix."""
    rows: list[dict[str, Any]] = []
    for scenario in config.scenarios:
        settings = settings_of(scenario, config)

        @functools.cache
        def healthy(
            seed: int, duration_s: float, settings: FlightSettings = settings
        ) -> SupervisedFlight:
            return fly(seed, (), replace(settings, duration_s=duration_s))

        for channel, name in _cells(config, scenario):
            row = _row(config, scenario, channel, name, healthy, settings)
            rows.append(row)
            progress(f"{scenario}, {name} of {channel}: loss {row['loss_mean_m']:.2f} m")
    summary = f"{config.seeds} paired flights a cell, faults of {config.lasts_s:g} s"
    of_lidar = [row for row in rows if row["channel"] == "lidar" and row["fault"] in [*FaultKind]]
    if of_lidar:
        mean_m, max_m = (max(row[key] for row in of_lidar) for key in ("loss_mean_m", "loss_max_m"))
        summary += (
            f"; the largest mean loss of a lidar fault is {mean_m:.2f} m, the largest loss "
            f"{max_m:.2f} m"
        )
    summary += "."
    return StudyResult(rows, summary, parts=_parts(config))


def _cells(config: Config, scenario: str) -> Iterator[tuple[str, str]]:
    for channel, name in itertools.product(config.channels, config.kinds):
        variant = VARIANTS.get((channel, name))
        outage = variant is not None and variant.coasting_s is not None
        if (channel, name) in CELLS and (scenario in COASTING or not outage):
            yield channel, name


def _row(
    config: Config,
    scenario: str,
    channel: str,
    name: str,
    healthy: Healthy,
    settings: FlightSettings,
) -> dict[str, Any]:
    variant = VARIANTS.get((channel, name))
    kind = FaultKind(name) if variant is None else variant.kind
    reaction = DECLARED[channel, kind] if variant is None else variant.reaction
    stop_s, judged_s = config.start_s + config.lasts_s, AFTER_S
    if variant is not None and variant.coasting_s is not None:
        stop_s, judged_s = config.start_s + variant.coasting_s, 0.0
        settings = replace(settings, duration_s=stop_s + AFTER_S + 5.0)
    losses_m, delays_s, returns_s = [], [], []
    for seed in range(config.first_seed, config.first_seed + config.seeds):
        faults = faults_of(channel, name, config.start_s, stop_s, seed)
        episode = fly(seed, faults, settings)
        reference = healthy(seed, settings.duration_s)
        losses_m.append(episode.loss_m(reference, config.start_s, stop_s + judged_s))
        delays_s.append(detected_s(episode, channel, kind, config.start_s, stop_s))
        returns_s.append(trusted_again_s(episode, channel, stop_s))
    losses, delays = np.array(losses_m), np.array(delays_s)
    reported = delays[np.isfinite(delays)]
    returned = np.array(returns_s)[np.isfinite(returns_s)]
    return {
        "scenario": scenario,
        "channel": channel,
        "fault": name,
        "loss_mean_m": float(losses.mean()),
        "loss_mean_m_ci95": half_width(losses),
        "loss_max_m": float(losses.max()),
        "detected_share": float(np.isfinite(delays).mean()),
        "detected_p50_s": _quantile(reported, 0.5),
        "detected_p95_s": _quantile(reported, 0.95),
        "trusted_again_s": _quantile(returned, 0.5),
        "declared": reaction.text,
    }


def _quantile(values: np.ndarray, share: float) -> float | None:
    return float(np.quantile(values, share)) if values.size else None


def _parts(config: Config) -> tuple[TablePart, ...]:
    columns = (
        "loss_mean_m", "loss_max_m", "detected_share", "detected_p50_s", "detected_p95_s",
        "trusted_again_s", "declared",
    )  # fmt: skip
    return tuple(
        TablePart(
            f"Faults of the {channel}", ("scenario", "fault"), columns, {"channel": (channel,)}
        )
        for channel in config.channels
    )
