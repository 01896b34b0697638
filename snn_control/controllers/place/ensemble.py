"""Several recognisers of other seeds, whose answers are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from snn_control.controllers.place.calibration import confident
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.hindsight import Hindsight
from snn_control.controllers.place.place_recognizer import PlaceRecognizer
from snn_control.controllers.place.recognizer import Images, IntArray, Look, Recognizer, Waiting
from snn_control.errors import ParameterError


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
        if not seeds or len(set(seeds)) < len(seeds):
            raise ParameterError(f"seeds {list(seeds)}; expected at least one, none of them twice")
        self.members = [PlaceRecognizer(seed, config) for seed in seeds]
        super().__init__(self.members[0].config.same_place)

    @property
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""
        return self.members[0].places

    def fit(
        self, images: Images, calibration: tuple[Images, Sequence[int]] | None = None
    ) -> PlaceEnsemble:
        """Map a route anew, see `PlaceRecognizer.fit`; the confidence is that of the averages."""
        taught = [member.learn(images, calibration) for member in self.members]
        parts = []
        for same in zip(*(found.parts for found in taught), strict=True):
            looks = [average(seen) for seen in zip(*(looks for looks, _ in same), strict=True)]
            parts.append((looks, same[0][1]))
        self.confidence = confident(parts, self.members[0].config)
        self.hindsight = Hindsight()
        self.reset_sequence()
        return self

    def add(self, image: Any) -> int:
        """Map one more place, see `PlaceRecognizer.add`."""
        numbers = [member.add(image) for member in self.members]
        return numbers[0]

    def _look(self, image: Any, waiting: Waiting, moved: float) -> Look:
        if waiting.deadline_s is not None:
            waiting = replace(waiting, deadline_s=waiting.deadline_s / len(self.members))
        return average([member._look(image, waiting, moved) for member in self.members])

    def _keep(self, positions: IntArray) -> None:
        for member in self.members:
            member._keep(positions)


def average(looks: Sequence[Look]) -> Look:
    """Return the average of looks at one frame; its spikes are those of all."""
    return Look(
        np.mean([look.alone for look in looks], axis=0),
        np.mean([look.summed for look in looks], axis=0),
        looks[0].wrong,
        all(look.complete for look in looks),
        sum(look.spikes for look in looks),
        float(np.mean([look.arrived for look in looks])),
    )
