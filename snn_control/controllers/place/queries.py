"""Query traverse with known places, used for calibration, and frames that cannot be used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sized
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import numpy.typing as npt

from snn_control.errors import ObservationError, ParameterError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LEAST_QUERIES = 20
"""Minimum number of calibration images."""


@dataclass(frozen=True, eq=False)
class Queries:
    """Images of a query traverse with their places."""

    images: FloatArray
    """Normalised images, in order, (n, n_inputs)."""
    places: IntArray
    """Position of each image on the map, (n,)."""

    def __len__(self) -> int:
        return len(self.places)

    def part(self, which: IntArray) -> Queries:
        """Return the queries at some positions."""
        return Queries(self.images[which], self.places[which])

    def without(self, left_out: Collection[int]) -> Queries:
        """Return the queries except those at some positions."""
        return self.part(np.setdiff1d(np.arange(len(self)), np.array([*left_out], np.int64)))


@dataclass(frozen=True)
class BlankFrames:
    """Frames that `fit` or `calibrate` cannot use."""

    images: Mapping[int, str] = field(default_factory=dict)
    """Reason by index in the reference traverse."""
    calibration: Mapping[int, str] = field(default_factory=dict)
    """Reason by index of the calibration images."""

    def __len__(self) -> int:
        return len(self.images) + len(self.calibration)

    def __str__(self) -> str:
        parts = []
        for name, frames in (("image", self.images), ("calibration image", self.calibration)):
            for reason in dict.fromkeys(frames.values()):
                indices = [k for k, other in frames.items() if other == reason]
                parts.append(f"{name}{'s' * (len(indices) > 1)} {ranges(indices)}: {reason}")
        return "; ".join(parts)

    def require_none(self, skip_blank: bool) -> None:
        """Refuse the frames unless they are to be left out.

        Raises:
            ObservationError: the message lists all of them.
        """
        if len(self) and not skip_blank:
            which = "it" if len(self) == 1 else "them"
            raise ObservationError(f"{self}; remove {which}, or pass skip_blank=True")

    def document(self) -> dict[str, dict[str, str]]:
        """Return the frames as plain data with texts as keys, for JSON."""
        named = {"images": self.images, "calibration": self.calibration}
        return {
            name: {str(k): reason for k, reason in frames.items()}
            for name, frames in named.items()
            if frames
        }


def ranges(indices: Iterable[int]) -> str:
    """Return ascending indices as text, for example `3, 7 to 9`."""
    rows = []
    for _, run in groupby(enumerate(indices), key=lambda pair: pair[1] - pair[0]):
        members = [index for _, index in run]
        rows.append(f"{members[0]}" + (f" to {members[-1]}" if len(members) > 1 else ""))
    return ", ".join(rows)


def require_enough(queries: Sized) -> None:
    """Refuse fewer than `LEAST_QUERIES` calibration images.

    Raises:
        ParameterError: too few.
    """
    if len(queries) < LEAST_QUERIES:
        raise ParameterError(
            f"{len(queries)} usable calibration images; expected at least {LEAST_QUERIES}, or None"
        )
