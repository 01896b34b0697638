"""Input files of the report page; `snn_control.report` describes the formats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.errors import RunError
from snn_control.export.cores.table import rows
from snn_control.report.place_file import PLACE_FILE, check_place
from snn_control.report.study_file import read_study
from snn_control.runs import Run
from snn_control.runs.checksums import read_arrays, read_json
from snn_control.runs.run import read_metrics

Trace = dict[str, np.ndarray]
SWIM_KEYS = ("time_s", "joint_rad", "effort")
"""Arrays in the trace of a swimmer."""
SIGNAL_KEYS = ("observations", "observation_names", "actions", "action_names")
"""Arrays in the trace of an environment without a section for its system."""
SUPERVISION_KEYS = ("time_s", "mode", "mode_names", "estimate_m", "estimate_sd_m", "measured_m")
"""Arrays in the trace of a vehicle with an estimate."""
ADAPTATION_KEYS = (
    "time_s", "learned_gain_m_s2", "learned_bias_m_s2", "hypothesis_changes", "learning",
)  # fmt: skip
"""Arrays in the trace of a controller on a forward model that learns."""
LATENCY_KEYS = ("latency_s", "step_s", "age_s")
"""Arrays in the trace of a controller that ran as a node."""
_REQUIRED = ("controller", "preset", "seeds", "episodes", "mean", "ci95")


@dataclass(frozen=True)
class Evaluation:
    """Metrics of one controller over seeded episodes."""

    controller: str
    role: str
    environment: str
    preset: str
    seeds: tuple[int, ...]
    episodes: list[dict[str, float]]
    mean: dict[str, float]
    ci95: dict[str, float]

    def values(self, metric: str) -> np.ndarray:
        """Return a metric of each episode; NaN if it is missing."""
        values = [episode.get(metric) for episode in self.episodes]
        return np.array([np.nan if value is None else value for value in values], float)


@dataclass(frozen=True)
class ReportInputs:
    """Input data of the sections."""

    folder: Path
    manifest: dict[str, Any]
    config: dict[str, Any]
    curves: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Learning records by seed."""
    evaluations: list[Evaluation] = field(default_factory=list)
    traces: dict[str, Trace] = field(default_factory=dict)
    transfer: Trace = field(default_factory=dict)
    videos: dict[str, Path] = field(default_factory=dict)
    study: dict[str, Any] | None = None
    """Content of study.json if the run is a study."""
    place: Trace = field(default_factory=dict)
    """Content of eval/place.npz."""
    cores: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Results of replays on cores, by folder in `exports/`."""

    def role(self, controller: str) -> str:
        """Return the role of a controller: `subject`, `baseline` or `twin`."""
        for evaluation in self.evaluations:
            if evaluation.controller == controller:
                return evaluation.role
        return default_role(controller)

    def ordered(self, controllers: list[str]) -> list[str]:
        """Sort controllers: subjects first, then baselines, then twins."""
        rank = {"subject": 0, "baseline": 1, "twin": 2}
        return sorted(controllers, key=lambda name: (rank[self.role(name)], name))

    @property
    def only_data(self) -> bool:
        """True for a study, a run on a bus and one in an environment without a system of its name.

        Their pages omit sections without data.
        """
        kinds = (LATENCY_KEYS, SIGNAL_KEYS)
        return self.study is not None or any(self.has_trace(keys) for keys in kinds)

    def has_trace(self, keys: Sequence[str]) -> bool:
        """Return True if the trace of a controller contains all `keys`."""
        return any(all(key in trace for key in keys) for trace in self.traces.values())

    def of_one_episode(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the controllers with `keys` in their traces: same episode as the first, others."""
        whole = [n for n in self.ordered([*self.traces]) if all(k in self.traces[n] for k in keys)]
        shown = [n for n in whole if _episode(self.traces[n]) == _episode(self.traces[whole[0]])]
        return shown, [name for name in whole if name not in shown]


def _episode(trace: Trace) -> tuple[str, str]:
    """Return seed and preset as text; empty if the trace has none."""
    return str(trace.get("seed", "")), str(trace.get("preset", ""))


def read(folder: Path) -> ReportInputs:
    """Read a run folder.

    Raises:
        RunError: not a run folder, or a malformed file; the message names the file.
    """
    run = Run.open(folder)
    transfer = folder / "eval" / "transfer.npz"
    return ReportInputs(
        folder=folder,
        manifest=run.manifest,
        config=run.config,
        curves=_curves(folder, run.manifest["seed"]),
        evaluations=sorted(
            (_evaluation(path) for path in sorted(folder.glob("eval/*.json"))),
            key=lambda evaluation: evaluation.controller,
        ),
        traces={path.stem: _arrays(path) for path in sorted(folder.glob("traces/*.npz"))},
        transfer=_arrays(transfer) if transfer.exists() else {},
        videos={path.stem: path for path in sorted(folder.glob("videos/*.mp4"))},
        study=read_study(folder),
        place=_place(folder / PLACE_FILE),
        cores={
            path.parent.name: results
            for path in sorted(folder.glob("exports/*/manifest.json"))
            if (results := _cores(path))
        },
    )


BASELINES = ("pid", "untrained")
"""Names of the controllers used as baselines."""


def default_role(controller: str) -> str:
    """Return the role of a controller whose evaluation has none."""
    if controller in BASELINES:
        return "baseline"
    return "twin" if controller.endswith("twin") else "subject"


def _curves(folder: Path, seed: int) -> dict[str, list[dict[str, Any]]]:
    folders, others = {str(seed): folder}, folder.glob("seeds/*/metrics.jsonl")
    folders |= {path.parent.name: path.parent for path in sorted(others)}
    curves = {name: read_metrics(path) for name, path in folders.items()}
    return {name: records for name, records in curves.items() if records}


def _evaluation(path: Path) -> Evaluation:
    try:
        document = read_json(path)
    except RunError as exc:
        raise RunError(f"{exc}; run the evaluation again") from exc
    missing = [key for key in _REQUIRED if key not in document]
    if missing:
        raise RunError(f"{path} lacks {', '.join(missing)}; run the evaluation again")
    return Evaluation(
        controller=document["controller"],
        role=document.get("role") or default_role(document["controller"]),
        environment=document.get("environment", ""),
        preset=document["preset"],
        seeds=tuple(document["seeds"]),
        episodes=document["episodes"],
        mean=document["mean"],
        ci95=document["ci95"],
    )


def _cores(path: Path) -> list[dict[str, Any]]:
    """Return the results in the manifest of an export; empty if it was not replayed on cores."""
    try:
        results = read_json(path).get("cores", [])
        rows(results)
    except (RunError, KeyError, TypeError, ValueError) as exc:
        raise RunError(f"{path}: malformed results on cores ({exc}); export it again") from exc
    return list(results)


def _place(path: Path) -> Trace:
    arrays = _arrays(path) if path.exists() else {}
    check_place(path, arrays)
    return arrays


def _arrays(path: Path) -> Trace:
    try:
        return read_arrays(path)
    except RunError as exc:
        raise RunError(f"{exc}; run the evaluation again") from exc
