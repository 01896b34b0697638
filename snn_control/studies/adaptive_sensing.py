"""Height of the blimp on a lidar that is read, or that sends, only when it is due.

Each trigger is compared with a fixed rate on the same seed at the mean rate that the trigger had in
that flight: same blimp, gusts, ticks and noise of the lidar. Figures are those from 30 s on, when
the blimp holds its height. A fixed rate and a limit of the variance save measurements;
send-on-delta measures at every tick and saves messages.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from snn_control.controllers import load
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.study import Progress, StudyConfig, StudyResult, silent
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.sensed_flights import (
    GUSTS,
    START_S,
    DeltaKind,
    Hold,
    OnDelta,
    Sampled,
    Sensing,
    hold_height,
)
from snn_control.supervision.send_on_delta import DeltaConfig
from snn_control.supervision.sensing_rate import FixedRate, ProcessNoiseConfig, VarianceLimit
from snn_control.training.statistics import half_width, paired_ratio

Make = Callable[[int], Sensing]
"""Function of a seed that makes a new sensing."""

FIXED = "fixed rate"
KINDS: dict[DeltaKind, str] = {
    "hold": "send-on-delta, hold",
    "predict": "send-on-delta, prediction",
    "estimate": "send-on-delta, estimate",
}
"""Names of the kinds of send-on-delta."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 12
    """Number of flights of each row; the settings were tuned on seeds from 100 on."""
    model: str = "blimp-altitude"
    """Name of the altitude controller; its input is the estimate."""
    duration_s: float = 510.0
    """Length of a flight, s; more than 30 s."""
    conditions: tuple[str, ...] = ("steady", "alternating")
    """Gusts: `steady` those of the preset; `alternating` 0.3 and 4 times these in turns of 60 s."""
    rates_hz: tuple[float, ...] = (10.0, 5.0, 2.0, 1.0, 0.5, 0.25)
    """Fixed rates, Hz; also with a process noise that follows the innovations."""
    limits_m: tuple[float, ...] = (0.014, 0.017, 0.0195, 0.024, 0.03)
    """Limits of the standard deviation of the estimate, m, for the limit of the variance."""
    deltas_m: tuple[float, ...] = (0.014, 0.019, 0.025, 0.03)
    """Limits of the difference from the prediction, m, for send-on-delta."""
    process_noise: ProcessNoiseConfig = ProcessNoiseConfig()
    """Process noise that follows the innovations."""
    loss: float = 0.2
    """Fraction of lost messages in the rows with losses; 0: no such rows."""
    key_period_s: float = 10.0
    """Time between key frames in those rows with key frames, s; otherwise only the first one is."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for condition in self.conditions:
            if condition not in GUSTS:
                raise UnknownNameError("condition", condition, GUSTS)
        if not START_S < self.duration_s < math.inf:
            raise ParameterError(f"duration_s is {self.duration_s:g}; expected above {START_S:g} s")
        if not (self.conditions and self.rates_hz and self.limits_m and self.deltas_m):
            raise ParameterError("name at least one of conditions, rates_hz, limits_m, deltas_m")
        if not 0.0 <= self.loss < 1.0:
            raise ParameterError(f"loss is {self.loss:g}; expected 0 to below 1")


def run(config: Config, *, folder: object = None, progress: Progress = silent) -> StudyResult:
    """Fly every trigger on every seed, and a fixed rate at its mean rate."""
    controller = load(config.model)
    rows: list[dict[str, Any]] = []
    for condition in config.conditions:

        def hold(make: Make, seed: int, condition: str = condition) -> Hold:
            return hold_height(controller, make(seed), seed, config.duration_s, condition)

        for trigger, setting, loss, make in _triggers(config):
            seeds = range(config.first_seed, config.first_seed + config.seeds)
            holds = [hold(make, seed) for seed in seeds]
            fixed = holds
            if trigger != FIXED:
                rates = [_fixed(held.rate_hz, loss=loss) for held in holds]
                fixed = [hold(same, seed) for same, seed in zip(rates, seeds, strict=True)]
            rows.append(
                {"conditions": condition, "trigger": trigger, "setting": setting}
                | _figures(holds, fixed)
            )
            progress(
                f"{condition}, {trigger}, {setting:g}: {rows[-1]['mean_rate_hz']:.2f} Hz, RMSE "
                f"{100 * rows[-1]['rmse_m']:.2f} cm, ratio {rows[-1]['rmse_ratio']:.3f}"
            )
    summary = (
        f"{config.seeds} flights of {config.duration_s:g} s for each row, paired. The ratio is "
        "that of the mean RMSE to that of the fixed rate at the mean rate of each flight. Setting: "
        "rate in Hz, or limit in m. Send-on-delta measures at every tick: its rate is that of the "
        "messages, and its fixed rate loses the same fraction of them."
    )
    figures = [
        error_bars(
            [row for row in rows if row["conditions"] == condition],
            "mean_rate_hz",
            "rmse_m",
            by="trigger",
            title=f"Hold with {condition} gusts",
            x_title="measurements or messages, Hz",
            y_title="RMSE of the height, m",
        )
        for condition in config.conditions
    ]
    return StudyResult(rows, summary, figures)


def _figures(holds: list[Hold], fixed: list[Hold]) -> dict[str, float]:
    rmse, other = (np.array([hold.rmse_m for hold in some]) for some in (holds, fixed))
    ratio, width = paired_ratio(rmse, other)
    return {
        "mean_rate_hz": float(np.mean([hold.rate_hz for hold in holds])),
        "rmse_m": float(rmse.mean()),
        "rmse_m_ci95": half_width(rmse),
        "fixed_rmse_m": float(other.mean()),
        "rmse_ratio": ratio,
        "rmse_ratio_ci95": width,
    }


def _fixed(rate_hz: float, noise: ProcessNoiseConfig | None = None, loss: float = 0.0) -> Make:
    def make(seed: int) -> Sensing:
        return Sampled(FixedRate(1.0 / rate_hz), noise, loss, seed)

    return make


def _limited(limit_m: float, noise: ProcessNoiseConfig | None) -> Make:
    def make(seed: int) -> Sensing:
        return Sampled(VarianceLimit(limit_m), noise)

    return make


def _on_delta(stream: DeltaConfig, kind: DeltaKind, loss: float) -> Make:
    def make(seed: int) -> Sensing:
        return OnDelta(stream, kind, loss, seed)

    return make


def _triggers(config: Config) -> Iterator[tuple[str, float, float, Make]]:
    """Yield each trigger with its setting, its losses and a function that makes its sensing."""
    adaptive, forever, loss = config.process_noise, math.inf, config.loss
    for rate in config.rates_hz:
        yield FIXED, rate, 0.0, _fixed(rate)
    for rate in config.rates_hz:
        yield f"{FIXED}, Q from the NIS", rate, 0.0, _fixed(rate, adaptive)
    for limit in config.limits_m:
        yield "P > tau^2, fixed Q", limit, 0.0, _limited(limit, None)
    for limit in config.limits_m:
        yield "P > tau^2, Q from the NIS", limit, 0.0, _limited(limit, adaptive)
    for kind, name in KINDS.items():
        for delta in config.deltas_m:
            yield name, delta, 0.0, _on_delta(DeltaConfig(delta, forever), kind, 0.0)
    if not loss:
        return
    lossy: tuple[tuple[DeltaKind, float, str], ...] = (
        ("predict", forever, "no key frames"),
        ("predict", config.key_period_s, "key frames"),
        ("estimate", forever, "each a key frame"),
    )
    for kind, period_s, ending in lossy:
        name = f"{KINDS[kind]}, {100 * loss:g} % lost, {ending}"
        for delta in config.deltas_m:
            yield name, delta, loss, _on_delta(DeltaConfig(delta, period_s), kind, loss)
