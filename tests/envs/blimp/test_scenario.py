"""Parameters, presets and scenarios: ranges, switches, seeds and timing."""

from dataclasses import fields, replace

import numpy as np
import pytest

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.envs.blimp.presets import PRESETS, blimp_parameters
from snn_control.envs.blimp.scenario import constants_row, draw_scenario
from snn_control.errors import ParameterError, UnknownNameError


def test_errors_of_unknown_names_list_close_names():
    with pytest.raises(UnknownNameError, match="leak_m_s3"):
        blimp_parameters("default", {"leak_ms3": 1e-4})
    with pytest.raises(UnknownNameError, match="leak"):
        blimp_parameters("leek")


@pytest.mark.parametrize(
    "bad",
    [
        {"motor_time_constant_s": -0.1},
        {"thrust_gain_m_s2": float("nan")},
        {"spread": 2.0},
        {"reference_heights_m": ()},
        {"gap_max_s": 0.1},
        {"transport_delay_s": 0.7},
    ],
)
def test_invalid_values_are_errors(bad):
    with pytest.raises(ParameterError, match=next(iter(bad))):
        blimp_parameters("default", bad)


def test_defaults_lie_in_their_ranges():
    for item in fields(BlimpParameters):
        if "range" in item.metadata:
            low, high = item.metadata["range"]
            assert low <= item.default <= high, item.name


@pytest.mark.parametrize("preset", PRESETS)
def test_equal_seeds_give_equal_scenarios(preset):
    one, two = (draw_scenario(PRESETS[preset], 7) for _ in range(2))
    for item in fields(one):
        assert np.array_equal(getattr(one, item.name), getattr(two, item.name)), item.name
    assert not np.array_equal(one.constants, draw_scenario(PRESETS[preset], 8).constants)


def test_switches_do_not_change_the_drawn_parameters():
    clean = draw_scenario(PRESETS["clean"], 3).constants
    missed = draw_scenario(PRESETS["missed"], 3).constants
    assert np.array_equal(clean, missed)


def test_zero_spread_gives_the_nominal_parameters():
    p = replace(PRESETS["default"], spread=0.0)
    assert np.array_equal(draw_scenario(p, 5).constants, constants_row(p))


@pytest.mark.parametrize(
    ("switch", "index", "off"),
    [
        ("quantisation", plant.QUANTUM, 0.0),
        ("blind_zone", plant.BLIND_BELOW, 0.0),
        ("motor_lag", plant.MOTOR_FRACTION, 1.0),
        ("transport_delay", plant.DELAY_STEPS, 0.0),
        ("dead_zone", plant.DEAD_ZONE, 0.0),
        ("integer_pwm", plant.INTEGER_PWM, 0.0),
        ("servo_flip", plant.SERVO_STEP, np.pi),
        ("leak", plant.LEAK, 0.0),
        ("sag", plant.SAG_PER_S, 0.0),
    ],
)
def test_plant_switches(switch, index, off):
    p = PRESETS["default"]
    assert constants_row(p)[index] != off
    assert constants_row(replace(p, **{switch: False}))[index] == off


def test_gust_and_timing_switches():
    p = replace(PRESETS["default"], gusts=False, jitter=False, gaps=False, missed_ticks=False)
    scenario = draw_scenario(p, 1)
    assert not scenario.gust_m_s2.any()
    assert (scenario.substeps == 10).all()
    assert scenario.substeps.size == 3000


def test_ticks_fill_the_episode():
    for preset in PRESETS.values():
        scenario = draw_scenario(preset, 2, 60.0)
        assert scenario.tick_step[0] == 0
        assert scenario.substeps.min() >= 1
        assert scenario.substeps.sum() == scenario.n_steps == 6000


def test_timing_matches_the_flight_log():
    """Flight log: dt mean 0.1003, sd 0.0498 s, 6.4 % below 0.02 s, 3.0 % above 0.15 s."""
    p = replace(PRESETS["default"], missed_ticks=False)
    dt_s = np.concatenate([draw_scenario(p, s).substeps for s in range(10)]) * 0.01
    assert dt_s.mean() == pytest.approx(0.1003, abs=0.001)
    assert dt_s.std() == pytest.approx(0.0498, abs=0.01)
    assert (dt_s < 0.02).mean() == pytest.approx(0.064, abs=0.02)
    assert (dt_s > 0.15).mean() == pytest.approx(0.030, abs=0.005)
    assert dt_s.max() == pytest.approx(0.533, abs=0.03)


def test_fraction_of_missed_ticks():
    missed = [draw_scenario(replace(PRESETS["missed"], spread=0.0), s).missed for s in range(10)]
    fraction = sum(x.sum() for x in missed) / sum(x.sum() + x.size for x in missed)
    assert fraction == pytest.approx(0.2, abs=0.01)


def test_gusts_have_their_deviation_and_correlation_time():
    p = replace(PRESETS["default"], spread=0.0)
    gust = draw_scenario(p, 0, 20000.0).gust_m_s2[2]
    assert gust.std() == pytest.approx(p.gust_sd_m_s2, rel=0.05)
    correlation = np.corrcoef(gust[:-30], gust[30:])[0, 1]
    assert correlation == pytest.approx(np.exp(-3.0 / p.gust_time_constant_s), abs=0.05)


def test_default_references():
    scenario = draw_scenario(PRESETS["clean"], 0)
    assert scenario.step_s.tolist() == [70.0, 140.0, 210.0]
    assert scenario.reference_m[[0, 699, 700, 1400, 2100, -1]].tolist() == [
        0.5, 0.5, 1.0, 1.5, 1.0, 1.0,
    ]  # fmt: skip


def test_random_references_stay_in_range():
    scenario = draw_scenario(replace(PRESETS["clean"], random_reference=True), 0, 600.0)
    jumps = np.abs(np.diff(scenario.reference_m))
    jumps = jumps[jumps > 0]
    assert jumps.size > 10
    assert jumps.min() >= 0.3
    assert jumps.max() <= 1.0


def test_invalid_duration_is_an_error():
    with pytest.raises(ParameterError, match="duration_s"):
        draw_scenario(BlimpParameters(), 0, float("nan"))
