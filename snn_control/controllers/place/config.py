"""Configuration of the place recogniser."""

from __future__ import annotations

import dataclasses
import numbers
from dataclasses import dataclass

from snn_control.coding.patch_normalisation import PatchNormalisation
from snn_control.errors import ParameterError

__all__ = ["LARGEST", "PlaceConfig"]

LARGEST = 1e9


@dataclass(frozen=True)
class PlaceConfig:
    """Configuration of image encoder, map, sequences and confidence of a `PlaceRecognizer`.

    Raises:
        ParameterError: out of range.
    """

    height: int = 28
    """Height of the downsampled image, pixels; two input cells per pixel."""
    width: int = 28
    """Width of the downsampled image, pixels."""
    window: int = 21
    """Window of the patch normalisation, pixels, odd; see `PatchNormalisation`."""
    floor: float = 20.0
    """Floor of the patch normalisation, grey levels."""
    clip: float = 2.0
    """Magnitude at which normalised grey levels are clipped."""
    levels: int = 8
    """Spikes of an input cell for a normalised grey level of 1."""
    ticks: int = 32
    """Length of a presentation, ticks; an input cell fires at most once per tick."""
    input_share: float = 1.0
    """Fraction of the input cells that are connected to the place neurons, a random subset per
    seed; below 1 for members of an ensemble."""
    memory: int = 500
    """Maximum effective number of places averaged in the adaptation baseline."""
    stiffness: float = 110.0
    """Sum of squared disturbances at which decorrelation halves the weight of an input."""
    reference_share: float = 0.25
    """Weight of a mapped image as a disturbance, for a calibration without queries."""
    module_places: int = 100
    """Places per module."""
    neighbours: int = 5
    """Half-width of the local contrast enhancement in sequences, places."""
    blend: float = 0.3
    """Weight of the score without contrast enhancement that is added in sequences."""
    same_place: int = 2
    """Places to either side of the best one that count as the same place, not as rivals."""
    false_acceptance: float = 0.01
    """Accepted fraction of unknown places that are classified as known."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            kind = numbers.Integral if field.type == "int" else numbers.Real
            if isinstance(value, bool) or not isinstance(value, kind):
                whole = "whole " if kind is numbers.Integral else ""
                raise ParameterError(f"{field.name} is {value!r}; expected a {whole}number")
        PatchNormalisation(self.window, self.floor, self.clip)
        for name in ("height", "width", "levels", "memory", "module_places", "neighbours"):
            self._require(name, 1, 2**31 - 1)
        self._require("ticks", 1, 127)
        self._require("same_place", 0, 2**31 - 1)
        for name in ("blend", "reference_share"):
            self._require(name, 0.0, LARGEST)
        if self.n_inputs * self.ticks * 127 >= 2**24:
            raise ParameterError(
                f"{self.height} x {self.width} pixels and {self.ticks} ticks: potentials would not "
                "be exact in single precision; expected height x width x ticks below 132 104"
            )
        for name, high in (("input_share", 1.0), ("stiffness", LARGEST)):
            if not 0.0 < getattr(self, name) <= high:
                raise ParameterError(
                    f"{name} is {getattr(self, name):g}; expected above 0, up to {high:g}"
                )
        if not 0.0 < self.false_acceptance < 1.0:
            raise ParameterError(
                f"false_acceptance is {self.false_acceptance:g}; expected between 0 and 1"
            )

    def _require(self, name: str, low: float, high: float) -> None:
        if not low <= getattr(self, name) <= high:
            raise ParameterError(f"{name} is {getattr(self, name):g}; expected {low:g} to {high:g}")

    @property
    def n_inputs(self) -> int:
        """Number of pixels, each with an ON and an OFF input cell."""
        return self.height * self.width
