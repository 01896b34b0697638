"""Loss of height and detection of every kind of fault of every stream of the blimp.

Each flight is paired with the same one without the fault: blimp, gusts, timing and noise are equal.
The loss is the largest difference of the true heights from the start of the fault until 10 s after
its end. `declared` is the reaction that the loop is tested for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.envs.blimp.sensing.errors import SenseParameters
from snn_control.errors import ParameterError
from snn_control.studies.study import Progress, StudyConfig, StudyResult, TablePart, silent
from snn_control.supervision.faults import FaultKind
from snn_control.training.blimp.supervised.fault_matrix import (
    DECLARED,
    detected_s,
    fault_of,
    trusted_again_s,
)
from snn_control.training.blimp.supervised.flight import (
    CHANNELS,
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


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 12
    """Number of flights for each cell."""
    first_seed: int = 7000
    """First of the consecutive seeds."""
    channels: tuple[str, ...] = tuple(channel.name for channel in CHANNELS)
    """Streams with a fault."""
    kinds: tuple[str, ...] = tuple(str(kind) for kind in FaultKind)
    """Kinds of faults."""
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
        known = {channel.name for channel in CHANNELS}
        if unknown := [name for name in self.channels if name not in known]:
            raise ParameterError(f"channels: {unknown}; expected some of {sorted(known)}")
        for scenario in self.scenarios:
            settings_of(scenario, self)
        if not (self.start_s > 0.0 and self.lasts_s > 0.0):
            raise ParameterError(
                f"start_s {self.start_s:g}, lasts_s {self.lasts_s:g}; expected positive times"
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
    seeds = range(config.first_seed, config.first_seed + config.seeds)
    rows: list[dict[str, Any]] = []
    for scenario in config.scenarios:
        settings = settings_of(scenario, config)
        healthy = {seed: fly(seed, (), settings) for seed in seeds}
        for channel, kind in _cells(config):
            row = _row(config, scenario, channel, kind, healthy, settings)
            rows.append(row)
            progress(f"{scenario}, {kind} of {channel}: loss {row['loss_mean_m']:.2f} m")
    summary = (
        f"{config.seeds} paired flights a cell, faults of {config.lasts_s:g} s; the largest mean "
        f"loss of a lidar fault is {_worst(rows, 'loss_mean_m'):.2f} m, the largest loss "
        f"{_worst(rows, 'loss_max_m'):.2f} m."
    )
    return StudyResult(rows, summary, parts=_parts(config))


def _cells(config: Config) -> Iterator[tuple[str, FaultKind]]:
    for channel in config.channels:
        for kind in config.kinds:
            yield channel, FaultKind(kind)


def _row(
    config: Config,
    scenario: str,
    channel: str,
    kind: FaultKind,
    healthy: Mapping[int, SupervisedFlight],
    settings: FlightSettings,
) -> dict[str, Any]:
    stop_s = config.start_s + config.lasts_s
    losses_m, delays_s, returns_s = [], [], []
    for seed, reference in healthy.items():
        fault = fault_of(channel, kind, config.start_s, stop_s, seed)
        episode = fly(seed, () if kind is FaultKind.OK else (fault,), settings)
        losses_m.append(episode.loss_m(reference, config.start_s, stop_s + AFTER_S))
        delays_s.append(detected_s(episode, channel, kind, config.start_s, stop_s))
        returns_s.append(trusted_again_s(episode, channel, stop_s))
    losses, delays = np.array(losses_m), np.array(delays_s)
    reported = delays[np.isfinite(delays)]
    returned = np.array(returns_s)[np.isfinite(returns_s)]
    return {
        "scenario": scenario,
        "channel": channel,
        "fault": str(kind),
        "loss_mean_m": float(losses.mean()),
        "loss_mean_m_ci95": half_width(losses),
        "loss_max_m": float(losses.max()),
        "detected_share": float(np.isfinite(delays).mean()),
        "detected_p50_s": _quantile(reported, 0.5),
        "detected_p95_s": _quantile(reported, 0.95),
        "trusted_again_s": _quantile(returned, 0.5),
        "declared": DECLARED[channel, kind].text,
    }


def _quantile(values: np.ndarray, share: float) -> float | None:
    return float(np.quantile(values, share)) if values.size else None


def _worst(rows: list[dict[str, Any]], key: str) -> float:
    return max((row[key] for row in rows if row["channel"] == "lidar"), default=float("nan"))


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
