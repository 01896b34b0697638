"""Batch of swimmers against single swimmers."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.envs.swimmer.batch import BODIES_PER_THREAD, SwimmerBatch
from snn_control.envs.swimmer.body import SwimmerBody
from snn_control.envs.swimmer.damage import Damage
from snn_control.envs.swimmer.start import draw_start
from snn_control.errors import ParameterError


@pytest.mark.parametrize("n", [3, BODIES_PER_THREAD + 1])
def test_batch_equals_single_bodies_bit_for_bit(n: int) -> None:
    starts = [draw_start(5, k, 40) for k in range(n)]
    batch, rng = SwimmerBatch(5, n), np.random.default_rng(0)
    bodies = [SwimmerBody(5) for _ in starts]
    for body, start in zip(bodies, starts, strict=True):
        body.reset(start)
    batch.reset(starts)
    for _ in range(40):
        effort = rng.uniform(-1.5, 1.5, (n, 4))
        batch.step(effort)
        for k, body in enumerate(bodies):
            body.advance(effort[k])
            np.testing.assert_array_equal(batch.joint_rad[k], body.joint_rad)
            np.testing.assert_array_equal(batch.link_velocities[k], body.link_velocities)
            assert batch.forward_speed_m_s[k] == body.forward_speed_m_s


def test_reset_of_one_body_leaves_the_others() -> None:
    batch, start = SwimmerBatch(3, 2), draw_start(3, 7, 10)
    batch.reset([start, start])
    for _ in range(5):
        batch.step(np.ones((2, 2)))
    before = batch.joint_rad[0].copy()
    batch.reset([draw_start(3, 8, 10)], [1])
    np.testing.assert_array_equal(batch.joint_rad[0], before)
    np.testing.assert_array_equal(batch.joint_rad[1], draw_start(3, 8, 10).joint_rad)
    assert batch.forward_speed_m_s[1] == 0.0


def test_sensor_errors_come_from_the_start() -> None:
    damage = Damage(bias_rad=0.2)
    start = draw_start(3, 1, 10, damage)
    batch = SwimmerBatch(3, 1, damage)
    batch.reset([start])
    np.testing.assert_allclose(batch.joint_rad[0] - start.joint_rad, start.sensor_error_rad[0])


def test_wrong_shapes_are_errors() -> None:
    with pytest.raises(ParameterError, match="n_bodies"):
        SwimmerBatch(3, 0)
    batch = SwimmerBatch(3, 2)
    with pytest.raises(ParameterError, match="1 starts for 2 bodies"):
        batch.reset([draw_start(3, 0, 10)])
    with pytest.raises(ParameterError, match="joints"):
        batch.reset([draw_start(4, 0, 10)] * 2)
    with pytest.raises(ParameterError, match="efforts"):
        batch.step(np.zeros((2, 3)))
