"""Calibration of a map: the disturbances of its images, and the confidence in its answers.

Queries with known places teach the lateral weights by their differences to the mapped images, and
the confidence by answers that they had no part in: they are cut into parts along the route, and
each is answered by a map whose lateral weights were taught by the others. Where there are none,
mapped images teach the lateral weights, and altered copies of them the confidence, which then knows
no other seasons and is too sure of itself.
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
from snn_control.controllers.place.place_map import PlaceMap, blended
from snn_control.controllers.place.presentation import QUARTERS, arrived
from snn_control.controllers.place.queries import Queries
from snn_control.controllers.place.senses import Codes, Senses
from snn_control.controllers.place.sequence import FrameSequence
from snn_control.plasticity.decorrelation import Decorrelation

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PARTS = 4
_LEAST_ANSWERS = 8
_SELF_QUERIES = 400
_STAYS = 0.99
"""Share of early answers that must be those of all spikes."""

Observed = tuple[list[Evidence], IntArray]
"""Evidence of queries in order, and their positions on the map."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Calibration of the answers of a map."""

    confidence: Confidence
    early: FloatArray
    """See `PlaceRecognizer.early`."""
    parts: list[Observed]
    """Evidence of the queries, part by part."""


@dataclass(frozen=True, eq=False)
class Taught:
    """Result of a calibration before places are mapped."""

    lateral: Decorrelation
    adaptation: AdaptationBaseline
    """Adaptation baseline of the query traverse, at its end."""
    judged: Judged


def teach(
    config: PlaceConfig, senses: Senses, mapped: FloatArray, queries: Queries | None
) -> Taught:
    """Learn from mapped images, and from queries where there are any.

    Args:
        config: of the recogniser.
        senses: of the recogniser.
        mapped: normalised image of each place, (n_places, n_inputs).
        queries: in the order of the traverse; None: altered copies of the mapped ones.
    """
    usual = mapped.mean(axis=0)
    codes, settling = senses.codes(mapped, usual), _Settling(config, senses)

    def imprinted(lateral: Decorrelation) -> PlaceMap:
        place_map = PlaceMap(config.n_inputs)
        place_map.imprint(codes, lateral)
        return place_map

    if queries is None:
        lateral = _lateral(config)
        share = np.sqrt(config.reference_share) * config.levels
        lateral.learn(share * (mapped - usual) * senses.connected)
        places = min(len(mapped), config.memory) / 10
        adaptation = AdaptationBaseline(usual, places, config.memory)
        return Taught(lateral, adaptation, judge(config, senses, imprinted(lateral), mapped, None))

    def taught(others: Queries) -> Callable[[FloatArray], Evidence]:
        lateral, adaptation = _from_pairs(config, mapped, others, senses)
        return _observer(senses, imprinted(lateral), adaptation, settling)

    parts = held_out(queries, taught)
    lateral, adaptation = _from_pairs(config, mapped, queries, senses)
    fitted = confidence(parts, config.same_place, config.false_acceptance)
    return Taught(lateral, adaptation, Judged(fitted, settling.leads(), parts))


def judge(
    config: PlaceConfig,
    senses: Senses,
    place_map: PlaceMap,
    mapped: FloatArray,
    queries: Queries | None,
) -> Judged:
    """Calibrate the confidence in the answers of a map.

    Args:
        config: of the recogniser.
        senses: of the recogniser.
        place_map: in use.
        mapped: normalised images of its places, (n_places, n_inputs).
        queries: in the order of the traverse; None: altered copies of the mapped ones.
    """
    settling = _Settling(config, senses)
    if queries is None:
        adaptation = AdaptationBaseline(mapped.mean(axis=0), 1, config.memory)
        queries = _altered(mapped)
    else:
        adaptation = adaptation_of(config, queries)
    parts = [observed(queries, _observer(senses, place_map, adaptation, settling))]
    fitted = confidence(parts, config.same_place, config.false_acceptance)
    return Judged(fitted, settling.leads(), parts)


def _observer(
    senses: Senses, place_map: PlaceMap, adaptation: AdaptationBaseline, settling: _Settling
) -> Callable[[FloatArray], Evidence]:
    """Return the evidence of normalised images, one after the other, as a function."""

    def observe(image: FloatArray) -> Evidence:
        nonlocal adaptation
        code = senses.codes(image, adaptation.mean)
        adaptation = adaptation.after(image)
        alone = place_map.balanced(place_map.answers(place_map.potentials(code)))
        settling.watch(place_map, code, int(alone.argmax()))
        return Evidence(alone, blended(alone, settling.config))

    return observe


def held_out(
    queries: Queries, taught: Callable[[Queries], Callable[[FloatArray], Evidence]]
) -> list[Observed]:
    """Return the evidence of each fold of the queries after learning from the other folds.

    Args:
        queries: of a traverse.
        taught: learns from some of them; returns a function from normalised image to evidence.
    """
    every = np.arange(len(queries))
    return [
        observed(queries.part(mine), taught(queries.part(np.setdiff1d(every, mine))))
        for mine in np.array_split(every, PARTS)
    ]


