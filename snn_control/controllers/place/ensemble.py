"""Ensemble of place recognisers with different seeds, whose scores are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place import files
from snn_control.controllers.place.confidence.calibration import Calibration, confidence
from snn_control.controllers.place.confidence.calibration_state import CalibrationState
from snn_control.controllers.place.confidence.hindsight import Hindsight
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.evidence import Evidence
from snn_control.controllers.place.member import Member
from snn_control.controllers.place.presentation_options import PresentationOptions
from snn_control.controllers.place.queries import Queries
from snn_control.controllers.place.recognizer import Images, Recognizer
from snn_control.controllers.place.spiking_recognizer import PlaceRecognizer
from snn_control.errors import ParameterError
from snn_control.network.files import Document

__all__ = ["PlaceEnsemble", "average"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class PlaceEnsemble(Recognizer):
    """Ensemble that averages the standardised scores of its members, place by place.

    Each member is connected to all input cells, or, if `config.input_share` is below 1, to its own
    random subset.

    Args:
        seeds: seeds of the members.
        config: configuration of each member.

    Raises:
        ParameterError: no seed, or a seed twice.
    """

    def __init__(self, seeds: Sequence[int] = range(5), config: PlaceConfig | None = None) -> None:
        if not len(seeds) or len(set(seeds)) < len(seeds):
            raise ParameterError(f"seeds {list(seeds)}; expected at least one, without duplicates")
        self.members = [PlaceRecognizer(seed, config) for seed in seeds]
        super().__init__(self.members[0].config.same_place)

    @property
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""
        return self.members[0].places

    def stay(self) -> None:
        """Adapt to the reference traverse, see `PlaceRecognizer.stay`."""
        for member in self.members:
            member.stay()

    def calibrate(
        self,
        calibration: tuple[Images, Sequence[int]] | None = None,
        *,
        skip_blank: bool = False,
    ) -> None:
        """Recalibrate the confidence, see `PlaceRecognizer.calibrate`."""
        queries, skipped = self._calibration(calibration, skip_blank)
        self._fit_confidence([member.recalibrate(queries) for member in self._steps])
        self.skipped = skipped
        self.hindsight = Hindsight()

    def merge(self, other: PlaceEnsemble) -> IntArray:
        """Append the places of another ensemble, member by member, see `PlaceRecognizer.merge`."""
        if not isinstance(other, PlaceEnsemble) or len(other.members) != len(self.members):
            raise ParameterError(
                f"{other!r} is not an ensemble of {len(self.members)} members; map both with the "
                "same settings"
            )
        for own, theirs in zip(self._steps, other.members, strict=True):
            own.require_mergeable(theirs)
        pairs = zip(self.members, other.members, strict=True)
        numbers = [own.merge(theirs) for own, theirs in pairs]
        return numbers[0]

    def fuse(self, places: Sequence[int] | IntArray) -> int:
        """Fuse several places into one, see `PlaceRecognizer.fuse`."""
        keep = np.setdiff1d(np.arange(len(self)), self._positions(places)[1:])
        numbers = [member.fuse(places) for member in self.members]
        self._reduce_history(keep)
        return numbers[0]

    def save(
        self, path: str | Path, *, deployed: bool = False, about: Document | None = None
    ) -> Path:
        """Write the maps of all members, see `files.save`; return the path of the document."""
        states = [member.to_state() for member in self.members]
        return files.save_ensemble(
            states, self.calibration_state(), path, deployed=deployed,
            about=files.provenance(self.skipped, about),
        )  # fmt: skip

    @classmethod
    def load(cls, path: str | Path) -> PlaceEnsemble:
        """Read an ensemble written by `save`.

        Raises:
            ModelFileError: missing, broken or of another version; the message names file or field.
        """
        states, calibration = files.load_ensemble(path)
        ensemble = cls([state.seed for state in states], states[0].config)
        ensemble.members = [PlaceRecognizer.from_state(state) for state in states]
        ensemble.restore(calibration)
        return ensemble

    def calibration_state(self) -> CalibrationState:
        """Return the calibrated and adapted state of the ensemble and of its members."""
        return CalibrationState(
            self.confidence, self.hindsight.bias, all(m.calibrated for m in self.members),
            members=tuple(member.calibration_state() for member in self.members),
        )  # fmt: skip

    def restore(self, state: CalibrationState) -> None:
        """Set the calibrated and adapted state, see `Recognizer.restore`."""
        if len(state.members) != len(self.members):
            raise ParameterError(
                f"calibration state of {len(state.members)} members; expected {len(self.members)}"
            )
        pairs = list(zip(self.members, state.members, strict=True))
        for member, own in pairs:
            member.require_calibration_state(own)
        for member, own in pairs:
            member.restore(own)
        self.confidence, self.hindsight.bias = state.confidence, state.bias

    # Hooks of `Recognizer`, on normalised images.

    @property
    def _steps(self) -> Sequence[Member]:
        """Members, typed by their internal protocol."""
        return self.members

    def normalised(self, image: Any) -> tuple[FloatArray, str]:
        """Return the normalised image, see `Recognizer`."""
        return self._steps[0].normalised(image)

    def rebuild_map(self, mapped: FloatArray, queries: Queries | None) -> None:
        """Replace the map of each member, see `Recognizer`."""
        self._fit_confidence([member.learn(mapped, queries) for member in self._steps])

    def evidence(
        self, image: FloatArray, options: PresentationOptions, distance: float
    ) -> Evidence:
        """Return the average of the members' evidence, see `Recognizer`."""
        if options.deadline_s is not None:
            options = replace(options, deadline_s=options.deadline_s / len(self.members))
        return average([member.evidence(image, options, distance) for member in self._steps])

    def append(self, image: FloatArray) -> int:
        """Append a place in each member, see `Recognizer`."""
        numbers = [member.append(image) for member in self._steps]
        return numbers[0]

    def renumber(self, numbers: IntArray, next_number: int) -> None:
        """Set the numbers of all places in each member, see `Recognizer`."""
        for member in self.members:
            member.renumber(numbers, next_number)

    def keep(self, positions: IntArray) -> None:
        """Keep the places at some positions in each member, see `Recognizer`."""
        for member in self._steps:
            member.keep(positions)

    def _fit_confidence(self, calibrations: list[Calibration]) -> None:
        """Fit the confidence on averages of the members' evidence."""
        parts = []
        for same in zip(*(each.parts for each in calibrations), strict=True):
            frames = zip(*(evidence for evidence, _ in same), strict=True)
            parts.append(([average(of_members) for of_members in frames], same[0][1]))
        config = self.members[0].config
        self.confidence = confidence(parts, config.same_place, config.false_acceptance)


def average(members: Sequence[Evidence]) -> Evidence:
    """Return the average of the members' evidence of one frame, with the sum of their spikes."""
    return Evidence(
        np.mean([each.alone for each in members], axis=0),
        np.mean([each.summed for each in members], axis=0),
        all(each.complete for each in members),
        sum(each.spikes for each in members),
        float(np.mean([each.arrived for each in members])),
    )
