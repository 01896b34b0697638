"""Conclusion of an optimisation: evaluation beside the baselines, films and the report page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from snn_control.controllers import Controller, load
from snn_control.errors import MissingExtraError, ParameterError
from snn_control.report import build_report
from snn_control.runs import Run
from snn_control.training.evaluate import evaluate, write_evaluation, write_transfer
from snn_control.training.film import can_film, film
from snn_control.training.system import TWIN, Headline, System

__all__ = ["REPORT_SEEDS", "Conclusion", "beside", "conclude"]

REPORT_SEEDS = range(1000, 1005)


@dataclass(frozen=True)
class Conclusion:
    """Headline figures of a result and its baselines, and the report page."""

    headline: Headline
    """Metric of the figures."""
    means: dict[str, float]
    """Mean of the metric over the episodes, by controller, the result first."""
    report: Path
    """Path of the report page."""


def conclude(
    run: Run,
    name: str,
    model: str | Path,
    *,
    system: System,
    seeds: Sequence[int] = REPORT_SEEDS,
    films: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> Conclusion:
    """Evaluate the result, finish the run, build its page, then film and add the films.

    The baselines of the system run on the same seeds, and so does the quantised non-spiking twin
    if there is one (`NAME-twin`). Without a renderer or imageio-ffmpeg no film is made.

    Args:
        run: open for writing; finished on return.
        name: name of the controller in files and on the page.
        model: name or path, see `load`.
        system: system of the model.
        seeds: one episode each; the first one is filmed.
        films: True to film, if possible.
        progress: called with a line at the start of each step.
    """
    compared = beside(system, name, load(model))
    means = {}
    for label, each in compared.items():
        progress(f"evaluating {label}, {len(seeds)} episodes")
        evaluation = evaluate(each, label, seeds=seeds, system=system)
        write_evaluation(evaluation, run.folder, each)
        means[label] = float(evaluation.values(system.headline.metric).mean())
    if system.transfer:
        write_transfer(compared, system.transfer, run.folder)
    run.finish()
    report = build_report(run.folder)
    if films and system.film_window and can_film():
        progress(f"page without films: {report}")
        for label in [label for label in compared if not label.endswith(TWIN)]:
            progress(f"filming {label}")
            with suppress(MissingExtraError):
                film(
                    compared[label],
                    run.folder / "videos" / f"{label}.mp4",
                    seed=seeds[0],
                    environment=system.environment,
                    window=system.film_window,
                    **system.environment_options(compared[label]),
                )
        report = build_report(run.folder)
    return Conclusion(system.headline, means, report)


def beside(system: System, name: str, controller: Controller) -> dict[str, Controller]:
    """Return a controller, its baselines and its twin, if there is one, by name."""
    compared = {name: controller, **system.rivals(controller)}
    with suppress(ParameterError):
        compared[f"{name}{TWIN}"] = system.twin(controller)
    return compared
