"""Calibration of a map: lateral weights from image differences, and confidence of the answers.

With calibration queries, the lateral weights are learned from the differences between queries and
mapped images, and the confidence from held-out answers: the queries are split into folds along the
route, and each fold is matched with lateral weights that were learned from the other folds. Without
queries, the lateral weights are learned from the mapped images and the confidence from augmented
copies of them; it then ignores changes of season and is too high.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.adaptation import AdaptationBaseline
from snn_control.controllers.place.confidence.confidence import (
    LENGTHS,
    Confidence,
    Sample,
    features,
    near,
    sample_of,
)
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.evidence import Evidence
from snn_control.controllers.place.image_encoder import Codes, ImageEncoder
from snn_control.controllers.place.place_map import PlaceMap, blended
from snn_control.controllers.place.presentation import QUARTERS, arrived
from snn_control.controllers.place.queries import Queries
from snn_control.controllers.place.sequence import FrameSequence
from snn_control.plasticity.decorrelation import Decorrelation

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PARTS = 4
"""Number of folds."""
_LEAST_ANSWERS = 8
_SELF_QUERIES = 400
_AGREEMENT = 0.99
"""Fraction of early answers that must equal those of all spikes."""

LabelledEvidence = tuple[list[Evidence], IntArray]
"""Evidence of queries in order, and their positions on the map."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Calibration of the answers of a map."""

    confidence: Confidence
    early: FloatArray
    """See `PlaceRecognizer.early`."""
    parts: list[LabelledEvidence]
    """Evidence of the queries, one entry per fold."""


@dataclass(frozen=True, eq=False)
class LearnedTransform:
    """Lateral weights and calibration, learned before places are mapped."""

    lateral: Decorrelation
    adaptation: AdaptationBaseline
    """Adaptation baseline at the end of the query traverse."""
    calibration: Calibration


def learn_transform(
    config: PlaceConfig, encoder: ImageEncoder, mapped: FloatArray, queries: Queries | None
) -> LearnedTransform:
    """Learn lateral weights and confidence from mapped images and queries.

    Args:
        config: configuration of the recogniser.
        encoder: encoder of the recogniser.
        mapped: normalised image of each place, (n_places, n_inputs).
        queries: queries in the order of the traverse; None: augmented copies of `mapped`.
    """
    usual = mapped.mean(axis=0)
    codes, early_exit = encoder.codes(mapped, usual), _EarlyExit(config, encoder)

    def imprinted(lateral: Decorrelation) -> PlaceMap:
        place_map = PlaceMap(config.n_inputs)
        place_map.imprint(codes, lateral)
        return place_map

    if queries is None:
        lateral = _lateral(config)
        gain = np.sqrt(config.reference_share) * config.levels
        lateral.learn(gain * (mapped - usual) * encoder.connected)
        places = min(len(mapped), config.memory) / 10
        adaptation = AdaptationBaseline(usual, places, config.memory)
        calibration = calibrate(config, encoder, imprinted(lateral), mapped, None)
        return LearnedTransform(lateral, adaptation, calibration)

    def learned_from(others: Queries) -> Callable[[FloatArray], Evidence]:
        lateral, adaptation = _from_pairs(config, mapped, others, encoder)
        return _evidence_function(encoder, imprinted(lateral), adaptation, early_exit)

    parts = held_out(queries, learned_from)
    lateral, adaptation = _from_pairs(config, mapped, queries, encoder)
    fitted = confidence(parts, config.same_place, config.false_acceptance)
    return LearnedTransform(lateral, adaptation, Calibration(fitted, early_exit.leads(), parts))


def calibrate(
    config: PlaceConfig,
    encoder: ImageEncoder,
    place_map: PlaceMap,
    mapped: FloatArray,
    queries: Queries | None,
) -> Calibration:
    """Calibrate the confidence of the answers of a map.

    Args:
        config: configuration of the recogniser.
        encoder: encoder of the recogniser.
        place_map: map to calibrate.
        mapped: normalised images of its places, (n_places, n_inputs).
        queries: queries in the order of the traverse; None: augmented copies of `mapped`.
    """
    early_exit = _EarlyExit(config, encoder)
    if queries is None:
        adaptation = AdaptationBaseline(mapped.mean(axis=0), 1, config.memory)
        queries = _augmented(mapped)
    else:
        adaptation = adaptation_of(config, queries)
    parts = [observed(queries, _evidence_function(encoder, place_map, adaptation, early_exit))]
    fitted = confidence(parts, config.same_place, config.false_acceptance)
    return Calibration(fitted, early_exit.leads(), parts)


def _evidence_function(
    encoder: ImageEncoder,
    place_map: PlaceMap,
    adaptation: AdaptationBaseline,
    early_exit: _EarlyExit,
) -> Callable[[FloatArray], Evidence]:
    """Return a function from normalised image to evidence that adapts to its images in turn."""

    def observe(image: FloatArray) -> Evidence:
        nonlocal adaptation
        code = encoder.codes(image, adaptation.mean)
        adaptation = adaptation.after(image)
        alone = place_map.scores(place_map.potentials(code))
        early_exit.record(place_map, code, int(alone.argmax()))
        return Evidence(alone, blended(alone, early_exit.config))

    return observe


def held_out(
    queries: Queries, learned_from: Callable[[Queries], Callable[[FloatArray], Evidence]]
) -> list[LabelledEvidence]:
    """Return the evidence of each fold of the queries after learning from the other folds.

    Args:
        queries: queries of a traverse.
        learned_from: learns from queries; returns a function from normalised image to evidence.
    """
    every = np.arange(len(queries))
    return [
        observed(queries.part(mine), learned_from(queries.part(np.setdiff1d(every, mine))))
        for mine in np.array_split(every, PARTS)
    ]


