"""Attribution of contradictions, on a point mass with known truth."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.supervision.attribution import Attribution, AttributionConfig, Outcome
from snn_control.supervision.observer import Observer
from tests.supervision.point_mass import NOISE, PointMass

PERIOD_S, SD_M, SD_M_S2 = 0.1, 0.006, 0.02
STARTS_S, OPENS_S = 3.0, 3.5
"""Start of the contradiction, and time at which it is noticed, s."""
Course = Callable[[float], float]


def outcome(
    true_m_s2: Course,
    measured_m_s2: Course,
    command: Course = lambda _: 0.0,
    seed: int = 0,
    config: AttributionConfig | None = None,
) -> tuple[Outcome | None, float, float]:
    """Return the outcome, its time and the evidence.

    Args:
        true_m_s2: acceleration from the start of the contradiction on, by time, m/s^2.
        measured_m_s2: the same as the accelerometer measures it.
        command: acceleration by the model, at all times.
        seed: seed of the noise.
        config: limits.
    """
    rng = np.random.default_rng(seed)
    observer = Observer(PointMass(), NOISE)
    observer.start(1.0, SD_M, command(0.0), 0.0)
    attribution = Attribution(config)
    z, v = 1.0, 0.0
    for k in range(1, 100):
        at_s = PERIOD_S * k
        contradicts = at_s > STARTS_S
        true = true_m_s2(at_s) if contradicts else command(at_s)
        measured = measured_m_s2(at_s) if contradicts else command(at_s)
        z += PERIOD_S * (v + 0.5 * PERIOD_S * true)
        v += PERIOD_S * true
        observer.model.send(command(at_s), at_s)
        observer.predict(at_s)
        value = measured + SD_M_S2 * rng.standard_normal()
        made = observer.acceleration(value, SD_M_S2)
        attribution.accelerated(value, SD_M_S2, made.innovation.value, observer)
        if not contradicts:
            observer.correct(made)
        if attribution.outcome is None and at_s > OPENS_S:
            attribution.dispute()
        position_m = z + SD_M * rng.standard_normal()
        attribution.positioned(position_m, SD_M, at_s)
        if attribution.outcome not in (None, Outcome.OPEN):
            return attribution.outcome, at_s, attribution.evidence
        observer.correct(observer.position(position_m, SD_M))
    return attribution.outcome, math.inf, attribution.evidence


def nothing(_: float) -> float:
    """Return no acceleration."""
    return 0.0


@pytest.mark.parametrize("acceleration", [-0.3, -0.12, 0.12, 0.3])
def test_motors_that_fail_are_told_from_an_accelerometer_that_is_wrong(acceleration: float) -> None:
    """The position follows the accelerometer, or the model."""

    def constant(_: float) -> float:
        return acceleration

    for seed in range(10):
        failed, at_s, _ = outcome(constant, constant, seed=seed)
        assert failed is Outcome.ACTUATORS
        assert at_s - STARTS_S <= math.sqrt(2.0 * 0.05 / abs(acceleration)) + 0.6
        assert outcome(nothing, constant, seed=seed)[0] is Outcome.ACCELEROMETER


def test_random_motors_are_told_from_a_random_accelerometer() -> None:
    for seed in range(20):
        drawn = np.random.default_rng([seed, 1]).uniform(-1.1, 1.1, 200)
        lagged = np.convolve(drawn, [0.25, 0.25, 0.25, 0.25], "same")

        def random(at_s: float, values: np.ndarray = lagged) -> float:
            return float(values[round(at_s / PERIOD_S)])

        assert outcome(random, random, seed=seed)[0] is Outcome.ACTUATORS
        assert outcome(nothing, random, seed=seed)[0] is Outcome.ACCELEROMETER


def test_commands_that_take_effect_late_are_no_fault() -> None:
    """A swing of 0.5 m/s^2 that is 0.15 s late contradicts the model by 0.12 m/s^2."""

    def command(at_s: float) -> float:
        return 0.5 * math.sin(1.6 * at_s)

    def late(at_s: float) -> float:
        return command(at_s - 0.15)

    exact = AttributionConfig(timing_sd_s=0.001)
    tolerant, strict = (
        [outcome(late, late, command, seed, config)[0] for seed in range(10)]
        for config in (None, exact)
    )
    assert Outcome.ACTUATORS not in tolerant
    assert strict.count(Outcome.ACTUATORS) >= 5


def test_a_contradiction_that_ends_has_no_outcome() -> None:
    for seed in range(10):
        ended, at_s, _ = outcome(nothing, nothing, seed=seed)
        assert ended is Outcome.NONE
        assert at_s - OPENS_S == pytest.approx(3.1, abs=0.15)


def test_without_a_position_it_stays_open() -> None:
    observer, attribution = Observer(PointMass(), NOISE), Attribution()
    attribution.dispute()
    assert attribution.outcome is None
    observer.start(1.0, SD_M, 0.0, 0.0)
    for k in range(1, 60):
        observer.predict(PERIOD_S * k)
        made = observer.acceleration(0.2, SD_M_S2)
        attribution.accelerated(0.2, SD_M_S2, made.innovation.value, observer)
        attribution.accelerated(math.nan, SD_M_S2, math.nan, observer)
        attribution.positioned(2.0, SD_M, PERIOD_S * k - 0.5)
        if k == 10:
            attribution.dispute()
    assert attribution.outcome is Outcome.OPEN
    assert attribution.evidence == 0.0
    from_s = PERIOD_S
    expected_m = 1.0 + 0.5 * 0.2 * (5.9 - from_s) ** 2
    assert attribution.explains(expected_m, SD_M, 5.9, 1.0)
    assert not attribution.explains(1.0, SD_M, 5.9, 5.0)
    attribution.end()
    assert not attribution.explains(expected_m, SD_M, 5.9, 1.0)


def test_evidence_is_that_of_least_squares() -> None:
    """Half the difference of the least weighted sums of squares of both hypotheses."""
    config = AttributionConfig(log_ratio=1e6, most_at_once=1e6, longest_s=1e6)
    rng = np.random.default_rng(3)
    model = PointMass()
    observer, attribution = Observer(model, NOISE), Attribution(config)
    observer.start(1.0, SD_M, 0.0, 0.0)
    rows: list[tuple[float, ...]] = []
    positions = rng.normal(1.0, 0.02, 8)
    for k, position_m in enumerate(positions):
        at_s = 0.1 * (k + 1)
        model.send(0.2 * math.sin(5.0 * at_s), at_s)
        observer.predict(at_s)
        value = float(rng.normal(0.1, 0.1))
        made = observer.acceleration(value, SD_M_S2)
        attribution.accelerated(value, SD_M_S2, made.innovation.value, observer)
        rows.append((made.innovation.value, value, *observer.snapshot()))
        if not k:
            attribution.dispute()
        else:
            attribution.positioned(float(position_m), SD_M, at_s)
    costs = [_least_cost(rows, positions[1:], config, by_model) for by_model in (True, False)]
    assert attribution.evidence == pytest.approx(0.5 * (costs[0] - costs[1]), rel=1e-6)


def _least_cost(
    rows: list[tuple[float, ...]], positions: np.ndarray, config: AttributionConfig, by_model: bool
) -> float:
    """Return the least sum of squares over start, b, q and the noise of each interval.

    All unknowns are in standard deviations.
    """
    n, t = len(positions), 0.1
    _, _, z, v, unmodelled, bias, push, _ = rows[0]
    names = ("position_sd_m", "speed_sd_m_s")
    z_sd, v_sd = (getattr(config, name) for name in names)
    b_sd = config.unmodelled_sd_m_s2 if by_model else config.bias_sd_m_s2
    q_sd = config.timing_sd_s if by_model else 0.0
    constant = np.array([z, v])
    slopes = np.zeros((2, 4 + n))
    slopes[0, 0], slopes[1, 1] = z_sd, v_sd
    equations, values = [np.eye(4 + n)], [np.zeros(4 + n)]
    for k, (innovation, measured, _, _, b, other, pushed, walk) in enumerate(rows[1:]):
        mean = measured - innovation - other if by_model else measured - bias
        mean += unmodelled - b if by_model else 0.0
        gained, gained_slope = t * mean, np.zeros(4 + n)
        gained_slope[2], gained_slope[3] = t * b_sd, -(pushed - push) * q_sd
        push = pushed
        constant += np.array([t * (constant[1] + 0.5 * gained), gained])
        slopes += np.array([t * (slopes[1] + 0.5 * gained_slope), gained_slope])
        slopes[1, 4 + k] += math.sqrt(walk) if by_model else SD_M_S2 * t
        equations.append(slopes[:1] / SD_M)
        values.append((positions[k : k + 1] - constant[0]) / SD_M)
    matrix, vector = np.vstack(equations), np.concatenate(values)
    return float(np.linalg.lstsq(matrix, vector, rcond=None)[1].item())


def test_invalid_limits_are_refused() -> None:
    with pytest.raises(ParameterError, match="positive, finite"):
        AttributionConfig(log_ratio=0.0)
