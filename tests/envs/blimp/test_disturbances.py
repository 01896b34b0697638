"""Disturbances of the blimp against the plain scenario of the same seed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.disturbances import CONDITIONS, draw_disturbed, mean_lift_m_s2
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.errors import UnknownNameError

SEED = 5


def difference_m_s2(condition: str) -> np.ndarray:
    """Return the vertical acceleration that a condition adds, one entry for each 0.1 s."""
    changes = {} if condition == "mass steps" else {"gust_sd_m_s2": 0.02}
    plain = draw_scenario(blimp_parameters("default", changes), SEED, 600.0)
    return draw_disturbed(condition, SEED).gust_m_s2[2] - plain.gust_m_s2[2]


def test_nominal_is_the_preset() -> None:
    plain = draw_scenario(blimp_parameters("default"), SEED, 600.0)
    nominal = draw_disturbed("nominal", SEED)
    np.testing.assert_array_equal(nominal.gust_m_s2, plain.gust_m_s2)
    np.testing.assert_array_equal(nominal.constants, plain.constants)


def test_sag_lowers_the_thrust_to_six_tenths_in_600_s() -> None:
    constants = draw_disturbed("leak and sag", SEED).constants
    ratio = plant.thrust(1.0, constants[plant.SAG_PER_S], 1.0, 60_000)
    assert math.isclose(ratio, 0.6, rel_tol=1e-9)


def test_mass_steps_change_the_lift_at_their_times() -> None:
    added = difference_m_s2("mass steps")
    for at_s, expected in ((189.0, 0.0), (191.0, -0.06), (389.0, -0.06), (391.0, 0.03)):
        assert math.isclose(added[int(at_s * 10)], expected, abs_tol=1e-12)


def test_drafts_last_20_to_30_s() -> None:
    added = difference_m_s2("wind")
    starts = np.flatnonzero(np.diff((np.abs(added) > 1e-9).astype(int)) == 1)
    ends = np.flatnonzero(np.diff((np.abs(added) > 1e-9).astype(int)) == -1)
    assert len(starts) == len(ends) == 4
    lengths_s = (ends - starts) / 10.0
    assert (lengths_s >= 19.9).all()
    assert (lengths_s <= 30.1).all()
    sizes = np.abs(added[starts + 5])
    assert (sizes >= 0.06).all()
    assert (sizes <= 0.08).all()


def test_mean_lift_follows_leak_and_mass_steps() -> None:
    scenario = draw_disturbed("mass steps", SEED)
    lift = mean_lift_m_s2(scenario)
    leak = scenario.constants[plant.LEAK]
    before, after = (
        np.mean([lift(t) for t in range(150, 180)]),
        np.mean([lift(t) for t in range(210, 240)]),
    )
    assert math.isclose(after - before, -0.06 - 60.0 * leak, abs_tol=0.01)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_seed_draws_one_episode(condition: str) -> None:
    one, again = (draw_disturbed(condition, SEED, 120.0) for _ in range(2))
    np.testing.assert_array_equal(one.gust_m_s2, again.gust_m_s2)
    assert one.duration_s == 120.0
    assert not np.array_equal(draw_disturbed(condition, 6, 120.0).constants, one.constants)


def test_an_unknown_condition_proposes_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="leak and sag"):
        draw_disturbed("leak and sagg", SEED)
