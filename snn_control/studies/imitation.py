"""Imitation of P + D on held-out errors by networks evolved or trained on several seeds.

Every configuration is optimised once for each seed, in `seeds/NAME-SEED` of the study's run. The
best network of each then runs open loop on sequences of height errors that no optimisation used.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers import load
from snn_control.engines.native import NativeEngine
from snn_control.errors import ParameterError
from snn_control.runs import Run
from snn_control.studies.study import Progress, StudyConfig, StudyResult, silent
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.sequences import error_sequences
from snn_control.training.blimp.imitation import correlation, pid_targets, published_fit
from snn_control.training.method import MethodConfig
from snn_control.training.optimisation import (
    method_of,
    optimise,
    read_optimisation,
)
from snn_control.training.statistics import half_width

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    configs: tuple[str, ...] = (
        "blimp-free",
        "blimp-demo",
        "blimp-published-lif",
        "blimp-published-iwta",
    )
    """Configurations of `evolve` or `train`, by name or file."""
    budget: str = ""
    """Budget of each optimisation, as for `evolve`; default: that of the configuration."""
    flights: tuple[Path, ...] = ()
    """Flight logs (CSV) or folders of them for the comparison; default: synthetic flights."""
    training_flights: tuple[Path, ...] = ()
    """Flight logs that every configuration imitates as well."""
    synthetic: bool = True
    """Add synthetic training data to `training_flights`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.synthetic and not self.training_flights:
            raise ParameterError("synthetic is False; name training_flights")


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Optimise every configuration on every seed, and compare the results."""
    if folder is None:
        raise ParameterError("the study writes runs: call it with folder=..., or by run_study")
    sequences = error_sequences(config.flights)
    training_flights = tuple(str(path) for path in config.training_flights)
    rows: list[dict[str, Any]] = []
    for source in config.configs:
        name = Path(source).stem
        fits = np.zeros((config.seeds, len(sequences)))
        rs, took_s = np.zeros_like(fits), np.zeros(config.seeds)
        for k in range(config.seeds):
            seed = config.first_seed + k
            started = time.monotonic()
            optimisation = read_optimisation(source).with_recordings(
                training_flights, alone=not config.synthetic
            )
            model = make(
                optimisation, source, seed, config.budget, folder / "seeds" / f"{name}-{seed}"
            )
            took_s[k] = time.monotonic() - started
            fits[k], rs[k] = imitation_on(model, list(sequences.values()))
            progress(f"{name}, seed {seed}: fit {fits[k].mean():.3f}, r {rs[k].mean():.3f}")
        for column, sequence in enumerate([*sequences, "all"]):
            fit = fits.mean(axis=1) if sequence == "all" else fits[:, column]
            r = rs.mean(axis=1) if sequence == "all" else rs[:, column]
            rows.append(
                {
                    "config": name,
                    "errors": sequence,
                    "pd_fit": float(fit.mean()),
                    "pd_fit_ci95": half_width(fit),
                    "worst_fit": float(fit.max()),
                    "pd_r": float(r.mean()),
                    "pd_r_ci95": half_width(r),
                    "optimisation_s": float(took_s.mean()),
                }
            )
    kind = "logged flights" if config.flights else "synthetic flights"
    summary = (
        f"Open loop on {len(sequences)} {kind}, {config.seeds} seeds per configuration. The fit "
        "is the published fitness, mean absolute difference of 4-tick averages plus 1 - r, 0 is "
        "perfect; the correlation is that of the raw output; the worst fit is that of all seeds."
    )
    figure = error_bars(
        [row for row in rows if row["errors"] != "all"],
        "errors",
        "pd_fit",
        by="config",
        title="Imitation of P + D",
        x_title="sequence of errors",
        y_title="published fit, 0 is perfect",
    )
    return StudyResult(rows, summary, [figure])


def make(config: MethodConfig, name: str, seed: int, budget: str, folder: Path) -> Path:
    """Optimise a configuration on one seed in `folder`; return the document of the best model."""
    command = f"snn-control {method_of(config).verb} {name} --seed {seed}"
    opened = Run.create(folder, command=command, config=config, seed=seed, budget=budget)
    status = "crashed"
    try:
        model = optimise(config, opened, seed=seed, budget=budget)
        status = "finished"
    except KeyboardInterrupt:
        status = "stopped"
        raise
    finally:
        if opened.manifest["status"] == "running":
            opened.finish(status)
    return model


def imitation_on(
    model: str | Path, errors: list[FloatArray]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return published fit and raw correlation of a model's `pd`, each of shape (n_sequences,)."""
    controller = load(model)
    networks = [n for n in controller.networks if "pd" in {r.name for r in n.readouts}]
    if not networks:
        raise ParameterError(
            f"{model} has no network with a read-out `pd`; name an altitude controller"
        )
    engine, results = NativeEngine(networks[0]), []
    for row in errors:
        engine.reset()
        output, target = engine.run(row[:, None]).readouts[:, 0], pid_targets(row)["pd"]
        results.append((published_fit(output, target), correlation(output, target)))
    fits, rs = np.array(results).T
    return fits, rs
