"""One circuit on bodies of 3 to 14 links, without training on them.

Each circuit runs unchanged, except that its stretch receptors saturate at the joint limits of the
new body, and by the rule of `controllers.swimmer.plan` for the number of links.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from snn_control.studies.study import Progress, StudyResult, silent
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.swimmers import (
    MODELS,
    SwimConfig,
    episodes,
    figures,
)
from snn_control.training.swimmer.named_plan import CLOCK_FREE, named_plan


@dataclass(frozen=True, kw_only=True)
class Config(SwimConfig):
    """Settings of the study."""

    models: tuple[str, ...] = (*MODELS, CLOCK_FREE)
    """Models of swimmers, and `clock-free`, the untrained circuit with a half-centre."""
    links: tuple[int, ...] = (3, 4, 6, 8, 10, 12, 14)
    """Numbers of links of the bodies."""


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Simulate every model on every body."""
    rows = []
    for name in config.models:
        own = named_plan(name)
        for n_links in config.links:
            for rule, plan in ((False, replace(own, n_links=n_links)), (True, own.on(n_links))):
                swims = episodes([plan.network()], plan, config.starts)
                rows.append({"controller": name, "links": n_links, "rule": rule} | figures(swims))
            progress(f"{name}, {n_links} links: return {rows[-1]['return']:.1f}")
    summary = (
        f"Return of 1000 control periods in snn_control/Swim-v0, mean of {config.seeds} starts, "
        "equal for all; no circuit was trained on another body than its own. With the "
        "rule, shorter bodies have a shorter period and more proprioception."
    )
    return StudyResult(rows, summary, [_figure(rows, rule) for rule in (True, False)])


def _figure(rows: list[dict[str, Any]], rule: bool) -> dict[str, Any]:
    return error_bars(
        [row for row in rows if row["rule"] == rule],
        "links",
        "return",
        by="controller",
        title=f"Return over the length of the body, {'by the rule' if rule else 'unchanged'}",
        x_title="links",
        y_title="return, at most 1000",
    )
