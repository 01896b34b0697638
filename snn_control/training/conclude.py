"""What follows an optimisation: evaluate the result beside PID and twin, film it, make its page."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from snn_control.controllers import Altitude, Swimmer, load
from snn_control.controllers.blimp.quantised_twin import quantised_twin
from snn_control.controllers.controller import Controller
from snn_control.controllers.swimmer.circuit import unit_strengths
from snn_control.errors import MissingExtraError, ParameterError
from snn_control.report import build_report
from snn_control.runs import Run
from snn_control.training.comparison import TWIN
from snn_control.training.environment import suited
from snn_control.training.evaluate import evaluate, write_evaluation, write_transfer
from snn_control.training.film import can_film, film

REPORT_SEEDS = range(1000, 1005)
FIGURES = {False: ("hold_rmse_m", "hold_rmse_m"), True: ("total_reward", "return")}
"""The figure of a result: metric and name, for blimps and for swimmers."""


def conclude(
    run: Run,
    name: str,
    model: str | Path,
    *,
    seeds: Sequence[int] = REPORT_SEEDS,
    films: bool = True,
) -> dict[str, Any]:
    """Evaluate, film, finish the run and build its page.

    The PID flies the same seeds, and so does the quantised non-spiking twin where the model has
    one (`NAME-twin`). Without a renderer or imageio-ffmpeg there is no film.

    Args:
        run: open for writing; finished afterwards.
        name: of the controller, in files and on the page.
        model: what `load` takes.
        seeds: of the episodes; the first one is filmed.
        films: whether to film, where it can be done.

    Returns:
        `NAME_hold_rmse_m` of each controller, of a swimmer `NAME_return`; and `report`, the path of
        the page.
    """
    compared = rivals(name, load(model))
    data: dict[str, Any] = {}
    for label, controller in compared.items():
        flown = evaluate(controller, label, seeds=seeds, **suited(controller))
        write_evaluation(flown, run.folder, controller)
        metric, figure = FIGURES[type(controller) is Swimmer]
        data[f"{label}_{figure}"] = float(flown.values(metric).mean())
    if not isinstance(compared[name], Swimmer):
        write_transfer(compared, run.folder)
    for label in [label for label in compared if not label.endswith(TWIN)]:
        if films and can_film():
            with suppress(MissingExtraError):
                film(
                    compared[label],
                    run.folder / "videos" / f"{label}.mp4",
                    seed=seeds[0],
                    **filmed(compared[label]),
                )
    run.finish()
    return data | {"report": str(build_report(run.folder))}


def filmed(controller: Controller) -> dict[str, Any]:
    """Return what of an episode is filmed, as `film` takes it."""
    if isinstance(controller, Swimmer):
        return suited(controller) | {"start_s": 0.0, "stop_s": 20.0}
    return {}


def rivals(name: str, controller: Controller) -> dict[str, Controller]:
    """Return the controller and what it is compared with, by name.

    A swimmer is compared with its untrained self; the others with the PID and, where there is one,
    with the controller's twin.
    """
    if isinstance(controller, Swimmer):
        return {name: controller, "untrained": Swimmer(unit_strengths(controller.networks[0]))}
    compared = {name: controller, "pid": load("pid")}
    if isinstance(controller, Altitude):
        with suppress(ParameterError):
            compared[f"{name}{TWIN}"] = quantised_twin(controller)
    return compared
