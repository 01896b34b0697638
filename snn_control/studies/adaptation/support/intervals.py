"""Columns of a mean or ratio with its 95 % interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from snn_control.studies.study import TablePart
from snn_control.training.blimp.adaptive.flight import Flight
from snn_control.training.statistics import half_width, paired_ratio

__all__ = ["episode_columns", "mean_columns", "ratio_columns", "table_parts"]

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


def _columns(name: str, value: float, half: float) -> dict[str, float]:
    return {name: value, f"{name}_low": value - half, f"{name}_high": value + half}
