"""Thresholds of monitors from the largest scores of blocks of nominal operation.

With n blocks of length T, a threshold at the (k + 1)-th largest of the block maxima is exceeded in
k of n blocks: k / (n T) alarms an hour. The largest k that keeps the required rate is taken. Block
maxima are nearly independent, while the scores themselves are correlated in a control loop.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ConfigError, ParameterError

__all__ = ["BLOCK_S", "Thresholds", "block_maxima", "threshold"]

BLOCK_S = 60.0
"""Length of a block, s."""


def block_maxima(
    times_s: npt.ArrayLike, scores: npt.ArrayLike, block_s: float = BLOCK_S
) -> npt.NDArray[np.float64]:
    """Return the largest score of each complete block.

    Args:
        times_s: ascending times of the scores, s, shape (n,).
        scores: scores, shape (n,); infinite ones count, NaN as infinite.
        block_s: length of a block, s.

    Raises:
        ParameterError: the shapes differ, or not one block is complete.
    """
    times, values = np.asarray(times_s, np.float64), np.asarray(scores, np.float64)
    values = np.where(np.isnan(values), math.inf, values)
    if times.shape != values.shape or times.ndim != 1:
        raise ParameterError(f"times have shape {times.shape}, scores {values.shape}")
    blocks = ((times - times[0]) // block_s).astype(int) if times.size else times.astype(int)
    n = int(blocks[-1]) if blocks.size else 0
    if n < 1:
        raise ParameterError(f"the record is shorter than one block of {block_s:g} s")
    maxima = np.full(n, -math.inf)
    complete = blocks < n
    np.maximum.at(maxima, blocks[complete], values[complete])
    return maxima


def threshold(maxima: npt.ArrayLike, false_alarms_per_h: float, block_s: float = BLOCK_S) -> float:
    """Return the smallest threshold with at most the given rate of false alarms.

    An alarm is a score above the threshold. With fewer blocks than the rate needs the threshold is
    the largest score.

    Args:
        maxima: largest score of each block, shape (n,).
        false_alarms_per_h: required rate in nominal operation, 1/h, at least 0.
        block_s: length of a block, s.

    Raises:
        ParameterError: no block, or a negative rate.
    """
    values = np.sort(np.asarray(maxima, np.float64))[::-1]
    if not values.size or not false_alarms_per_h >= 0.0:
        raise ParameterError(f"{values.size} blocks at {false_alarms_per_h:g} false alarms an hour")
    hours = values.size * block_s / 3600.0
    allowed = min(int(false_alarms_per_h * hours), values.size - 1)
    return float(values[allowed])


@dataclass(frozen=True)
class Thresholds:
    """Calibrated thresholds of the monitors of each stream."""

    false_alarms_per_h: float
    """Rate of false alarms of each monitor in nominal operation, 1/h."""
    hours: float
    """Duration of the nominal operation, h."""
    source: str
    """Operation from which they come."""
    values: dict[str, dict[str, float]]
    """Threshold by stream and monitor."""

    def to_document(self) -> dict[str, Any]:
        """Return the content of a calibration file."""
        return {
            "false_alarms_per_h": self.false_alarms_per_h,
            "hours": self.hours,
            "source": self.source,
            "values": self.values,
        }

    @classmethod
    def from_document(cls, content: Any, where: str) -> Thresholds:
        """Return the thresholds of a calibration file.

        Raises:
            ConfigError: another structure, or a threshold that is NaN.
        """
        keys = ("false_alarms_per_h", "hours", "source", "values")
        if not isinstance(content, Mapping) or set(content) != set(keys):
            raise ConfigError(f"{where}: expected the keys {', '.join(keys)}")
        values = content["values"]
        if not isinstance(values, Mapping) or not all(
            isinstance(v, Mapping) for v in values.values()
        ):
            raise ConfigError(f"{where}: values: expected thresholds by stream and monitor")
        thresholds = {
            str(stream): {str(name): float(value) for name, value in own.items()}
            for stream, own in values.items()
        }
        if any(math.isnan(v) for own in thresholds.values() for v in own.values()):
            raise ConfigError(f"{where}: values: a threshold is NaN")
        return cls(
            float(content["false_alarms_per_h"]),
            float(content["hours"]),
            str(content["source"]),
            thresholds,
        )

    def of(self, stream: str, monitors: Sequence[str]) -> dict[str, float]:
        """Return the thresholds of the monitors of a stream.

        Raises:
            ConfigError: one of them is not calibrated.
        """
        own = self.values.get(stream, {})
        for name in monitors:
            if name not in own:
                raise ConfigError(f"monitor {name} of {stream} is not calibrated")
        return {name: own[name] for name in monitors}
