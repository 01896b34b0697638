"""Delay and false alarms of the monitors of the blimp's streams, at equal rates of false alarms.

Thresholds are order statistics of block maxima of nominal flights, by turns with default and three
times the gusts; false alarms are counted in further nominal flights. `always` fires at every score
and shows the delay of a monitor with only false alarms. Rows of the gates count losses of trust in
flights without a fault; those of the pole its lead before a loop with growing delay fails.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.runs import atomic
from snn_control.runs.checksums import to_json
from snn_control.studies.study import Progress, StudyConfig, StudyResult, TablePart, silent
from snn_control.studies.support.spike_monitors import SpikeMonitors, rates
from snn_control.supervision.faults import FaultKind
from snn_control.supervision.monitors.calibration import (
    BLOCK_S,
    Thresholds,
    block_maxima,
    threshold,
)
from snn_control.supervision.monitors.limits import Limits
from snn_control.supervision.monitors.monitor import Monitor, Sample
from snn_control.supervision.monitors.registry import MONITORS
from snn_control.training.blimp.supervised.early_warning import warning_rows
from snn_control.training.blimp.supervised.fault_matrix import fault_of
from snn_control.training.blimp.supervised.flight import (
    FlightRecorder,
    FlightSettings,
    fly,
)

FloatArray = npt.NDArray[np.float64]
Series = tuple[FloatArray, FloatArray]
"""Times, s, and scores."""

EPISODE_S, SETTLED_S = 300.0, 5.0
"""Duration of a nominal flight, and its start that does not count, s."""
START_S, LASTS_S, STEP_S = 30.0, 25.0, 3.0
"""Start and duration of a fault, and time of the step of the setpoint after its start, s."""
GUSTS: Sequence[Mapping[str, float]] = ({}, {"gust_sd_m_s2": 0.024})
LIMITS = {"lidar": (0.0, 12.0), "barometer": (-1e3, 2e4), "accelerometer": (-50.0, 50.0)}
LIMITS["battery"] = (2.5, 4.5)
OF_BATTERY = ("age", "interval", "limits", "identity", "jump")
SILENT_S = 0.1
"""Time between two scores of silence, s."""
ALWAYS = "always"
THRESHOLDS_FILE = "thresholds.json"
FAULTS: tuple[tuple[str, FaultKind], ...] = (
    *itertools.product(
        ("lidar", "barometer", "accelerometer"),
        (
            FaultKind.OFF, FaultKind.STUCK, FaultKind.GARBAGE, FaultKind.WRONG, FaultKind.SLOW,
            FaultKind.DELAYED, FaultKind.INTERMITTENT,
        ),
    ),
    ("battery", FaultKind.WRONG), ("battery", FaultKind.GARBAGE), ("battery", FaultKind.OFF),
    *itertools.product(
        ("motor",),
        (FaultKind.OFF, FaultKind.STUCK, FaultKind.GARBAGE, FaultKind.WRONG, FaultKind.SLOW,
         FaultKind.DELAYED),
    ),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 12
    """Number of flights with each fault."""
    first_seed: int = 7000
    """First of the consecutive seeds of flights with faults."""
    hours: float = 6.0
    """Nominal operation for the thresholds, h."""
    verified_hours: float = 6.0
    """Further nominal operation for the false alarms, h."""
    null_hours: float = 2.0
    """Operation without faults in which losses of trust are counted, for each condition, h."""
    false_alarms_per_h: float = 0.125
    """Rate of false alarms of each monitor that the thresholds allow, 1/h."""
    warnings: int = 12
    """Number of flights with a growing delay of the motors, for each ramp; 0: none."""
    model: str = "blimp-altitude"
    """Controller: name, run folder or file."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("hours", "verified_hours"):
            if not getattr(self, name) * 3600.0 >= 2.0 * EPISODE_S:
                raise ParameterError(f"{name} is {getattr(self, name):g}; expected at least 0.17 h")
        if not (self.null_hours >= 0.0 and self.false_alarms_per_h > 0.0 and self.warnings >= 0):
            raise ParameterError(
                f"null_hours {self.null_hours:g}, false_alarms_per_h {self.false_alarms_per_h:g}, "
                f"warnings {self.warnings}: expected at least 0, a positive rate, at least 0"
            )


