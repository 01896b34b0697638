"""Fixed share against Bayes' rule, its bounds, and a change of the best hypothesis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from snn_control.plasticity.fixed_share import fixed_share, gaussian_likelihood, heaviest
from snn_control.plasticity.optional_kernel import plain

ENGINES = [fixed_share, plain(fixed_share)]


def array(likelihoods: list[float], weights: list[float] | None = None) -> np.ndarray:
    n = len(likelihoods)
    return np.array([*(weights or [1.0 / n] * n), *likelihoods])


@pytest.mark.parametrize("rule", ENGINES)
def test_without_share_the_weights_are_the_posterior(rule: Any) -> None:
    rng = np.random.default_rng(0)
    likelihoods = rng.uniform(0.1, 1.0, (20, 3))
    numbers = array([1.0] * 3)
    for row in likelihoods:
        numbers[3:] = row
        rule(numbers, 3, 3, 0.0)
    product = likelihoods.prod(axis=0)
    np.testing.assert_allclose(numbers[:3], product / product.sum(), rtol=1e-12)


@pytest.mark.parametrize("rule", ENGINES)
@pytest.mark.parametrize("share", [0.001, 0.05, 0.5])
def test_weights_stay_above_the_share_and_sum_to_one(rule: Any, share: float) -> None:
    numbers = array([1.0, 1e-300, 0.0])
    for _ in range(100):
        numbers[3:] = 1.0, 1e-300, 0.0
        rule(numbers, 3, 3, share)
    assert math.isclose(numbers[:3].sum(), 1.0, rel_tol=1e-12)
    assert numbers[:3].min() >= share / 3 * (1 - 1e-12)


@pytest.mark.parametrize("share", [0.001, 0.01])
def test_a_new_best_hypothesis_takes_over_within_its_evidence(share: float) -> None:
    """Bound for observations of one nat each: log(n / share) of them plus one."""
    numbers = array([1.0, 1.0])
    for _ in range(1000):
        numbers[2:] = math.e, 1.0
        fixed_share(numbers, 2, 2, share)
    taken = 0
    while numbers[1] <= numbers[0]:
        numbers[2:] = 1.0, math.e
        fixed_share(numbers, 2, 2, share)
        taken += 1
    assert taken <= math.log(2 / share) + 1


def test_impossible_observation_makes_all_equal() -> None:
    numbers = array([0.0, 0.0], [0.9, 0.1])
    fixed_share(numbers, 2, 2, 0.01)
    assert numbers[:2].tolist() == [0.5, 0.5]


def test_likelihood_is_that_of_the_normal_distribution_up_to_the_cap() -> None:
    def density(y: float, s: float) -> float:
        return math.exp(-0.5 * y * y / s) / math.sqrt(2.0 * math.pi * s)

    ratio = gaussian_likelihood(0.3, 0.04, 60.0) / gaussian_likelihood(0.1, 0.09, 60.0)
    assert math.isclose(ratio, density(0.3, 0.04) / density(0.1, 0.09), rel_tol=1e-12)
    assert gaussian_likelihood(5.0, 0.01, 60.0) == gaussian_likelihood(50.0, 0.01, 60.0)


def test_another_hypothesis_is_chosen_only_beyond_the_factor() -> None:
    assert heaviest(np.array([0.4, 0.6]), 2, 0, 2.0) == 0
    assert heaviest(np.array([0.3, 0.7]), 2, 0, 2.0) == 1


def test_engines_agree_bit_for_bit() -> None:
    rng = np.random.default_rng(1)
    compiled, python = array([1.0] * 4), array([1.0] * 4)
    for _ in range(200):
        row = rng.uniform(0.0, 2.0, 4)
        compiled[4:] = python[4:] = row
        fixed_share(compiled, 4, 4, 0.01)
        plain(fixed_share)(python, 4, 4, 0.01)
    assert compiled.tolist() == python.tolist()
