"""Place maps on disk: a JSON document beside a safetensors file, see `network.files`.

A map that is only to be flown leaves out what growing needs, the sights of the places and the
lateral weights: one byte a pixel and place remains.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snn_control.config import from_mapping
from snn_control.controllers.place.confidence import LENGTHS, N_FEATURES, Confidence
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.hindsight import FARTHEST
from snn_control.controllers.place.senses import Habit
from snn_control.controllers.place.spiking import QUARTERS
from snn_control.errors import ConfigError, ModelFileError
from snn_control.network.fields import Field
from snn_control.network.files import Document, Tensors, read_pair, reading, write_pair
from snn_control.plasticity.decorrelation import Decorrelation

if TYPE_CHECKING:
    from snn_control.controllers.place.place_recognizer import PlaceRecognizer

KIND = "place_map"
_FIELDS = (
    "schema_version", "arrays_sha256", "kind", "about", "config", "seed", "deployed", "next_number",
    "habits", "bias", "lateral_learned", "confidence_places",
)  # fmt: skip


def save(
    recognizer: PlaceRecognizer,
    path: str | Path,
    *,
    deployed: bool = False,
    about: Document | None = None,
) -> Path:
    """Write `<path>.json` and `<path>.safetensors`; return the path of the document.

    The frames of the sequence are not saved.

    Args:
        recognizer: what to save.
        path: with or without suffix.
        deployed: leave out what `add`, `remove` and `merge` need.
        about: provenance for people.

    Raises:
        RunError: the disk is full or the folder cannot be written; a map that was there stays.
    """
    place_map, lateral = recognizer.map, recognizer.lateral
    deployed = deployed or place_map.fixed
    tensors: Tensors = {
        "weights": place_map.weights,
        "scales": place_map.scales,
        "numbers": place_map.numbers,
        "means": place_map.means,
        "spreads": place_map.spreads,
        "mapping.usual": recognizer.mapping.usual,
        "visiting.usual": recognizer.visiting.usual,
        "early": recognizer.early,
    }
    if recognizer.confidence is not None:
        tensors |= {
            f"confidence.{name}": getattr(recognizer.confidence, name) for name in _CONFIDENCE
        }
    if lateral is not None and not deployed:
        tensors |= {
            "codes": place_map.codes,
            "sums": place_map.sums,
            "squares": place_map.squares,
            "lateral": lateral.lateral[np.triu_indices(len(lateral.lateral))],
        }
    habits = {"mapping": recognizer.mapping.seen, "visiting": recognizer.visiting.seen}
    document: Document = {
        "kind": KIND,
        "about": about or {},
        "config": dataclasses.asdict(recognizer.config),
        "seed": recognizer.seed,
        "deployed": deployed,
        "next_number": place_map.next_number,
        "habits": {name: float(seen) for name, seen in habits.items()},
        "bias": recognizer.hindsight.bias,
        "lateral_learned": 0 if lateral is None else lateral.learned,
        "confidence_places": recognizer.confidence.n_places if recognizer.confidence else 1,
    }
    return write_pair(path, document, tensors)


_CONFIDENCE = ("right", "known", "thresholds", "tails")


def load_into(recognizer_type: type[PlaceRecognizer], path: str | Path) -> PlaceRecognizer:
    """Read what `save` wrote.

    Raises:
        ModelFileError: a broken file, or one of another version; the message names the field.
    """
    document, tensors = read_pair(path, KIND)
    with reading(path):
        root = Field(document).only(_FIELDS)
        try:
            config = from_mapping(PlaceConfig, root["config"].value, "config")
        except ConfigError as exc:
            raise ModelFileError(str(exc)) from exc
        found = recognizer_type(root["seed"].integer(0, 2**63 - 1), config)
        take = _Taker(tensors)
        n_inputs = config.n_inputs
        n = take.length("numbers")
        place_map = found.map
        place_map.weights = take("weights", (n_inputs, n), np.int8)
        for name in ("scales", "means", "spreads"):
            setattr(place_map, name, take(name, (n,), np.float64))
        place_map.numbers = take("numbers", (n,), np.int64)
        place_map.next_number = root["next_number"].integer(0, 2**62)
        if len(np.unique(place_map.numbers)) < n or place_map.numbers.max(initial=-1) >= (
            place_map.next_number
        ):
            raise ModelFileError("numbers: expected each place once, below next_number")
        if not (np.all(place_map.scales > 0.0) and np.all(place_map.spreads > 0.0)):
            raise ModelFileError("scales, spreads: expected numbers above 0")
        for name, habit in (("mapping", found.mapping), ("visiting", found.visiting)):
            _read_habit(habit, take(f"{name}.usual", (n_inputs,), np.float64), root, name)
        if "confidence.right" in tensors:
            found.confidence = Confidence(
                take("confidence.right", (2 + N_FEATURES,), np.float64),
                take("confidence.known", (len(LENGTHS), 1 + N_FEATURES), np.float64),
                take("confidence.thresholds", (len(LENGTHS),), np.float64),
                take("confidence.tails", (len(LENGTHS),), np.float64),
                root["confidence_places"].integer(1, 2**62),
            )
        found.early = take("early", (len(QUARTERS),), np.float64, finite=False)
        found.hindsight.bias = root["bias"].number()
        if abs(found.hindsight.bias) > FARTHEST:
            raise ModelFileError(f"bias is {found.hindsight.bias:g}; expected -4 to 4")
        place_map.fixed = root["deployed"].flag()
        if "lateral" in tensors:
            place_map.codes = take("codes", (n, n_inputs), np.int8)
            place_map.sums = take("sums", (n,), np.float64)
            place_map.squares = take("squares", (n,), np.float64)
            lateral = Decorrelation(n_inputs, 1.0)
            upper = np.triu_indices(n_inputs)
            lateral.lateral[upper] = take("lateral", (len(upper[0]),), np.float64)
            lateral.lateral.T[upper] = lateral.lateral[upper]
            lateral.learned = root["lateral_learned"].integer(0, 2**62)
            found.lateral = lateral
        elif not place_map.fixed and n:
            raise ModelFileError("lateral: missing, and the map is not marked as deployed")
        take.nothing_left()
    return found


def _read_habit(habit: Habit, usual: Any, root: Field, name: str) -> None:
    habit.usual, habit.seen = usual, root["habits"][name].number()
    if habit.seen < 0.0:
        raise ModelFileError(f"habits.{name} is {habit.seen:g}; expected at least 0")


class _Taker:
    """Hands out arrays of a file by name, shape and type."""

    def __init__(self, tensors: Tensors) -> None:
        self._tensors = dict(tensors)

    def length(self, name: str) -> int:
        """Return the length of the first axis of an array that stays."""
        if name not in self._tensors or not self._tensors[name].ndim:
            raise ModelFileError(f"array {name!r} is missing")
        return len(self._tensors[name])

    def __call__(self, name: str, shape: tuple[int, ...], dtype: Any, finite: bool = True) -> Any:
        found = self._tensors.pop(name, None)
        if found is None:
            raise ModelFileError(f"array {name!r} is missing")
        if found.shape != shape or found.dtype != dtype:
            raise ModelFileError(
                f"array {name!r} is {found.dtype}{list(found.shape)}; expected "
                f"{np.dtype(dtype)}{list(shape)}"
            )
        if finite and found.dtype.kind == "f" and not np.isfinite(found).all():
            raise ModelFileError(f"array {name!r} holds numbers that are not finite")
        return found.copy()

    def nothing_left(self) -> None:
        if self._tensors:
            raise ModelFileError(f"unknown array {next(iter(self._tensors))!r}")