def observed(queries: Queries, evidence: Callable[[FloatArray], Evidence]) -> LabelledEvidence:
    """Return the evidence of queries in order, with their positions."""
    return [evidence(image) for image in queries.images], queries.places


def confidence(
    parts: Sequence[LabelledEvidence], same_place: int, false_acceptance: float
) -> Confidence:
    """Fit the confidence on the evidence of all folds of a traverse.

    Args:
        parts: evidence and positions of the queries, one entry per fold.
        same_place: see `PlaceConfig`.
        false_acceptance: see `PlaceConfig`.
    """
    folds = [features_by_length(evidence, places, same_place) for evidence, places in parts]
    samples: dict[int, Sample] = {}
    for length in LENGTHS:
        known = [row for fold in folds if length in fold for row in fold[length][0]]
        unknown = [row for fold in folds if length in fold for row in fold[length][1]]
        if min(len(known), len(unknown)) >= _LEAST_ANSWERS:
            samples[length] = sample_of(known, unknown)
    rivals = len(parts[0][0][0].alone) - (2 * same_place + 1)  # of an unknown place
    return Confidence.fit(samples, false_acceptance, max(rivals, 1))


FeaturesByLength = dict[int, tuple[list[tuple[FloatArray, bool]], list[FloatArray]]]
"""Features of known places with their correctness, and of unknown places, by length."""


def features_by_length(
    evidence: Iterable[Evidence], places: IntArray, same_place: int
) -> FeaturesByLength:
    """Match the queries of a traverse, with their true places on the map and removed from it.

    Args:
        evidence: evidence of each query.
        places: position of each query on the map, (n,).
        same_place: see `PlaceConfig`.
    """
    result: FeaturesByLength = {length: ([], []) for length in LENGTHS if length <= len(places)}
    sequences = {length: FrameSequence() for length in result}
    before = int(places[0])
    for k, (frame, place) in enumerate(zip(evidence, places.tolist(), strict=True)):
        for length, sequence in sequences.items():
            total = sequence.advance(frame.summed, float(place - before), length)
            total = frame.alone if length == 1 else total
            if k < length - 1:
                continue
            best, values = features(total, length, same_place)
            result[length][0].append((values, best == place))
            elsewhere = np.delete(total, near(place, same_place, len(total)))
            if len(elsewhere):
                result[length][1].append(features(elsewhere, length, same_place)[1])
        before = place
    return result


class _EarlyExit:
    """Statistics of the leads at which the first spikes give the same answer as all spikes."""

    def __init__(self, config: PlaceConfig, encoder: ImageEncoder) -> None:
        self.config, self._encoder = config, encoder
        self._records: list[list[tuple[float, bool]]] = [[] for _ in QUARTERS]

    def record(self, place_map: PlaceMap, code: Codes, final: int) -> None:
        """Compare the answers after each of `QUARTERS` with the final one."""
        for fraction, records in zip(QUARTERS, self._records, strict=True):
            partial = arrived(code, self._encoder.start, self.config.ticks, fraction)
            alone = place_map.scores(place_map.potentials(partial))
            best, values = features(alone, 1, self.config.same_place)
            records.append((float(values[0]), best == final))

    def leads(self) -> FloatArray:
        """Return the smallest leads with 99 % agreement, infinity without any, (len(QUARTERS),)."""
        leads = np.full(len(QUARTERS), np.inf)
        for k, records in enumerate(self._records):
            lead, agrees = (
                np.array(column) for column in zip(*sorted(records, reverse=True), strict=True)
            )
            agreement = np.cumsum(agrees) / np.arange(1, len(agrees) + 1)
            enough = np.flatnonzero(
                (agreement >= _AGREEMENT) & (np.arange(len(agrees)) >= _LEAST_ANSWERS)
            )
            if len(enough):
                leads[k] = lead[enough[-1]]
        return leads


def _from_pairs(
    config: PlaceConfig, mapped: FloatArray, queries: Queries, encoder: ImageEncoder
) -> tuple[Decorrelation, AdaptationBaseline]:
    own, theirs = mapped[queries.places], queries.images
    usual = theirs.mean(axis=0)
    lateral = _lateral(config)
    difference = (theirs - usual) - (own - own.mean(axis=0))
    lateral.learn(config.levels * difference * encoder.connected)
    return lateral, adaptation_of(config, queries)


def adaptation_of(config: PlaceConfig, queries: Queries) -> AdaptationBaseline:
    """Return the adaptation baseline at the end of a query traverse."""
    places = min(len(queries), config.memory)
    return AdaptationBaseline(queries.images.mean(axis=0), places, config.memory)


def _lateral(config: PlaceConfig) -> Decorrelation:
    return Decorrelation(config.n_inputs, config.stiffness * config.levels**2)


def _augmented(mapped: FloatArray) -> Queries:
    """Return mapped images with random noise and an offset per pixel common to all images."""
    rng = np.random.default_rng(0)
    n, n_inputs = mapped.shape
    count = min(n, _SELF_QUERIES)
    first = int(rng.integers(0, n - count + 1))
    places = np.arange(first, first + count)
    patches = rng.normal(0.0, 0.5, (count, n_inputs)) + rng.normal(0.0, 0.3, n_inputs)
    return Queries(mapped[places] + patches, places)
