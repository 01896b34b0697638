"""Several recognisers of different seeds, whose answers are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place import files
from snn_control.controllers.place.confidence.calibration import Judged, confidence
from snn_control.controllers.place.confidence.hindsight import Hindsight
from snn_control.controllers.place.confidence.judgement import Judgement
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.evidence import Evidence
from snn_control.controllers.place.member import Member
from snn_control.controllers.place.queries import Queries
from snn_control.controllers.place.recognizer import Images, Recognizer
from snn_control.controllers.place.spiking_recognizer import PlaceRecognizer
from snn_control.controllers.place.waiting import Waiting
from snn_control.errors import ParameterError
from snn_control.network.files import Document

__all__ = ["PlaceEnsemble", "average"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class PlaceEnsemble(Recognizer):
    """Averages the balanced answers of its members, place by place.

    Members receive all of the input cells, unless `config.input_share` is below 1: then each
    receives others.

    Args:
        seeds: of the members.
        config: of each.

    Raises:
        ParameterError: no seed, or one twice.
    """

    def __init__(self, seeds: Sequence[int] = range(5), config: PlaceConfig | None = None) -> None:
        if not len(seeds) or len(set(seeds)) < len(seeds):
            raise ParameterError(f"seeds {list(seeds)}; expected at least one, none of them twice")
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

    def calibrate(self, calibration: tuple[Images, Sequence[int]] | None = None) -> None:
        """Recalibrate the confidence, see `PlaceRecognizer.calibrate`."""
        queries = self._calibration(calibration)
        self._fit_confidence([member.recalibrate(queries) for member in self._steps])
        self.hindsight = Hindsight()

    def merge(self, other: PlaceEnsemble) -> IntArray:
        """Append the places of another ensemble, member by member, see `PlaceRecognizer.merge`."""
        if not isinstance(other, PlaceEnsemble) or len(other.members) != len(self.members):
            raise ParameterError(
                f"{other!r} is no ensemble of {len(self.members)} members: map both alike"
            )
        for own, theirs in zip(self._steps, other.members, strict=True):
            own.require_mergeable(theirs)
        pairs = zip(self.members, other.members, strict=True)
        numbers = [own.merge(theirs) for own, theirs in pairs]
        return numbers[0]

    def fuse(self, places: Sequence[int] | IntArray) -> int:
        """Make one place of several, see `PlaceRecognizer.fuse`."""
        keep = np.setdiff1d(np.arange(len(self)), self._positions(places)[1:])
        numbers = [member.fuse(places) for member in self.members]
        self._close_up(keep)
        return numbers[0]

    def save(
        self, path: str | Path, *, deployed: bool = False, about: Document | None = None
    ) -> Path:
        """Write the maps of all members, see `files.save`; return the path of the document."""
        states = [member.to_state() for member in self.members]
        return files.save_ensemble(states, self.judgement(), path, deployed=deployed, about=about)

    @classmethod
    def load(cls, path: str | Path) -> PlaceEnsemble:
        """Read an ensemble that `save` wrote.

        Raises:
            ModelFileError: a broken file, or one of another version; the message names the field.
        """
        states, judgement = files.load_ensemble(path)
        ensemble = cls([state.seed for state in states], states[0].config)
        ensemble.members = [PlaceRecognizer.from_state(state) for state in states]
        ensemble.restore(judgement)
        return ensemble

    def judgement(self) -> Judgement:
        """Return the calibrated and adapted state of the ensemble and of its members."""
        return Judgement(
            self.confidence, self.hindsight.bias, all(m.calibrated for m in self.members),
            members=tuple(member.judgement() for member in self.members),
        )  # fmt: skip

    def restore(self, judgement: Judgement) -> None:
        """Set the calibrated and adapted state, see `Recognizer.restore`."""
        if len(judgement.members) != len(self.members):
            raise ParameterError(
                f"a judgement of {len(judgement.members)} members; expected one of "
                f"{len(self.members)}"
            )
        pairs = list(zip(self.members, judgement.members, strict=True))
        for member, own in pairs:
            member.require_judgement(own)
        for member, own in pairs:
            member.restore(own)
        self.confidence, self.hindsight.bias = judgement.confidence, judgement.bias

    # Steps, on normalised images.

    @property
    def _steps(self) -> Sequence[Member]:
        """Members, by their internal protocol."""
        return self.members

    def normalised(self, image: Any) -> tuple[FloatArray, str]:
        """Return the normalised image, see `Recognizer`."""
        return self._steps[0].normalised(image)

    def map_anew(self, mapped: FloatArray, queries: Queries | None) -> None:
        """Map places from the start in each member, see `Recognizer`."""
        self._fit_confidence([member.learn(mapped, queries) for member in self._steps])

    def evidence(self, image: FloatArray, waiting: Waiting, moved: float) -> Evidence:
        """Return the average of the members' evidence, see `Recognizer`."""
        if waiting.deadline_s is not None:
            waiting = replace(waiting, deadline_s=waiting.deadline_s / len(self.members))
        return average([member.evidence(image, waiting, moved) for member in self._steps])

    def append(self, image: FloatArray) -> int:
        """Append a place in each member, see `Recognizer`."""
        numbers = [member.append(image) for member in self._steps]
        return numbers[0]

    def keep(self, positions: IntArray) -> None:
        """Keep the places at some positions in each member, see `Recognizer`."""
        for member in self._steps:
            member.keep(positions)

    def _fit_confidence(self, judged: list[Judged]) -> None:
        """Fit the confidence on averages of the members' evidence."""
        parts = []
        for same in zip(*(member.parts for member in judged), strict=True):
            frames = zip(*(evidence for evidence, _ in same), strict=True)
            parts.append(([average(of_members) for of_members in frames], same[0][1]))
        config = self.members[0].config
        self.confidence = confidence(parts, config.same_place, config.false_acceptance)


def average(members: Sequence[Evidence]) -> Evidence:
    """Return the average of several members' evidence of one frame; their spikes add up."""
    return Evidence(
        np.mean([each.alone for each in members], axis=0),
        np.mean([each.summed for each in members], axis=0),
        all(each.complete for each in members),
        sum(each.spikes for each in members),
        float(np.mean([each.arrived for each in members])),
    )
