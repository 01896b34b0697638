"""Several recognisers of other seeds, whose answers are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.controllers.place.calibration import Judged, confidence
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.files import load_members, save_ensemble
from snn_control.controllers.place.hindsight import Hindsight
from snn_control.controllers.place.match import FloatArray, IntArray, Look, Queries, Waiting
from snn_control.controllers.place.recognizer import Images, Recognizer
from snn_control.controllers.place.spiking_recognizer import PlaceRecognizer
from snn_control.errors import ParameterError
from snn_control.network.files import Document


class PlaceEnsemble(Recognizer):
    """Averages the balanced answers of its members, place by place.

    Members see all of the input cells, but for `config.input_share` below 1: then each sees others.

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
        """Be used to what the map shows, see `PlaceRecognizer.stay`."""
        for member in self.members:
            member.stay()

    def calibrate(self, calibration: tuple[Images, Sequence[int]] | None = None) -> None:
        """Find out anew what answers are worth, see `PlaceRecognizer.calibrate`."""
        queries = self._calibration(calibration)
        self._judged([member._judge(queries) for member in self.members])
        self.hindsight = Hindsight()

    def merge(self, other: PlaceEnsemble) -> IntArray:
        """Append the places of another ensemble, member by member, see `PlaceRecognizer.merge`."""
        if not isinstance(other, PlaceEnsemble) or len(other.members) != len(self.members):
            raise ParameterError(
                f"{other!r} is no ensemble of {len(self.members)} members: map both alike"
            )
        pairs = list(zip(self.members, other.members, strict=True))
        for own, theirs in pairs:
            own._require_mergeable(theirs)
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
        return save_ensemble(self, path, deployed=deployed, about=about)

    @classmethod
    def load(cls, path: str | Path) -> PlaceEnsemble:
        """Read an ensemble that `save` wrote.

        Raises:
            ModelFileError: a broken file, or one of another version; the message names the field.
        """
        members, judge = load_members(PlaceRecognizer, path)
        found = cls([member.seed for member in members], members[0].config)
        found.members = members
        judge(found)
        return found

    def _see(self, image: Any) -> tuple[FloatArray, str]:
        return self.members[0]._see(image)

    def _fit(self, mapped: FloatArray, queries: Queries | None) -> None:
        self._judged([member._learn(mapped, queries) for member in self.members])

    def _judged(self, judged: list[Judged]) -> None:
        """Take the confidence of the averages of what members saw."""
        parts = []
        for same in zip(*(found.looks for found in judged), strict=True):
            looks = [average(seen) for seen in zip(*(looks for looks, _ in same), strict=True)]
            parts.append((looks, same[0][1]))
        config = self.members[0].config
        self.confidence = confidence(parts, config.same_place, config.false_acceptance)

    def _look(self, seen: FloatArray, waiting: Waiting, moved: float) -> Look:
        if waiting.deadline_s is not None:
            waiting = replace(waiting, deadline_s=waiting.deadline_s / len(self.members))
        return average([member._look(seen, waiting, moved) for member in self.members])

    def _add(self, seen: FloatArray) -> int:
        numbers = [member._add(seen) for member in self.members]
        return numbers[0]

    def _keep(self, positions: IntArray) -> None:
        for member in self.members:
            member._keep(positions)


def average(looks: Sequence[Look]) -> Look:
    """Return the average of looks at one frame; its spikes are those of all."""
    return Look(
        np.mean([look.alone for look in looks], axis=0),
        np.mean([look.summed for look in looks], axis=0),
        all(look.complete for look in looks),
        sum(look.spikes for look in looks),
        float(np.mean([look.arrived for look in looks])),
    )
