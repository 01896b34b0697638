"""Passage of a corridor with few lidar rays, by memory, choice of rays and learned prediction.

Every method completes scans of few rays to estimated ranges, on which the same controller acts.
Episodes have the same seeds for all methods: losses of success are paired differences to the full
scan. Predictors are trained once for each seed, on scans of the world `static` only; episode k uses
the predictor of seed k modulo their number. The other worlds have shapes and movements that no
training used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers import load
from snn_control.envs.corridor.worlds import WORLDS
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.evolution import EXECUTORS, make_executor
from snn_control.loops.corridor.predictor import Predictor
from snn_control.loops.corridor.rays import N_RAYS
from snn_control.studies.study import Progress, StudyResult, TablePart, silent
from snn_control.studies.support.held_out import HeldOutConfig
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.ray_methods import (
    FULL,
    METHODS,
    PREDICTED,
    RESULTS,
    RayEpisodes,
)
from snn_control.training.corridor.ray_predictor import (
    PredictorConfig,
    collect_scans,
    train_predictor,
)
from snn_control.training.corridor.sparse_episode import require_interface
from snn_control.training.statistics import half_width

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Config(HeldOutConfig):
    """Settings of the study.

    Raises:
        UnknownNameError: no such method, world or executor; with the closest names.
        ParameterError: no ray number, or one out of range.
    """

    seeds: int = 5
    """Number of trainings of each predictor."""
    episodes: int = 200
    """Episodes of each row, equal for all methods."""
    rays: tuple[int, ...] = (14, 7, 4)
    """Numbers of rays of a scan."""
    worlds: tuple[str, ...] = WORLDS
    """Worlds of the environment."""
    methods: tuple[str, ...] = METHODS
    """Methods; the full scan is always among them."""
    controller: str = "gap"
    """Controller of speed and turn rate from 72 ranges."""
    duration_s: float = 40.0
    """Longest episode, s."""
    predictor: PredictorConfig = field(default_factory=PredictorConfig)
    """Training of the predictors."""
    executor: str = "processes"
    """Executor of the episodes."""
    workers: int = 2
    """Processes of the executor."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for kind, names, known in (
            ("method", self.methods, METHODS),
            ("world", self.worlds, WORLDS),
            ("executor", (self.executor,), EXECUTORS),
        ):
            for name in names:
                if name not in known:
                    raise UnknownNameError(kind, name, known)
        if not self.rays or not all(1 <= n <= N_RAYS for n in self.rays):
            raise ParameterError(f"rays is {list(self.rays)}; expected numbers from 1 to {N_RAYS}")

    @property
    def cells(self) -> list[tuple[str, int]]:
        """Method and number of rays of each row of a world; the full scan is the first."""
        compared = [method for method in self.methods if method != FULL]
        return [(FULL, N_RAYS), *((method, n) for method in compared for n in self.rays)]


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Train the predictors and run all methods on the same episodes.

    Raises:
        InterfaceMismatchError: the controller is of another robot.
    """
    require_interface(load(config.controller))  # before the training
    predictors = _predictors(config, folder, progress)
    rows: list[dict[str, Any]] = []
    seeds = np.array(config.episode_seeds, np.uint64)
    which = np.arange(config.episodes) % max(len(predictors), 1)
    episodes = RayEpisodes(config.controller, predictors, config.duration_s)
    with make_executor(config.executor, episodes, config.workers) as executor:
        for world in config.worlds:
            full: FloatArray = np.zeros(0)
            for method, n_rays in config.cells:
                cell = (METHODS.index(method), n_rays, WORLDS.index(world))
                genomes = np.column_stack([np.tile(cell, (config.episodes, 1)), which])
                values = executor.evaluate(genomes.astype(float), seeds)
                results = dict(zip(RESULTS, values.T, strict=True))
                full = results["success"] if method == FULL else full
                rows.append(_row(config, method, n_rays, world, results, full))
                progress(_line(rows[-1]))
    return StudyResult(rows, _summary(config), _figures(config, rows), _parts(config))


def _predictors(
    config: Config, folder: Path | None, progress: Progress
) -> list[Mapping[str, Predictor]]:
    """Train the predictors that the methods need, for each seed."""
    cells: list[Any] = [kind for name, kind in PREDICTED.items() if name in config.methods]
    trained: list[Mapping[str, Predictor]] = []
    for seed in range(config.first_seed, config.first_seed + config.seeds) if cells else ():
        scans = collect_scans(config.predictor, seed)
        own = {kind: train_predictor(scans, kind, config.predictor, seed) for kind in cells}
        trained.append(own)
        progress(f"predictors of seed {seed}: trained on {len(scans.true_m)} scans")
        for kind, predictor in own.items() if folder else ():
            predictor.save(Path(str(folder)) / f"predictor-{kind}-{seed}.npz")
    return trained


def _row(
    config: Config,
    method: str,
    n_rays: int,
    world: str,
    results: Mapping[str, FloatArray],
    full: FloatArray,
) -> dict[str, Any]:
    near = results["near_scans"] > 0
    hallucinated = results["hallucinated_scans"][near] / results["near_scans"][near]
    columns = {
        "success": results["success"],
        "success_loss": full - results["success"],
        "collision": results["collision"],
        "hallucinated_free": hallucinated,
        "travel_s": results["travel_s"],
    }
    row: dict[str, Any] = {"method": method, "rays": n_rays, "world": world}
    for name, values in columns.items():
        row[name] = float(values.mean()) if values.size else None
        row[f"{name}_ci95"] = half_width(values) if values.size > 1 else None
    return row | {"episodes": config.episodes, "seeds": config.seeds}


def _line(row: Mapping[str, Any]) -> str:
    columns = ("success", "success_loss", "collision", "hallucinated_free", "travel_s")
    shown = ", ".join(
        f"{name} -" if row[name] is None
        else f"{name} {row[name]:.3f} +- {row[f'{name}_ci95'] or 0.0:.3f}"
        for name in columns
    )  # fmt: skip
    return f"{row['world']}, {row['method']}, {row['rays']} rays: {shown}"


def _summary(config: Config) -> str:
    trained, n = "", config.seeds
    if any(method in PREDICTED for method in config.methods):
        number = "1 seed" if n == 1 else f"{n} seeds"
        trained = f" Predictors: {number}, trained in the world static only."
    return (
        f"{config.episodes_text.capitalize()} of each method and world, {config.controller} as the "
        "controller. The loss of success is the paired difference to the full scan. Hallucinated "
        "free is the share of the scans with an obstacle nearer than 1 m within 45 degrees ahead "
        f"in which one is estimated more than 0.5 m farther.{trained}"
    )


def _parts(config: Config) -> list[TablePart]:
    columns = ("success", "success_loss", "collision", "hallucinated_free", "travel_s")
    return [
        TablePart(f"World {world}", ("method", "rays"), columns, {"world": (world,)})
        for world in config.worlds
    ]


def _figures(config: Config, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return success and hallucination over the rays, one figure for each world."""
    return [
        error_bars(
            [row for row in rows if row["world"] == world],
            "rays",
            metric,
            by="method",
            title=f"{title}, world {world}",
            x_title="rays of a scan",
            y_title=title.lower(),
            log_x=True,
        )
        for metric, title in (("success", "Success"), ("hallucinated_free", "Hallucinated free"))
        for world in config.worlds
    ]
