"""Place maps on disk: a JSON document beside a safetensors file, see `network.files`.

A deployed map omits the data for changing it, which are the spike codes of the places and the
lateral weights; one byte per pixel and place remains.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from snn_control.config import from_mapping
from snn_control.controllers.place.adaptation import AdaptationBaseline
from snn_control.controllers.place.confidence.calibration_state import CalibrationState
from snn_control.controllers.place.confidence.confidence import LENGTHS, N_FEATURES, Confidence
from snn_control.controllers.place.confidence.hindsight import FARTHEST
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.place_map import PlaceMap
from snn_control.controllers.place.presentation import QUARTERS
from snn_control.controllers.place.queries import BlankFrames
from snn_control.errors import ConfigError, ModelFileError
from snn_control.network.arrays import Arrays
from snn_control.network.fields import Field
from snn_control.network.files import Document, Tensors, read_pair, reading, write_pair
from snn_control.plasticity.decorrelation import Decorrelation

FloatArray = npt.NDArray[np.float64]

KIND, ENSEMBLE_KIND = "place_map", "place_ensemble"
_HEAD = ("schema_version", "arrays_sha256", "kind", "about")
_CALIBRATION = ("bias", "confidence_places")
_MAP = (
    "config", "seed", "deployed", "next_number", "habit", "calibrated", *_CALIBRATION
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class RecognizerState:
    """Learned state of a `PlaceRecognizer`, with the attributes of the same names."""

    config: PlaceConfig
    seed: int
    map: PlaceMap
    usual: FloatArray
    lateral: Decorrelation | None
    calibration: CalibrationState


def save(
    state: RecognizerState,
    path: str | Path,
    *,
    deployed: bool = False,
    about: Document | None = None,
) -> Path:
    """Write `<path>.json` and `<path>.safetensors`; return the path of the document.

    The frames of the sequence are not saved.

    Args:
        state: state of the recogniser.
        path: path with or without suffix.
        deployed: omits the data for `add`, `remove`, `fuse` and `merge`.
        about: provenance, human-readable.

    Raises:
        RunError: the disk is full or the folder is not writable; an existing map is kept.
    """
    document, tensors = _described(state, deployed)
    return write_pair(path, {"kind": KIND, "about": about or {}} | document, tensors)


def save_ensemble(
    members: Sequence[RecognizerState],
    calibration: CalibrationState,
    path: str | Path,
    *,
    deployed: bool = False,
    about: Document | None = None,
) -> Path:
    """Write the maps of all members and the confidence of the ensemble, see `save`."""
    document, tensors = _describe_calibration(calibration)
    documents = []
    for k, member in enumerate(members):
        described, arrays = _described(member, deployed)
        documents.append(described)
        tensors |= {f"{k}.{name}": array for name, array in arrays.items()}
    head: Document = {"kind": ENSEMBLE_KIND, "about": about or {}, "members": documents}
    return write_pair(path, head | document, tensors)


def provenance(skipped: BlankFrames, about: Document | None) -> Document:
    """Return `about` with the frames that were left out of the map, if any."""
    left_out: Document = {"skipped_frames": skipped.document()} if len(skipped) else {}
    return left_out | (about or {})


def load(path: str | Path) -> RecognizerState:
    """Read a map written by `save`.

    Raises:
        ModelFileError: missing, broken or of another version; the message names file or field.
    """
    document, tensors = read_pair(path, KIND)
    with reading(path):
        arrays = Arrays(dict(tensors))
        state = _read_state(Field(document).only((*_HEAD, *_MAP)), arrays)
        arrays.require_all_taken()
    return state


def load_ensemble(path: str | Path) -> tuple[list[RecognizerState], CalibrationState]:
    """Read the members of an ensemble and the calibration state of the ensemble.

    Raises:
        ModelFileError: see `load`.
    """
    document, tensors = read_pair(path, ENSEMBLE_KIND)
    with reading(path):
        root = Field(document).only((*_HEAD, *_CALIBRATION, "members"))
        arrays = Arrays(dict(tensors))
        members = [
            _read_state(member.only(_MAP), arrays.under(f"{k}."))
            for k, member in enumerate(root["members"].items())
        ]
        if not members:
            raise ModelFileError("members: expected at least one")
        first = members[0]
        if any(not np.array_equal(each.map.numbers, first.map.numbers) for each in members):
            raise ModelFileError("members: expected the same places in each")
        if any(each.config != first.config for each in members):
            raise ModelFileError("members: expected the same config in each")
        if len({each.seed for each in members}) < len(members):
            raise ModelFileError("members: expected a different seed in each")
        confidence, bias = _read_confidence(root, arrays)
        arrays.require_all_taken()
    of_members = tuple(each.calibration for each in members)
    calibrated = all(each.calibrated for each in of_members)
    return members, CalibrationState(confidence, bias, calibrated, members=of_members)


def _described(state: RecognizerState, deployed: bool) -> tuple[Document, Tensors]:
    place_map, lateral, calibration = state.map, state.lateral, state.calibration
    assert calibration.adaptation is not None
    assert calibration.early is not None
    deployed = deployed or place_map.fixed
    document, tensors = _describe_calibration(calibration)
    tensors |= {
        "weights": place_map.weights,
        "scales": place_map.scales,
        "numbers": place_map.numbers,
        "means": place_map.means,
        "spreads": place_map.spreads,
        "usual": state.usual,
        "visiting": calibration.adaptation.mean,
        "early": calibration.early,
    }
    if lateral is not None and not deployed:
        tensors |= {
            "codes": place_map.codes,
            "sums": place_map.sums,
            "squares": place_map.squares,
            "lateral": lateral.lateral[np.triu_indices(len(lateral.lateral))],
        }
    document |= {
        "config": dataclasses.asdict(state.config),
        "seed": state.seed,
        "deployed": deployed,
        "next_number": place_map.next_number,
        "habit": float(calibration.adaptation.places),
        "calibrated": calibration.calibrated,
    }
    return document, tensors


def _describe_calibration(calibration: CalibrationState) -> tuple[Document, Tensors]:
    confidence = calibration.confidence
    document: Document = {
        "bias": calibration.bias,
        "confidence_places": confidence.n_places if confidence else 1,
    }
    if confidence is None:
        return document, {}
    return document, {
        "confidence.right": confidence.correct,
        "confidence.known": confidence.known,
        "confidence.thresholds": confidence.thresholds,
        "confidence.tails": confidence.tails,
    }


def _read_state(root: Field, arrays: Arrays) -> RecognizerState:
    names = [field.name for field in dataclasses.fields(PlaceConfig)]
    settings = root["config"].only(names)
    for name in names:  # no setting falls back to the default of another version
        settings[name]
    try:
        config = from_mapping(PlaceConfig, settings.value, "config")
    except ConfigError as exc:
        raise ModelFileError(str(exc)) from exc
    seed, n_inputs = root["seed"].integer(0, 2**63 - 1), config.n_inputs
    place_map = _read_map(root, arrays, n_inputs)
    usual = arrays.take("usual", (n_inputs,), np.float64)
    calibration = _read_calibration(root, arrays, config)
    lateral = None
    if "lateral" in arrays:
        n = len(place_map)
        lateral = _read_lateral(arrays, n_inputs)
        place_map.codes = arrays.take("codes", (n, n_inputs), np.int8)
        place_map.sums = arrays.take("sums", (n,), np.float64)
        place_map.squares = arrays.take("squares", (n,), np.float64)
    elif not place_map.fixed and len(place_map):
        raise ModelFileError("lateral: missing, and the map is not marked as deployed")
    return RecognizerState(config, seed, place_map, usual, lateral, calibration)


def _read_map(root: Field, arrays: Arrays, n_inputs: int) -> PlaceMap:
    place_map = PlaceMap(n_inputs)
    place_map.next_number = root["next_number"].integer(0, 2**62)
    place_map.numbers = arrays.take("numbers", (None,), np.int64, 0, place_map.next_number - 1)
    n = len(place_map)
    if len(np.unique(place_map.numbers)) < n:
        raise ModelFileError("numbers: expected each place once")
    place_map.weights = arrays.take("weights", (n_inputs, n), np.int8)
    place_map.scales = arrays.take("scales", (n,), np.float64)
    place_map.means = arrays.take("means", (n,), np.float64)
    place_map.spreads = arrays.take("spreads", (n,), np.float64)
    if not (np.all(place_map.scales > 0.0) and np.all(place_map.spreads > 0.0)):
        raise ModelFileError("scales, spreads: expected numbers above 0")
    place_map.fixed = root["deployed"].flag()
    return place_map


def _read_lateral(arrays: Arrays, n_inputs: int) -> Decorrelation:
    lateral = Decorrelation(n_inputs, 1.0)
    upper = np.triu_indices(n_inputs)
    lateral.lateral[upper] = arrays.take("lateral", (len(upper[0]),), np.float64)
    lateral.lateral.T[upper] = lateral.lateral[upper]
    return lateral


def _read_calibration(root: Field, arrays: Arrays, config: PlaceConfig) -> CalibrationState:
    mean = arrays.take("visiting", (config.n_inputs,), np.float64)
    places = root["habit"].number()
    if places < 0.0:
        raise ModelFileError(f"`habit` is {places:g}; expected at least 0 places")
    calibrated = root["calibrated"].flag()
    early = arrays.take("early", (len(QUARTERS),), np.float64, finite=False)
    confidence, bias = _read_confidence(root, arrays)
    adaptation = AdaptationBaseline(mean, places, config.memory)
    return CalibrationState(confidence, bias, calibrated, adaptation, early)


def _read_confidence(root: Field, arrays: Arrays) -> tuple[Confidence | None, float]:
    """Return the confidence and the bias of a recogniser or an ensemble."""
    n_places, bias = root["confidence_places"].integer(1, 2**62), root["bias"].number()
    if abs(bias) > FARTHEST:
        raise ModelFileError(f"bias is {bias:g}; expected -4 to 4")
    if "confidence.right" not in arrays:
        return None, bias
    confidence = Confidence(
        arrays.take("confidence.right", (2 + N_FEATURES,), np.float64),
        arrays.take("confidence.known", (len(LENGTHS), 1 + N_FEATURES), np.float64),
        arrays.take("confidence.thresholds", (len(LENGTHS),), np.float64),
        arrays.take("confidence.tails", (len(LENGTHS),), np.float64),
        n_places,
    )
    return confidence, bias
