"""PES against an integral of the error, and its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.plasticity.rules import ENGINES, rule

WIDE = (math.inf, 0.0, math.inf)
"""Error limit, dead zone and bound that limit nothing."""


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def test_constant_features_make_an_integral_of_the_error(engine: str) -> None:
    """Equal to 1e-12 over 500 updates."""
    pes, decode = rule("pes", engine), rule("decode", engine)
    rng = np.random.default_rng(0)
    features, errors = rng.uniform(0.1, 2.0, 37), rng.normal(size=(500, 2))
    dt_s = rng.uniform(0.01, 0.2, 500)
    decoders, outputs = np.zeros((2, 37)), np.zeros(2)
    integral = np.zeros(2)
    for error, dt in zip(errors, dt_s, strict=True):
        pes(decoders, features, error, 0.3, dt, *WIDE)
        decode(decoders, features, outputs)
        integral += 0.3 * (features @ features) / 37 * error * dt
        np.testing.assert_allclose(outputs, integral, rtol=0.0, atol=1e-12)


def test_a_bias_that_depends_on_the_state_is_learned(engine: str) -> None:
    """Learned by features of the state; an integral leaves half of the range."""
    pes, decode = rule("pes", engine), rule("decode", engine)
    rng = np.random.default_rng(1)
    errors = {}
    for name, n in (("state", 8), ("constant", 1)):
        decoders, output = np.zeros((1, n)), np.zeros(1)
        late = []
        for k in range(3000):
            place = rng.integers(2)
            features = np.zeros(n)
            features[place * (n - 1)] = 1.0
            bias = np.array([1.0 if place else -1.0])
            decode(decoders, features, output)
            pes(decoders, features, bias - output, 2.0, 0.1, *WIDE)
            late += [abs(float((bias - output)[0]))] if k > 2500 else []
        errors[name] = np.mean(late)
    assert errors["state"] < 1e-3
    assert errors["constant"] > 0.9


def test_large_errors_count_up_to_the_limit(engine: str) -> None:
    decoders = np.zeros((3, 2))
    rule("pes", engine)(
        decoders, np.array([1.0, 3.0]), np.array([50.0, -50.0, math.nan]), 0.5, 0.1, 4.0, 0.0,
        math.inf,
    )  # fmt: skip
    step = 0.5 * 0.1 / 2 * 4.0
    expected = [[step, 3 * step], [-step, -3 * step], [0.0, 0.0]]
    np.testing.assert_allclose(decoders, expected, rtol=1e-14)


def test_small_errors_change_nothing(engine: str) -> None:
    decoders = np.zeros((2, 1))
    rule("pes", engine)(decoders, np.ones(1), np.array([0.2, 0.21]), 1.0, 1.0, 9.0, 0.2, 9.0)
    np.testing.assert_array_equal(decoders, [[0.0], [0.21]])


def test_decoders_stay_within_their_bound(engine: str) -> None:
    """Integral of a frozen error, up to the bound; it leaves the bound at once."""
    pes = rule("pes", engine)
    decoders, features = np.zeros((1, 4)), np.array([1.0, 0.5, -1.0, 0.0])
    for _ in range(1000):
        pes(decoders, features, np.array([1.0]), 1.0, 0.1, 5.0, 0.0, 0.7)
    np.testing.assert_array_equal(decoders, [[0.7, 0.7, -0.7, 0.0]])
    pes(decoders, features, np.array([-1.0]), 1.0, 0.1, 5.0, 0.0, 0.7)
    np.testing.assert_allclose(decoders, [[0.675, 0.6875, -0.675, 0.0]], rtol=1e-14)
