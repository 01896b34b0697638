"""Calibration: what disturbs the sight of a place, and what its answers are worth.

Queries with known places teach the lateral weights by their differences to the mapped images, and
the confidence by answers that they had no part in: they are cut into parts along the route, and
each is answered by a map whose lateral weights were taught by the others. Where there are none,
mapped images teach the lateral weights, and altered copies of them the confidence, which then knows
no other seasons and is too sure of itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.confidence import (
    LENGTHS,
    Confidence,
    Sample,
    features,
    near,
    sample_of,
)
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.place_map import PlaceMap, outstanding
from snn_control.controllers.place.recognizer import Look
from snn_control.controllers.place.senses import Habit, Senses
from snn_control.controllers.place.sequence import Sequence
from snn_control.errors import ParameterError
from snn_control.plasticity.decorrelation import Decorrelation

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PARTS = 4
_LEAST_QUERIES = 20
_LEAST_ANSWERS = 8
_SELF_QUERIES = 400


@dataclass(frozen=True)
class Queries:
    """Images of a visit whose places are known."""

    seen: FloatArray
    """What the input cells see, normalised, (n, n_inputs)."""
    places: IntArray
    """Position of each on the map, (n,)."""


@dataclass(frozen=True)
class Taught:
    """What calibration yields."""

    lateral: Decorrelation
    habit: Habit
    """Of the visit that queries came from, at its end."""
    confidence: Confidence


def teach(
    config: PlaceConfig, senses: Senses, mapped: FloatArray, queries: Queries | None, seed: int
) -> Taught:
    """Learn from mapped images, and from queries where there are any.

    Args:
        config: of the recogniser.
        senses: of the recogniser.
        mapped: what the input cells see at each place, normalised, (n_places, n_inputs).
        queries: in the order of the visit.
        seed: of the altered copies.

    Raises:
        ParameterError: too few queries, or places that are not on the map.
    """
    usual = mapped.mean(axis=0)
    codes = senses.codes(mapped, usual)
    if queries is None:
        lateral = _lateral(config)
        lateral.learn(np.sqrt(config.reference_share) * config.levels * (mapped - usual))
        visit = _altered(mapped, seed)
        place_map = PlaceMap(config.n_inputs)
        place_map.imprint(codes, lateral)
        looks = _looks(config, senses, place_map, visit.seen, Habit(usual, 1, config.memory))
        habit = Habit(usual, min(len(mapped), config.memory) / 10, config.memory)
        answers = answered(looks, visit.places, config.same_place)
        return Taught(lateral, habit, confidence([answers], config.false_acceptance))
    _check(queries, len(mapped))
    parts = []
    for mine in np.array_split(np.arange(len(queries.places)), PARTS):
        others = np.setdiff1d(np.arange(len(queries.places)), mine)
        lateral, habit = _from_pairs(config, mapped, _some(queries, others))
        place_map = PlaceMap(config.n_inputs)
        place_map.imprint(codes, lateral)
        looks = _looks(config, senses, place_map, queries.seen[mine], habit)
        parts.append(answered(looks, queries.places[mine], config.same_place))
    lateral, habit = _from_pairs(config, mapped, queries)
    return Taught(lateral, habit, confidence(parts, config.false_acceptance))


Answers = dict[int, tuple[list[tuple[FloatArray, bool]], list[FloatArray]]]
"""By length: features of known places with right or wrong, features of unknown ones."""


def answered(looks: Iterable[Look], places: IntArray, same_place: int) -> Answers:
    """Answer the queries of a visit, with their places on the map and as if they were not.

    Args:
        looks: at each query.
        places: position of each on the map, (n,).
        same_place: see `PlaceConfig`.
    """
    found: Answers = {length: ([], []) for length in LENGTHS if length <= len(places)}
    sequences = {length: Sequence() for length in found}
    before = int(places[0])
    for k, (look, place) in enumerate(zip(looks, places.tolist(), strict=True)):
        for length, sequence in sequences.items():
            total = sequence.advance(look.summed, float(place - before), length)
            total = look.alone if length == 1 else total
            if k < length - 1:
                continue
            best, given = features(total, length, same_place)
            found[length][0].append((given, best == place))
            elsewhere = np.delete(total, near(place, same_place, len(total)))
            if len(elsewhere):
                found[length][1].append(features(elsewhere, length, same_place)[1])
        before = place
    return found


def _looks(
    config: PlaceConfig, senses: Senses, place_map: PlaceMap, visit: FloatArray, habit: Habit
) -> Iterator[Look]:
    for seen in visit:
        code = senses.codes(seen, habit.usual)
        habit.follow(seen)
        alone = place_map.balanced(place_map.answers(place_map.potentials(code)))
        yield Look(alone, blended(alone, config))


def blended(balanced: FloatArray, config: PlaceConfig) -> FloatArray:
    """Return the score of a frame in a sequence: by its neighbourhood, and a little as it is."""
    return outstanding(balanced, config.neighbours) + config.blend * balanced


def confidence(parts: list[Answers], false_acceptance: float) -> Confidence:
    """Fit the confidence on the answers of all parts of a visit."""
    samples: dict[int, Sample] = {}
    for length in LENGTHS:
        known = [row for part in parts if length in part for row in part[length][0]]
        unknown = [row for part in parts if length in part for row in part[length][1]]
        if min(len(known), len(unknown)) >= _LEAST_ANSWERS:
            samples[length] = sample_of(known, unknown)
    return Confidence.fit(samples, false_acceptance)


def _from_pairs(
    config: PlaceConfig, mapped: FloatArray, queries: Queries
) -> tuple[Decorrelation, Habit]:
    own, theirs = mapped[queries.places], queries.seen
    usual = theirs.mean(axis=0)
    lateral = _lateral(config)
    lateral.learn(config.levels * ((theirs - usual) - (own - own.mean(axis=0))))
    return lateral, Habit(usual, min(len(theirs), config.memory), config.memory)


def _lateral(config: PlaceConfig) -> Decorrelation:
    return Decorrelation(config.n_inputs, config.stiffness * config.levels**2)


def _altered(mapped: FloatArray, seed: int) -> Queries:
    """Return mapped images seen through noise, in parts too bright or too dark."""
    rng = np.random.default_rng(seed)
    n, n_inputs = mapped.shape
    count = min(n, _SELF_QUERIES)
    first = int(rng.integers(0, n - count + 1))
    places = np.arange(first, first + count)
    patches = rng.normal(0.0, 0.5, (count, n_inputs)) + rng.normal(0.0, 0.3, n_inputs)
    return Queries(mapped[places] + patches, places)


def _some(queries: Queries, which: IntArray) -> Queries:
    return Queries(queries.seen[which], queries.places[which])


def _check(queries: Queries, n_places: int) -> None:
    if len(queries.places) < _LEAST_QUERIES:
        raise ParameterError(
            f"{len(queries.places)} calibration images; expected at least {_LEAST_QUERIES}, or None"
        )
    if queries.places.min() < 0 or queries.places.max() >= n_places:
        raise ParameterError(
            f"calibration places {queries.places.min()} to {queries.places.max()}; the map has "
            f"0 to {n_places - 1}"
        )
