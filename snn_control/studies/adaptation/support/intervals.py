"""Columns of a mean or ratio with its 95 % interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.studies.study import TablePart
from snn_control.studies.support.plots import error_bars
from snn_control.training.blimp.adaptive.flight import Flight
from snn_control.training.statistics import half_width, paired_ratio

__all__ = ["episode_columns", "mean_columns", "ratio_columns", "ratio_figure", "table_parts"]

FloatArray = npt.NDArray[np.float64]

EPISODE = ("overshoot_m", "sign_changes_per_min")
"""Columns of `episode_columns`."""


def mean_columns(name: str, values: FloatArray) -> dict[str, float]:
    """Return `name`, `name_low` and `name_high` of the mean of values, shape (n,)."""
    return _columns(name, float(values.mean()), half_width(values))


def ratio_columns(name: str, mine: FloatArray, theirs: FloatArray) -> dict[str, float]:
    """Return `name`, `name_low` and `name_high` of the ratio of two means on the same seeds."""
    return _columns(name, *paired_ratio(mine, theirs))


def episode_columns(*groups: Sequence[Flight]) -> dict[str, float]:
    """Return overshoot, m, and sign changes of the command, 1/min, with intervals over seeds.

    Args:
        groups: episodes of one controller each, on the same seeds; their mean of each seed counts.
    """
    overshoot = np.array([[each.overshoot_m for each in group] for group in groups]).mean(0)
    signs = np.array([[each.sign_changes_per_min for each in group] for group in groups]).mean(0)
    return {
        **mean_columns("overshoot_m", overshoot),
        **mean_columns("sign_changes_per_min", signs),
    }


def table_parts(*further: str, case: str = "condition") -> list[TablePart]:
    """Return the parts of a table of controllers: errors first, then steps and command.

    Args:
        further: columns beside those of `episode_columns`.
        case: column that names the condition.
    """
    labels = ("controller", case)
    return [
        TablePart("Height error", labels, ("iae_m_s", "iae_ratio", "iae_ratio_worst")),
        TablePart("Steps, command and learning", labels, (*EPISODE, *further)),
    ]


def ratio_figure(
    rows: Sequence[dict[str, Any]], title: str, of: str, by: str = "controller"
) -> dict[str, Any]:
    """Return the figure of `iae_ratio` with its interval over the conditions.

    Args:
        rows: rows with `condition` and the columns of `iae_ratio`.
        title: title of the figure.
        of: controller of the reference, for the axis.
        by: column with a line for each of its values.
    """
    plotted = [row | {"iae_ratio_ci95": row["iae_ratio_high"] - row["iae_ratio"]} for row in rows]
    return error_bars(
        plotted, "condition", "iae_ratio", by=by,
        title=title, x_title="condition", y_title=f"IAE over that of {of}",
    )  # fmt: skip


def _columns(name: str, value: float, half: float) -> dict[str, float]:
    return {name: value, f"{name}_low": value - half, f"{name}_high": value + half}
