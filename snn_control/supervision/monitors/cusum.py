"""Two-sided cumulative sum of normalised innovations.

    g+ = max(0, g+ + x - drift),   g- = max(0, g- - x - drift),   x = innovation / deviation

Source: E. S. Page, Biometrika 41, 1954, doi:10.1093/biomet/41.1-2.100.
"""

from __future__ import annotations

import math
from typing import ClassVar, final

from snn_control.errors import ParameterError
from snn_control.supervision.monitors.monitor import Monitor, Sample

__all__ = ["Cusum"]


@final
class Cusum(Monitor):
    """Larger of the two sums: a bias below the threshold of one message.

    Args:
        drift: half of the shift to detect, in standard deviations; positive.
        largest: bound of the sums, from which they return after a fault.
    """

    name: ClassVar[str] = "cusum"

    def __init__(self, drift: float = 0.5, largest: float = 100.0) -> None:
        if not 0.0 < drift < math.inf or not largest > 0.0:
            raise ParameterError(f"drift {drift:g}, largest {largest:g}; expected positive ones")
        self._drift, self._largest = drift, largest
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first message."""
        self._up = self._down = 0.0

    def _sample(self, sample: Sample) -> float:
        if sample.innovation is None:
            return max(self._up, self._down)
        x = sample.innovation.value / sample.innovation.sd
        if not math.isfinite(x):
            return math.inf
        self._up = min(max(self._up + x - self._drift, 0.0), self._largest)
        self._down = min(max(self._down - x - self._drift, 0.0), self._largest)
        return max(self._up, self._down)
