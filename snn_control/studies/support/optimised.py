"""Optimisations that a study makes, each in a run folder inside that of the study."""

from __future__ import annotations

from pathlib import Path

from snn_control.errors import ParameterError
from snn_control.runs import Run
from snn_control.training.method import MethodConfig
from snn_control.training.optimisation import method_of, optimise


def seed_folder(folder: Path | None, name: str, seed: int) -> Path:
    """Return the folder of an optimisation, `seeds/NAME-SEED` in that of the study.

    Raises:
        ParameterError: the study has no folder.
    """
    if folder is None:
        raise ParameterError("the study writes runs: call it with folder=..., or by run_study")
    return folder / "seeds" / f"{name}-{seed}"


def optimise_in(folder: Path, config: MethodConfig, name: str, *, seed: int, budget: str) -> Path:
    """Optimise a configuration on one seed; return the document of the best model.

    Args:
        folder: run folder to create.
        config: configuration.
        name: name or file of the configuration, with further options of the command, for the
            manifest.
        seed: see `optimise`.
        budget: see `optimise`.
    """
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
