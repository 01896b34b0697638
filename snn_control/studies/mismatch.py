"""Imitation of P + D by a model with mismatch of its weights and thresholds.

Every weight and threshold of every network is multiplied by 1 + share N(0, 1), independently in
each draw; the networks then run open loop on sequences of height errors. Figures are means over the
sequences, and intervals are those of the mean over the draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers import load
from snn_control.engines.layout import lay_out
from snn_control.engines.native import NativePopulation
from snn_control.network import Network
from snn_control.network.mismatch import mismatched
from snn_control.studies.study import Progress, StudyConfig, StudyResult, silent
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.sequences import error_sequences
from snn_control.training.blimp.imitation import correlation, pd_network, pid_targets, published_fit
from snn_control.training.statistics import half_width

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 20
    """Number of draws for each of `shares`."""
    models: tuple[str, ...] = ("blimp-altitude", "blimp-altitude-delay")
    """Names, run folders or files of altitude controllers with a read-out `pd`."""
    shares: tuple[float, ...] = (0.0, 0.01, 0.02, 0.05, 0.1)
    """Standard deviations of the mismatch, relative to each value."""
    flights: tuple[Path, ...] = ()
    """Flight logs (CSV) or folders of them; default: synthetic flights."""


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Run models with drawn mismatch and compare them."""
    errors = list(error_sequences(config.flights).values())
    targets = [pid_targets(row) for row in errors]
    rows = []
    for model in config.models:
        controller = load(model)
        pd_network(controller, model)
        for share in config.shares:
            means = _figures(controller.networks, share, config, errors, targets)
            row: dict[str, Any] = {"model": Path(model).stem, "mismatch": share}
            for name, values in means.items():
                row |= {name: float(values.mean()), f"{name}_ci95": half_width(values)}
            rows.append(row)
            progress(f"{model}, mismatch {share:g}: fit {row['pd_fit']:.3f}")
    kind = "logged flights" if config.flights else "synthetic flights"
    summary = (
        f"Open loop on {len(errors)} {kind}, {config.seeds} draws. The fit is the published "
        "fitness: mean absolute difference of 4-tick averages plus 1 - r, 0 is perfect; the "
        "correlation is that of the raw output; MAE of I is against the integral from 0."
    )
    figure = error_bars(
        rows,
        "mismatch",
        "pd_fit",
        by="model",
        title="Fit over mismatch",
        x_title="standard deviation of the mismatch",
        y_title="published fit, 0 is perfect",
    )
    return StudyResult(rows, summary, [figure])


def _figures(
    networks: tuple[Network, ...],
    share: float,
    config: Config,
    errors: list[FloatArray],
    targets: list[dict[str, Any]],
) -> dict[str, FloatArray]:
    """Return `pd_fit`, `pd_r` and, with an I network, `i_mae`, each of shape (n_draws,)."""
    seeds = range(config.first_seed, config.first_seed + config.seeds)
    sums: dict[str, FloatArray] = {}
    for index, network in enumerate(networks):
        drawn = [mismatched(network, np.random.default_rng([s, index]), share) for s in seeds]
        layout = lay_out(drawn[0])
        population = NativePopulation(layout, *layout.rows(drawn))
        names = [readout.name for readout in network.readouts]
        for row, target in zip(errors, targets, strict=True):
            outputs = population.run(row[:, None]).readouts
            for name in {"pd", "i"} & set(names):
                output = outputs[:, :, names.index(name)]
                for key, values in _judge(name, output, target[name]).items():
                    sums[key] = sums.get(key, 0.0) + values / len(errors)
    return {name: sums[name] for name in ("pd_fit", "pd_r", "i_mae") if name in sums}


def _judge(name: str, output: npt.NDArray[Any], target: FloatArray) -> dict[str, Any]:
    if name == "pd":
        return {"pd_fit": published_fit(output, target), "pd_r": correlation(output, target)}
    return {"i_mae": np.abs(output - target).mean(axis=-1)}
