"""Imitation or control by a model with mismatch of its weights and thresholds.

Every weight and threshold of every network is multiplied by 1 + share N(0, 1), independently in
each draw. Altitude models run open loop on sequences of height errors; figures are means over the
sequences. Other models, or all with `loop: closed`, run in the environment that their file names,
or in that of their system, in episodes that no optimisation used; figures are means over the
episodes. Intervals are those of the mean over the draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.studies.study import Progress, StudyResult, silent
from snn_control.studies.support.held_out import HeldOutConfig
from snn_control.studies.support.mismatch_loops import (
    ClosedLoop,
    Loop,
    LoopKind,
    OpenLoop,
    is_open,
)
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.sequences import error_sequences
from snn_control.training.model_name import load_named
from snn_control.training.statistics import half_width

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Config(HeldOutConfig):
    """Settings of the study."""

    seeds: int = 20
    """Number of draws for each of `shares`."""
    models: tuple[str, ...] = ("blimp-altitude", "blimp-altitude-delay")
    """Names, run folders or files of models made of networks."""
    shares: tuple[float, ...] = (0.0, 0.01, 0.02, 0.05, 0.1)
    """Standard deviations of the mismatch, relative to each value."""
    loop: LoopKind = "auto"
    """`open`: imitation of P + D by the read-out `pd`; `closed`: episodes in the environment of
    each model; `auto`: open for altitude models with that read-out, closed for others."""
    flights: tuple[Path, ...] = ()
    """Flight logs (CSV) or folders of them for the open loop; default: synthetic flights."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.models or not self.shares:
            raise ParameterError("name at least one of models and one of shares")
        if len({*self.models}) < len(self.models):
            raise ParameterError(f"models: {list(self.models)}; name each once")


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Run models with drawn mismatch and compare them."""
    loops = _loops(config)
    seeds = range(config.first_seed, config.first_seed + config.seeds)
    rows: list[dict[str, Any]] = []
    for name, loop in loops.items():
        for share in config.shares:
            row: dict[str, Any] = {"model": name, "mismatch": share}
            for key, values in loop.figures(share, seeds).items():
                row |= {key: float(values.mean()), f"{key}_ci95": half_width(values)}
            rows.append(row)
            progress(f"{name}, mismatch {share:g}: {loop.metric} {row[loop.metric]:.3f}")
    columns = dict.fromkeys(key for row in rows for key in row)
    rows = [{key: row.get(key) for key in columns} for row in rows]
    return StudyResult(rows, _summary(config, loops), _figures(rows, loops))


def _loops(config: Config) -> dict[str, Loop]:
    """Load all models; the names are short unless two of them are equal."""
    short = [Path(source).stem for source in config.models]
    names = short if len({*short}) == len(short) else config.models
    loops: dict[str, Loop] = {}
    errors: list[FloatArray] = []
    for name, source in zip(names, config.models, strict=True):
        controller = load_named(source)
        if is_open(controller, source, config.loop):
            errors = errors or list(error_sequences(config.flights).values())
            loops[name] = OpenLoop(controller, errors)
        else:
            loops[name] = ClosedLoop(controller, source, config.episode_seeds)
    return loops


def _summary(config: Config, loops: Mapping[str, Loop]) -> str:
    texts = []
    opened = [loop for loop in loops.values() if isinstance(loop, OpenLoop)]
    if opened:
        kind = "logged flights" if config.flights else "synthetic flights"
        texts.append(
            f"Open loop on {opened[0].n_sequences} {kind}, {config.seeds} draws. The fit is the "
            "published fitness: mean absolute difference of 4-tick averages plus 1 - r, 0 is "
            "perfect; the correlation is that of the raw output; MAE of I is against the integral "
            "from 0."
        )
    inside = {n: loop.environment for n, loop in loops.items() if isinstance(loop, ClosedLoop)}
    if inside:
        places = ", ".join(f"{name} in {environment}" for name, environment in inside.items())
        texts.append(
            f"Closed loop of {places}, {config.seeds} draws, for each the same "
            f"{config.episodes_text}."
        )
    return " ".join(texts)


def _figures(rows: list[dict[str, Any]], loops: Mapping[str, Loop]) -> list[dict[str, Any]]:
    """Return one figure for each metric that summarises some of the models."""
    figures = []
    for metric in dict.fromkeys(loop.metric for loop in loops.values()):
        open_loop = metric == OpenLoop.metric
        label = metric.replace("_", " ")
        bars = error_bars(
            [row for row in rows if loops[row["model"]].metric == metric],
            "mismatch",
            metric,
            by="model",
            title="Fit over mismatch" if open_loop else f"{label.capitalize()} over mismatch",
            x_title="standard deviation of the mismatch",
            y_title="published fit, 0 is perfect" if open_loop else label,
        )
        figures.append(bars)
    return figures
