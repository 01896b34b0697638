"""Swimmers with spiking cells of 1 to 15 network ticks in a control period."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from snn_control.studies.study import Progress, StudyResult, silent
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.swimmers import SwimConfig, episodes, figures
from snn_control.training.swimmer.named_plan import named_plan


@dataclass(frozen=True, kw_only=True)
class Config(SwimConfig):
    """Settings of the study."""

    models: tuple[str, ...] = ("swimmer-spiking:untrained", "swimmer-spiking")
    """Spiking swimmers; each is also shown with graded cells."""
    graded: tuple[str, ...] = ("swimmer-graded:untrained", "swimmer-graded")
    """Graded swimmers; each is also shown with spiking cells."""
    sub_ticks: tuple[int, ...] = (1, 2, 5, 15)
    """Network ticks in a control period."""
    links: int = 6
    """Number of links of the body."""


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Simulate the strengths of every model with cells of every resolution."""
    rows = []
    for name in (*config.models, *config.graded):
        own = named_plan(name).on(config.links)
        plans = [own.graded()]
        plans += [dataclasses.replace(own, cells="spiking", sub_ticks=k) for k in config.sub_ticks]
        for plan in plans:
            swims = episodes([plan.network()], plan, config.starts)
            ticks = plan.sub_ticks if plan.cells == "spiking" else 0
            rows.append({"strengths": name, "sub_ticks": ticks} | figures(swims))
            progress(f"{name}, {ticks or 'graded'}: return {rows[-1]['return']:.1f}")
    summary = (
        f"Return of 1000 control periods, mean of {config.seeds} starts, equal for all. "
        "Row 0 has graded cells. A trained circuit is at its best with the cells it was trained on."
    )
    figure = error_bars(
        rows,
        "sub_ticks",
        "return",
        by="strengths",
        title="Return over the resolution of the cells",
        x_title="network ticks in a control period; 0: graded cells",
        y_title="return, at most 1000",
    )
    return StudyResult(rows, summary, [figure])