class Always(Monitor):
    """Monitor that fires at every message."""

    name = ALWAYS

    def reset(self) -> None:
        """Do nothing."""

    def _sample(self, sample: Sample) -> float:
        return math.inf


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Calibrate all monitors, and fly with each fault."""
    nominal = _nominal(config, 20_000, config.hours)
    spikes = SpikeMonitors(np.concatenate([_features(recorder)[1] for recorder in nominal]))
    scored = [_scores(recorder, spikes) for recorder in nominal]
    hours = len(nominal) * EPISODE_S / 3600.0
    thresholds = {
        name: threshold(_maxima(scored, name), config.false_alarms_per_h) for name in scored[0]
    }
    progress(f"{len(thresholds)} monitors calibrated on {hours:.1f} h")
    further = _nominal(config, 40_000, config.verified_hours)
    verified = [_scores(recorder, spikes) for recorder in further]
    alarms = {name: _alarms_per_h(verified, name, thresholds[name]) for name in thresholds}
    rows: list[dict[str, Any]] = []
    for channel, kind in FAULTS:
        made = list(_rows(config, channel, kind, spikes, thresholds, alarms))
        rows += made
        best = min(made, key=lambda row: row["delay_p50_s"] or math.inf)
        progress(f"{kind} of {channel}: {best['monitor']}")
    rows += _gate_rows(config, progress)
    if config.warnings:
        rows += warning_rows(config.warnings, config.model, progress)
    columns = dict.fromkeys(key for row in rows for key in row)
    rows = [{key: row.get(key) for key in columns} for row in rows]
    if folder is not None:
        _write(folder, thresholds, config, hours)
    summary = (
        f"{len(thresholds)} monitors, thresholds for {config.false_alarms_per_h:g} false alarms an "
        f"hour from {hours:.1f} h; {config.seeds} flights with each fault, with a step of the "
        f"setpoint {STEP_S:g} s after its start."
    )
    return StudyResult(rows, summary, parts=_parts())


def _nominal(config: Config, first_seed: int, hours: float) -> list[FlightRecorder]:
    """Return the records of nominal flights with random setpoints."""
    recorders = []
    for k in range(round(hours * 3600.0 / EPISODE_S)):
        changes = {**GUSTS[k % 2], "random_reference": True}
        recorder = FlightRecorder()
        fly(
            first_seed + k,
            (),
            FlightSettings(EPISODE_S, changes=changes, model=config.model),
            recorder,
        )
        recorders.append(recorder)
    return recorders


def _features(recorder: FlightRecorder) -> Series:
    return rates(recorder.spike_times_s, recorder.spikes)


def _scores(recorder: FlightRecorder, spikes: SpikeMonitors) -> dict[str, Series]:
    """Return the series of each monitor, named `stream.monitor`."""
    series: dict[str, Series] = {}
    for stream, samples in sorted(recorder.samples.items()):
        names = OF_BATTERY if stream == "battery" else tuple(MONITORS)
        for name in names:
            made = Limits(*LIMITS[stream]) if name == "limits" else MONITORS[name]()
            series[f"{stream}.{name}"] = _series(made, samples)
    series[ALWAYS] = _series(Always(), recorder.samples["lidar"])
    times_s, features = _features(recorder)
    for name, scores in spikes.scores(features).items():
        series[f"network.{name}"] = times_s, scores
    return series


def _series(monitor: Monitor, samples: Sequence[Sample]) -> Series:
    """Return the scores of a monitor, also in the silence between messages."""
    times_s, scores, last_s = [], [], -math.inf
    for sample in samples:
        if sample.now_s - last_s < 60.0:
            for now_s in np.arange(last_s + SILENT_S, sample.now_s, SILENT_S).tolist():
                times_s.append(now_s)
                scores.append(monitor.silent(now_s))
        times_s.append(sample.now_s)
        scores.append(monitor.sample(sample))
        last_s = sample.now_s
    return np.array(times_s), np.array(scores)


def _settled(series: Series) -> Series:
    times_s, scores = series
    kept = times_s >= SETTLED_S
    return times_s[kept], scores[kept]


def _maxima(scored: Sequence[Mapping[str, Series]], name: str) -> FloatArray:
    """Return the block maxima of a monitor in all flights."""
    return np.concatenate([block_maxima(*_settled(series[name])) for series in scored])


def _alarms_per_h(scored: Sequence[Mapping[str, Series]], name: str, limit: float) -> float:
    """Return the rate of blocks with an alarm, 1/h."""
    maxima = _maxima(scored, name)
    fired = np.ones_like(maxima, bool) if name == ALWAYS else maxima > limit
    return float(fired.mean()) * 3600.0 / BLOCK_S


def _rows(
    config: Config,
    channel: str,
    kind: FaultKind,
    spikes: SpikeMonitors,
    thresholds: Mapping[str, float],
    alarms: Mapping[str, float],
) -> Iterator[dict[str, Any]]:
    """Return the rows of the monitors that notice a fault, or belong to its stream."""
    delays_s: dict[str, list[float]] = {name: [] for name in thresholds}
    stop_s = START_S + LASTS_S
    for k in range(config.seeds):
        seed, recorder = config.first_seed + k, FlightRecorder()
        settings = FlightSettings(
            stop_s + 1.0,
            changes=GUSTS[k % 2],
            reference_m=lambda time_s: 1.4 if time_s < START_S + STEP_S else 0.9,
            model=config.model,
        )
        fly(seed, (fault_of(channel, kind, START_S, stop_s, seed),), settings, recorder)
        for name, (times_s, scores) in _scores(recorder, spikes).items():
            limit = -math.inf if name == ALWAYS else thresholds[name]
            fired = times_s[(times_s >= START_S) & (times_s < stop_s) & (scores > limit)]
            delays_s[name].append(float(fired[0] - START_S) if fired.size else math.inf)
    for name, delays in delays_s.items():
        values = np.array(delays)
        share = float(np.isfinite(values).mean())
        stream = name.partition(".")[0]
        if share < 0.5 and stream not in (channel, "network"):
            continue
        reported = values[np.isfinite(values)]
        yield {
            "monitor": name,
            "fault": f"{channel} {kind}",
            "detected_share": share,
            "delay_p50_s": float(np.quantile(reported, 0.5)) if reported.size else None,
            "delay_p95_s": float(np.quantile(reported, 0.95)) if reported.size else None,
            "false_alarms_per_h": alarms[name],
            "threshold": thresholds[name] if math.isfinite(thresholds[name]) else None,
        }


def _gate_rows(config: Config, progress: Progress) -> list[dict[str, Any]]:
    """Return the losses of trust, landings and trims an hour in flights without a fault."""
    rows = []
    conditions = {"default": FlightSettings(), "gusts": FlightSettings(changes=GUSTS[1])}
    conditions["stress"] = FlightSettings(preset="stress")
    n = round(config.null_hours * 3600.0 / EPISODE_S)
    for condition, settings in conditions.items():
        counts: dict[str, int] = {}
        for k in range(n):
            changes = {**(settings.changes or {}), "random_reference": True}
            episode = fly(60_000 + k, (), replace(settings, duration_s=EPISODE_S, changes=changes))
            estimator = episode.loop.adapter.estimator
            assert estimator is not None
            events = {f"gate.{name}": gate.closings for name, gate in estimator.gates.items()}
            events["motors"] = estimator.actuator_faults
            simplex = episode.loop.reserve.simplex
            events["retreat"] = 0 if simplex is None else simplex.switches
            for mode in ("hold", "trim", "land"):
                entered = [m for at_s, m, _ in episode.modes if at_s > SETTLED_S and m == mode]
                events[f"mode.{mode}"] = len(entered)
            for name, count in events.items():
                counts[name] = counts.get(name, 0) + count
        hours = n * EPISODE_S / 3600.0
        rows += [
            {"monitor": name, "fault": f"none, {condition}", "false_alarms_per_h": count / hours}
            for name, count in counts.items()
        ]
        if n:
            lost = sum(count for name, count in counts.items() if name.startswith("gate"))
            progress(f"{condition}: {lost / hours:.2f} losses of trust an hour in {hours:g} h")
    return rows


def _write(folder: Path, thresholds: Mapping[str, float], config: Config, hours: float) -> None:
    """Write the calibration file; thresholds that are not finite are left out."""
    values: dict[str, dict[str, float]] = {}
    for name, limit in thresholds.items():
        stream, _, monitor = name.partition(".")
        if monitor and stream != "network" and math.isfinite(limit):
            values.setdefault(stream, {})[monitor] = limit
    made = Thresholds(
        config.false_alarms_per_h, hours, f"snn-control study monitors, {config.model}", values
    )
    atomic.write_bytes(folder / THRESHOLDS_FILE, to_json(made.to_document(), indent=1))


def _parts() -> tuple[TablePart, ...]:
    labels, columns = ("fault", "monitor"), (
        "detected_share", "delay_p50_s", "delay_p95_s", "false_alarms_per_h",
    )  # fmt: skip
    faults = tuple(f"{channel} {kind}" for channel, kind in FAULTS)
    nothing = tuple(f"none, {condition}" for condition in ("default", "gusts", "stress"))
    return (
        TablePart("Faults", labels, columns, {"fault": faults}),
        TablePart("Without faults", labels, ("false_alarms_per_h",), {"fault": nothing}),
        TablePart(
            "Early warning of a growing delay of the motors",
            labels,
            ("auc", "worst_error_m", "worst_error_without_m", "worst_error_ratio"),
            {"monitor": ("pole", "variance", "retreat")},
        ),
    )
