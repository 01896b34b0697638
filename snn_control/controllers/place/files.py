"""Place maps on disk: a JSON document beside a safetensors file, see `network.files`.

A map that is only to be flown leaves out what growing needs, the sights of the places and the
lateral weights: one byte a pixel and place remains.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snn_control.config import from_mapping
from snn_control.controllers.place.confidence import LENGTHS, N_FEATURES, Confidence
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.hindsight import FARTHEST
from snn_control.controllers.place.place_map import PlaceMap
from snn_control.controllers.place.presentation import QUARTERS
from snn_control.errors import ConfigError, ModelFileError
from snn_control.network.arrays import Arrays
from snn_control.network.fields import Field
from snn_control.network.files import Document, Tensors, read_pair, reading, write_pair
from snn_control.plasticity.decorrelation import Decorrelation

if TYPE_CHECKING:
    from snn_control.controllers.place.ensemble import PlaceEnsemble
    from snn_control.controllers.place.recognizer import Recognizer
    from snn_control.controllers.place.spiking_recognizer import PlaceRecognizer

KIND, ENSEMBLE_KIND = "place_map", "place_ensemble"
_HEAD = ("schema_version", "arrays_sha256", "kind", "about")
_JUDGEMENT = ("bias", "confidence_places")
_MAP = (
    "config", "seed", "deployed", "next_number", "habit", "calibrated", *_JUDGEMENT
)  # fmt: skip
_CONFIDENCE = ("right", "known", "thresholds", "tails")


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
        deployed: leave out what `add`, `remove`, `fuse` and `merge` need.
        about: provenance for people.

    Raises:
        RunError: the disk is full or the folder cannot be written; a map that was there stays.
    """
    document, tensors = _described(recognizer, deployed)
    return write_pair(path, {"kind": KIND, "about": about or {}} | document, tensors)


def save_ensemble(
    ensemble: PlaceEnsemble,
    path: str | Path,
    *,
    deployed: bool = False,
    about: Document | None = None,
) -> Path:
    """Write the maps of all members, and the ensemble's confidence, see `save`."""
    document, tensors = _judgement(ensemble)
    members = []
    for k, member in enumerate(ensemble.members):
        described, arrays = _described(member, deployed)
        members.append(described)
        tensors |= {f"{k}.{name}": array for name, array in arrays.items()}
    head: Document = {"kind": ENSEMBLE_KIND, "about": about or {}, "members": members}
    return write_pair(path, head | document, tensors)


def load(recognizer_type: type[PlaceRecognizer], path: str | Path) -> PlaceRecognizer:
    """Read what `save` wrote.

    Raises:
        ModelFileError: a broken file, or one of another version; the message names the field.
    """
    document, tensors = read_pair(path, KIND)
    with reading(path):
        arrays = Arrays(dict(tensors))
        found = _restored(recognizer_type, Field(document).only((*_HEAD, *_MAP)), arrays)
        arrays.nothing_left()
    return found


def load_members(
    recognizer_type: type[PlaceRecognizer], path: str | Path
) -> tuple[list[PlaceRecognizer], Callable[[Recognizer], None]]:
    """Read the members of an ensemble, and what gives the ensemble its confidence.

    Raises:
        ModelFileError: see `load`.
    """
    document, tensors = read_pair(path, ENSEMBLE_KIND)
    with reading(path):
        root = Field(document).only((*_HEAD, *_JUDGEMENT, "members"))
        arrays = Arrays(dict(tensors))
        members = [
            _restored(recognizer_type, member.only(_MAP), arrays.under(f"{k}."))
            for k, member in enumerate(root["members"].items())
        ]
        if not members:
            raise ModelFileError("members: expected at least one")
        if any(not np.array_equal(each.places, members[0].places) for each in members):
            raise ModelFileError("members: expected the same places in each")
        if any(each.config != members[0].config for each in members):
            raise ModelFileError("members: expected the same config in each")
        if len({each.seed for each in members}) < len(members):
            raise ModelFileError("members: expected another seed in each")
        judge = _read_judgement(root, arrays)
        arrays.nothing_left()
    return members, judge


def _described(recognizer: PlaceRecognizer, deployed: bool) -> tuple[Document, Tensors]:
    place_map, lateral = recognizer.map, recognizer.lateral
    deployed = deployed or place_map.fixed
    document, tensors = _judgement(recognizer)
    tensors |= {
        "weights": place_map.weights,
        "scales": place_map.scales,
        "numbers": place_map.numbers,
        "means": place_map.means,
        "spreads": place_map.spreads,
        "usual": recognizer.usual,
        "visiting": recognizer.visiting.usual,
        "early": recognizer.early,
    }
    if lateral is not None and not deployed:
        tensors |= {
            "codes": place_map.codes,
            "sums": place_map.sums,
            "squares": place_map.squares,
            "lateral": lateral.lateral[np.triu_indices(len(lateral.lateral))],
        }
    document |= {
        "config": dataclasses.asdict(recognizer.config),
        "seed": recognizer.seed,
        "deployed": deployed,
        "next_number": place_map.next_number,
        "habit": float(recognizer.visiting.seen),
        "calibrated": recognizer.calibrated,
    }
    return document, tensors