def observed(queries: Queries, evidence: Callable[[FloatArray], Evidence]) -> Observed:
    """Return the evidence of queries, one after the other."""
    return [evidence(image) for image in queries.images], queries.places


def confidence(parts: Sequence[Observed], same_place: int, false_acceptance: float) -> Confidence:
    """Fit the confidence on the evidence of all parts of a traverse.

    Args:
        parts: evidence of queries of all places of the map, and their positions.
        same_place: see `PlaceConfig`.
        false_acceptance: see `PlaceConfig`.
    """
    answers = [answered(evidence, places, same_place) for evidence, places in parts]
    samples: dict[int, Sample] = {}
    for length in LENGTHS:
        known = [row for part in answers if length in part for row in part[length][0]]
        unknown = [row for part in answers if length in part for row in part[length][1]]
        if min(len(known), len(unknown)) >= _LEAST_ANSWERS:
            samples[length] = sample_of(known, unknown)
    rivals = len(parts[0][0][0].alone) - (2 * same_place + 1)  # of the unknown ones
    return Confidence.fit(samples, false_acceptance, max(rivals, 1))


Answers = dict[int, tuple[list[tuple[FloatArray, bool]], list[FloatArray]]]
"""By length: features of known places with right or wrong, features of unknown ones."""


def answered(evidence: Iterable[Evidence], places: IntArray, same_place: int) -> Answers:
    """Answer the queries of a traverse, with their places on the map and without them.

    Args:
        evidence: of each query.
        places: position of each on the map, (n,).
        same_place: see `PlaceConfig`.
    """
    found: Answers = {length: ([], []) for length in LENGTHS if length <= len(places)}
    sequences = {length: FrameSequence() for length in found}
    before = int(places[0])
    for k, (frame, place) in enumerate(zip(evidence, places.tolist(), strict=True)):
        for length, sequence in sequences.items():
            total = sequence.advance(frame.summed, float(place - before), length)
            total = frame.alone if length == 1 else total
            if k < length - 1:
                continue
            best, given = features(total, length, same_place)
            found[length][0].append((given, best == place))
            elsewhere = np.delete(total, near(place, same_place, len(total)))
            if len(elsewhere):
                found[length][1].append(features(elsewhere, length, same_place)[1])
        before = place
    return found


class _Settling:
    """Finds after which lead the first spikes of a frame answer as all of them do."""

    def __init__(self, config: PlaceConfig, senses: Senses) -> None:
        self.config, self._senses = config, senses
        self._seen: list[list[tuple[float, bool]]] = [[] for _ in QUARTERS]

    def watch(self, place_map: PlaceMap, code: Codes, last: int) -> None:
        """Compare the answers after each of `QUARTERS` with the last one."""
        for share, seen in zip(QUARTERS, self._seen, strict=True):
            partial = arrived(code, self._senses.start, self.config.ticks, share)
            alone = place_map.balanced(place_map.answers(place_map.potentials(partial)))
            best, given = features(alone, 1, self.config.same_place)
            seen.append((float(given[0]), best == last))

    def leads(self) -> FloatArray:
        """Return the least leads of which 99 of 100 answers stay; infinity where none does."""
        found = np.full(len(QUARTERS), np.inf)
        for k, seen in enumerate(self._seen):
            lead, stays = (
                np.array(column) for column in zip(*sorted(seen, reverse=True), strict=True)
            )
            share = np.cumsum(stays) / np.arange(1, len(stays) + 1)
            enough = np.flatnonzero((share >= _STAYS) & (np.arange(len(stays)) >= _LEAST_ANSWERS))
            if len(enough):
                found[k] = lead[enough[-1]]
        return found


def _from_pairs(
    config: PlaceConfig, mapped: FloatArray, queries: Queries, senses: Senses
) -> tuple[Decorrelation, AdaptationBaseline]:
    own, theirs = mapped[queries.places], queries.images
    usual = theirs.mean(axis=0)
    lateral = _lateral(config)
    difference = (theirs - usual) - (own - own.mean(axis=0))
    lateral.learn(config.levels * difference * senses.connected)
    return lateral, adaptation_of(config, queries)


def adaptation_of(config: PlaceConfig, queries: Queries) -> AdaptationBaseline:
    """Return the adaptation baseline of the traverse that queries came from."""
    places = min(len(queries), config.memory)
    return AdaptationBaseline(queries.images.mean(axis=0), places, config.memory)


def _lateral(config: PlaceConfig) -> Decorrelation:
    return Decorrelation(config.n_inputs, config.stiffness * config.levels**2)


def _altered(mapped: FloatArray) -> Queries:
    """Return mapped images with noise, in parts too bright or too dark."""
    rng = np.random.default_rng(0)
    n, n_inputs = mapped.shape
    count = min(n, _SELF_QUERIES)
    first = int(rng.integers(0, n - count + 1))
    places = np.arange(first, first + count)
    patches = rng.normal(0.0, 0.5, (count, n_inputs)) + rng.normal(0.0, 0.3, n_inputs)
    return Queries(mapped[places] + patches, places)
