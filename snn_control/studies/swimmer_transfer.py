"""One circuit on bodies of 3 to 14 links, without training on them.

Strengths are those of the model; stretch receptors are saturated at the limit of the new body's
joints.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from snn_control.studies.plots import error_bars
from snn_control.studies.study import Say, StudyResult, silent
from snn_control.studies.swimmers import (
    CLOCK_FREE,
    MODELS,
    SwimConfig,
    episodes,
    figures,
    plan_of,
)


@dataclass(frozen=True, kw_only=True)
class Config(SwimConfig):
    """Settings of the study."""

    models: tuple[str, ...] = (*MODELS, CLOCK_FREE)
    """Swimmers, and `clock-free`, the untrained circuit with a half-centre."""
    links: tuple[int, ...] = (3, 4, 6, 8, 10, 12, 14)
    """Bodies, by their number of links."""


def run(config: Config, *, folder: Path | None = None, say: Say = silent) -> StudyResult:
    """Swim with every model on every body."""
    rows = []
    for name in config.models:
        plan = plan_of(name)
        for n_links in config.links:
            found = episodes([plan.network(n_links)], plan, n_links, config.starts)
            rows.append({"controller": name, "links": n_links} | figures(found))
            say(f"{name}, {n_links} links: return {rows[-1]['return']:.1f}")
    summary = (
        f"Return of 1000 control periods in snn_control/Swim-v0, mean of {config.seeds} starts, "
        "the same ones for all; no circuit was trained on a body other than that of 6 links."
    )
    figure = error_bars(
        rows,
        "links",
        "return",
        by="controller",
        title="Return over the length of the body",
        x_title="links",
        y_title="return, at most 1000",
    )
    return StudyResult(rows, summary, [figure])