def _judgement(recognizer: Recognizer) -> tuple[Document, Tensors]:
    confidence = recognizer.confidence
    document: Document = {
        "bias": recognizer.hindsight.bias,
        "confidence_places": confidence.n_places if confidence else 1,
    }
    if confidence is None:
        return document, {}
    return document, {f"confidence.{name}": getattr(confidence, name) for name in _CONFIDENCE}


def _restored(
    recognizer_type: type[PlaceRecognizer], root: Field, arrays: Arrays
) -> PlaceRecognizer:
    names = [field.name for field in dataclasses.fields(PlaceConfig)]
    given = root["config"].only(names)
    for name in names:  # none takes the default of another version
        given[name]
    try:
        config = from_mapping(PlaceConfig, given.value, "config")
    except ConfigError as exc:
        raise ModelFileError(str(exc)) from exc
    found = recognizer_type(root["seed"].integer(0, 2**63 - 1), config)
    n_inputs = config.n_inputs
    _read_places(found.map, root, arrays, n_inputs)
    n = len(found.map)
    found.usual = arrays.take("usual", (n_inputs,), np.float64)
    found.visiting.usual = arrays.take("visiting", (n_inputs,), np.float64)
    found.visiting.seen = root["habit"].number()
    if found.visiting.seen < 0.0:
        raise ModelFileError(f"habit is {found.visiting.seen:g}; expected at least 0")
    found.calibrated = root["calibrated"].flag()
    found.early = arrays.take("early", (len(QUARTERS),), np.float64, finite=False)
    _read_judgement(root, arrays)(found)
    found.map.fixed = root["deployed"].flag()
    if "lateral" in arrays:
        found.lateral = _read_lateral(arrays, n_inputs)
        found.map.codes = arrays.take("codes", (n, n_inputs), np.int8)
        found.map.sums = arrays.take("sums", (n,), np.float64)
        found.map.squares = arrays.take("squares", (n,), np.float64)
    elif not found.map.fixed and n:
        raise ModelFileError("lateral: missing, and the map is not marked as deployed")
    return found


def _read_places(place_map: PlaceMap, root: Field, arrays: Arrays, n_inputs: int) -> None:
    place_map.next_number = root["next_number"].integer(0, 2**62)
    place_map.numbers = arrays.take("numbers", (None,), np.int64, 0, place_map.next_number - 1)
    n = len(place_map)
    if len(np.unique(place_map.numbers)) < n:
        raise ModelFileError("numbers: expected each place once")
    place_map.weights = arrays.take("weights", (n_inputs, n), np.int8)
    for name in ("scales", "means", "spreads"):
        setattr(place_map, name, arrays.take(name, (n,), np.float64))
    if not (np.all(place_map.scales > 0.0) and np.all(place_map.spreads > 0.0)):
        raise ModelFileError("scales, spreads: expected numbers above 0")


def _read_lateral(arrays: Arrays, n_inputs: int) -> Decorrelation:
    lateral = Decorrelation(n_inputs, 1.0)
    upper = np.triu_indices(n_inputs)
    lateral.lateral[upper] = arrays.take("lateral", (len(upper[0]),), np.float64)
    lateral.lateral.T[upper] = lateral.lateral[upper]
    return lateral


def _read_judgement(root: Field, arrays: Arrays) -> Callable[[Recognizer], None]:
    """Return what gives a recogniser its confidence and bias."""
    n_places, bias = root["confidence_places"].integer(1, 2**62), root["bias"].number()
    if abs(bias) > FARTHEST:
        raise ModelFileError(f"bias is {bias:g}; expected -4 to 4")
    confidence = None
    if "confidence.right" in arrays:
        confidence = Confidence(
            arrays.take("confidence.right", (2 + N_FEATURES,), np.float64),
            arrays.take("confidence.known", (len(LENGTHS), 1 + N_FEATURES), np.float64),
            arrays.take("confidence.thresholds", (len(LENGTHS),), np.float64),
            arrays.take("confidence.tails", (len(LENGTHS),), np.float64),
            n_places,
        )

    def give(recognizer: Recognizer) -> None:
        recognizer.confidence, recognizer.hindsight.bias = confidence, bias

    return give
