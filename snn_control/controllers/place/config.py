"""What a place recogniser is told."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.coding.patch_normalisation import PatchNormalisation
from snn_control.errors import ParameterError


@dataclass(frozen=True)
class PlaceConfig:
    """Senses, map, sequences and confidence of a `PlaceRecognizer`.

    Raises:
        ParameterError: out of range.
    """

    height: int = 28
    """Of the image that the input cells see, pixels."""
    width: int = 28
    window: int = 21
    """Of the patch normalisation, pixels, odd; see `PatchNormalisation`."""
    floor: float = 20.0
    """Of the patch normalisation, grey levels."""
    clip: float = 2.0
    """Of the patch normalisation."""
    levels: int = 8
    """Spikes of an input cell for a normalised grey of 1."""
    ticks: int = 32
    """Length of a presentation; an input cell fires at most once a tick."""
    input_share: float = 1.0
    """Of input cells that reach the place neurons, others in each seed; less than 1 for members of
    an ensemble."""
    memory: int = 500
    """Places over which input cells adapt to what they see all the time."""
    stiffness: float = 110.0
    """Of the decorrelation: sum of squared disturbances at which an input has half its weight."""
    reference_share: float = 0.25
    """Weight of a mapped image as a disturbance, where there are no queries to calibrate on."""
    module_places: int = 100
    """Places of a module."""
    neighbours: int = 5
    """Places to either side that a place competes with in sequences."""
    blend: float = 0.3
    """Share of the score without that competition in the one of sequences."""
    same_place: int = 2
    """Places to either side of an answer that are no rivals of it."""
    false_acceptance: float = 0.01
    """Share of unknown places that may be taken for known ones."""

    def __post_init__(self) -> None:
        PatchNormalisation(self.window, self.floor, self.clip)
        for name in ("height", "width", "levels", "memory", "module_places", "neighbours"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}; expected at least 1")
        if not 1 <= self.ticks <= 127:
            raise ParameterError(f"ticks is {self.ticks}; expected 1 to 127")
        for name in ("blend", "reference_share", "same_place"):
            if not 0.0 <= getattr(self, name) < float("inf"):
                raise ParameterError(f"{name} is {getattr(self, name)}; expected at least 0")
        if self.n_inputs * self.ticks * 127 >= 2**24:
            raise ParameterError(
                f"{self.height} x {self.width} pixels and {self.ticks} ticks: potentials would not "
                "be exact in single precision; expected height x width x ticks below 132 104"
            )
        if not 0.0 < self.input_share <= 1.0:
            raise ParameterError(f"input_share is {self.input_share:g}; expected above 0, up to 1")
        if not self.stiffness > 0.0:
            raise ParameterError(f"stiffness is {self.stiffness:g}; expected above 0")
        if not 0.0 < self.false_acceptance < 1.0:
            raise ParameterError(
                f"false_acceptance is {self.false_acceptance:g}; expected between 0 and 1"
            )

    @property
    def n_inputs(self) -> int:
        """Input cells for light above what is usual, and as many for light below."""
        return self.height * self.width
