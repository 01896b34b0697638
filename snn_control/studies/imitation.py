"""How well networks that are evolved or trained on several seeds imitate P + D on unseen errors.

Every configuration runs once a seed, into `seeds/NAME-SEED` of the study's run. The best network
of each then runs open loop on sequences of height errors that no optimisation has seen.
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
from snn_control.studies.study import Say, StudyConfig, StudyResult, silent
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.sequences import error_sequences
from snn_control.training.blimp.imitation import correlation, pid_targets, published_fit
from snn_control.training.method import MethodConfig
from snn_control.training.optimisation import (
    METHODS,
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
    """Configurations of `evolve` or `train`."""
    budget: str = ""
    """Of each optimisation, as of `evolve`; default: the configuration's own."""
    flights: tuple[Path, ...] = ()
    """Own flight logs (CSV) or folders of them; default: synthetic flights."""
    training_flights: tuple[Path, ...] = ()
    """Further logs for every configuration to train on."""
    synthetic: bool = True
    """Whether it trains on its synthetic data as well."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.synthetic and not self.training_flights:
            raise ParameterError("without synthetic data name training_flights")


def run(config: Config, *, folder: Path | None = None, say: Say = silent) -> StudyResult:
    """Optimise, run, compare."""
    if folder is None:
        raise ParameterError("this study keeps its runs: call it with folder=..., or by run_study")
    sequences = error_sequences(config.flights)
    flights = tuple(str(path) for path in config.training_flights)
    rows: list[dict[str, Any]] = []
    for given in config.configs:
        name = Path(given).stem
        fits = np.zeros((config.seeds, len(sequences)))
        rs, took_s = np.zeros_like(fits), np.zeros(config.seeds)
        for k in range(config.seeds):
            seed = config.first_seed + k
            started = time.monotonic()
            made = read_optimisation(given).with_flights(flights, alone=not config.synthetic)
            model = make(made, given, seed, config.budget, folder / "seeds" / f"{name}-{seed}")
            took_s[k] = time.monotonic() - started
            fits[k], rs[k] = imitation_on(model, list(sequences.values()))
            say(f"{name}, seed {seed}: fit {fits[k].mean():.3f}, r {rs[k].mean():.3f}")
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
    of_what = "logged flights" if config.flights else "synthetic flights"
    summary = (
        f"Open loop on {len(sequences)} {of_what}, {config.seeds} seeds a configuration. The fit "
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
    """Run one configuration on one seed into `folder`; return the document of its best model."""
    command = f"snn-control {METHODS[config.method].verb} {name} --seed {seed}"
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
    """Published fit and raw correlation of a model's `pd` on each sequence, each (n_sequences,)."""
    controller = load(model)
    networks = [n for n in controller.networks if "pd" in {r.name for r in n.readouts}]
    if not networks:
        raise ParameterError(
            f"{model} has no network with a read-out `pd`; name an altitude controller"
        )
    engine, found = NativeEngine(networks[0]), []
    for row in errors:
        engine.reset()
        output, target = engine.run(row[:, None]).readouts[:, 0], pid_targets(row)["pd"]
        found.append((published_fit(output, target), correlation(output, target)))
    fits, rs = np.array(found).T
    return fits, rs
