"""Native plant against closed forms and its documented behaviour."""

import numpy as np
import pytest

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import constants_row

CALM = np.zeros(1)


def blimp(**changes):
    return constants_row(blimp_parameters("clean", changes))


def started(constants):
    state = np.empty(plant.STATE_SIZE)
    plant.reset(state, constants)
    return state


@pytest.mark.parametrize(
    ("command", "duty"),
    [(0.29, 0.0), (0.3, 9 / 45), (1.0, 12 / 45), (1.3, 12 / 45), (-2.0, -15 / 45), (50, 39 / 45)],
)
def test_pwm_law(command, duty):
    assert plant.signed_duty(command, 0.3, 1.0) == pytest.approx(duty, abs=1e-15)


def test_servo_follows_the_sign_inside_the_dead_zone():
    assert np.signbit(plant.signed_duty(-0.1, 0.3, 1.0))
    assert not np.signbit(plant.signed_duty(0.1, 0.3, 1.0))


def test_hover_command_holds_the_height():
    constants = blimp(integer_pwm=False)
    state = started(constants)
    plant.advance(state, constants, CALM, 3.1, 6000)
    assert state[plant.HEIGHT] == pytest.approx(0.5, abs=1e-9)


def test_terminal_speed_solves_the_drag_law():
    constants = blimp(integer_pwm=False)
    state = started(constants)
    plant.advance(state, constants, CALM, 10.0, 6000)
    push = constants[plant.GAIN] * (39 / 45) ** 2 + constants[plant.BIAS]
    c1, c2 = constants[plant.LINEAR_DRAG], constants[plant.QUADRATIC_DRAG]
    expected = (-c1 + np.sqrt(c1**2 + 4 * c2 * push)) / (2 * c2)
    assert state[plant.SPEED] == pytest.approx(expected, rel=1e-9)


def test_linear_drag_decays_exponentially_at_first_order():
    constants = blimp()
    constants[[plant.BIAS, plant.QUADRATIC_DRAG, plant.START_DUTY]] = 0.0
    state = started(constants)
    state[plant.SPEED], state[plant.HEIGHT] = 1.0, 5.0
    plant.advance(state, constants, CALM, 0.0, 200)
    expected = np.exp(-constants[plant.LINEAR_DRAG] * 2.0)
    assert state[plant.SPEED] == pytest.approx(expected, rel=0.01)


def test_motor_lag_and_delay_match_the_exponential():
    constants = blimp(hover_motor_units=0.0, dead_zone=False)
    state = started(constants)
    state[plant.DUTY] = 0.0
    state[plant.DELAY_LINE :] = 0.0
    delay = int(constants[plant.DELAY_STEPS])
    plant.advance(state, constants, CALM, 10.0, delay)
    assert state[plant.DUTY] == 0.0
    plant.advance(state, constants, CALM, 10.0, 15)
    assert state[plant.DUTY] == pytest.approx(39 / 45 * (1 - np.exp(-0.15 / 0.15)), rel=1e-9)


@pytest.mark.parametrize(("command", "start_rad", "sign"), [(-5.0, 0.0, 1), (5.0, np.pi, -1)])
def test_servo_turns_at_its_slew_rate_to_either_side(command, start_rad, sign):
    parameters = blimp_parameters("clean", {"transport_delay": False})
    constants = constants_row(parameters)
    state = started(constants)
    state[plant.ANGLE] = start_rad
    turned_rad = 0.0
    while turned_rad + parameters.servo_rate_rad_s * 0.01 < np.pi:
        plant.advance(state, constants, CALM, command, 1)
        turned_rad += parameters.servo_rate_rad_s * 0.01
        assert state[plant.ANGLE] == pytest.approx(start_rad + sign * turned_rad, abs=1e-12)
    plant.advance(state, constants, CALM, command, 1)
    assert state[plant.ANGLE] == np.pi - start_rad


@pytest.mark.parametrize("angle_rad", [0.0, 0.4, np.pi / 2, np.pi])
def test_thrust_acts_along_the_turned_axis(angle_rad):
    """Without drag, buoyancy and servo the speed grows by h gain duty^2 cos(angle)."""
    constants = blimp(transport_delay=False, motor_lag=False, integer_pwm=False)
    constants[[plant.BIAS, plant.LINEAR_DRAG, plant.QUADRATIC_DRAG, plant.SERVO_STEP]] = 0.0
    state = started(constants)
    state[plant.ANGLE], state[plant.HEIGHT] = angle_rad, 5.0
    plant.advance(state, constants, CALM, 2.0, 1)
    expected = 0.01 * constants[plant.GAIN] * (15 / 45) ** 2 * np.cos(angle_rad)
    assert state[plant.SPEED] == pytest.approx(expected, abs=1e-15)
    assert state[plant.HEIGHT] == pytest.approx(5.0 + 0.01 * expected, abs=1e-15)


def test_each_gust_lasts_0_1_s_and_the_last_one_to_the_end():
    """Speed without other forces: the integral of the gusts."""
    constants = blimp(motor_lag=False)
    constants[[plant.GAIN, plant.BIAS, plant.LINEAR_DRAG, plant.QUADRATIC_DRAG]] = 0.0
    state = started(constants)
    state[plant.HEIGHT] = 5.0
    gusts_m_s2 = np.array([1.0, -3.0, 0.0, 2.0])
    for steps, speed_m_s in ((10, 0.1), (5, -0.05), (5, -0.2), (10, -0.2), (10, 0.0), (50, 1.0)):
        plant.advance(state, constants, gusts_m_s2, 0.0, steps)
        assert state[plant.SPEED] == pytest.approx(speed_m_s, abs=1e-12)


def test_leak_of_the_preset_is_one_motor_unit_in_170_s():
    p = blimp_parameters("leak", {"spread": 0.0})
    constants = constants_row(p)
    lift = plant.lift(constants[plant.BIAS], constants[plant.LEAK], 17000)
    hover = (45 * np.sqrt(-lift / p.thrust_gain_m_s2) - 9) / 3
    assert hover - p.hover_motor_units == pytest.approx(1.0, abs=0.05)


def test_thrust_falls_with_the_square_of_the_battery_voltage():
    """V(t) = V0 - sag t: after 1000 s a battery of 8 V that loses 1 mV/s has 7 V left."""
    drawn = {"battery_start_v": 8.0, "sag_v_per_s": 1e-3, "thrust_gain_m_s2": 1.2}
    constants = constants_row(blimp_parameters("clean", {"sag": True}), drawn)
    gain, sag_per_s = constants[plant.GAIN], constants[plant.SAG_PER_S]
    for duty in (0.2, 0.6):
        thrusts = [plant.thrust(gain, sag_per_s, duty, step) for step in (0, 100_000)]
        assert thrusts == pytest.approx([1.2 * duty**2, 1.2 * duty**2 * (7 / 8) ** 2], rel=1e-12)


def test_a_sagging_battery_ends_at_the_terminal_speed_of_the_lower_thrust():
    """At 7 of 8 V, hover thrust falls by 15 / 64 of the weight: the blimp sinks."""
    constants = blimp(integer_pwm=False)
    constants[plant.SAG_PER_S] = 1 / 8000
    state = started(constants)
    state[plant.HEIGHT], state[plant.STEP] = 500.0, 100_000 - 3000
    plant.advance(state, constants, CALM, 3.1, 3000)
    weight = -constants[plant.BIAS]
    c1, c2 = constants[plant.LINEAR_DRAG], constants[plant.QUADRATIC_DRAG]
    sinking = (-c1 + np.sqrt(c1**2 + 4 * c2 * weight * 15 / 64)) / (2 * c2)
    assert state[plant.SPEED] == pytest.approx(-sinking, rel=0.02)


ABOVE, BELOW = 1e-9, -1e-9


@pytest.mark.parametrize(
    ("true_m", "reading_m"),
    [
        (1.004, 1.0), (1.006, 1.01), (50.0, 12.0), (0.0, 0.06), (0.29, 0.285), (0.25, 0.24),
        (1.005 + BELOW, 1.0), (1.005 + ABOVE, 1.01), (11.995 + ABOVE, 12.0), (12.005, 12.0),
        # Rest 0.06 m and steps of 4.5 cm below 0.3 m: 0.06, 0.105 ... 0.285 m.
        (0.3, 0.3), (0.3 + BELOW, 0.285), (0.2625 + ABOVE, 0.285), (0.2625 + BELOW, 0.24),
        (0.0825 + ABOVE, 0.105), (0.0825 + BELOW, 0.06), (0.06, 0.06), (0.03, 0.06),
    ],
)  # fmt: skip
def test_lidar_readings(true_m, reading_m):
    reading = plant.measure(true_m, blimp())
    assert reading == float(np.float32(reading)) == pytest.approx(reading_m, abs=1e-6)


@pytest.mark.parametrize("true_m", [0.0637, 0.1, 0.2999, 0.3, 1.2345, 11.9999, 12.0])
def test_lidar_without_steps_reads_the_true_range(true_m):
    constants = blimp(quantisation=False, blind_zone=False)
    assert plant.measure(true_m, constants) == float(np.float32(true_m))


def test_the_blind_zone_has_its_own_bounds():
    constants = blimp(blind_below_m=0.5, blind_step_m=0.1, rest_height_m=0.2)
    readings = [plant.measure(x, constants) for x in (0.26, 0.36, 0.44, 0.5 + BELOW, 0.5, 0.51)]
    assert readings == pytest.approx([0.3, 0.4, 0.4, 0.5, 0.5, 0.51], abs=1e-6)


def test_blimp_stops_at_the_floor():
    constants = blimp()
    state = started(constants)
    plant.advance(state, constants, CALM, 0.0, 2000)
    assert state[plant.HEIGHT] == constants[plant.REST_HEIGHT]
    assert state[plant.SPEED] == 0.0


def test_split_advance_is_bitwise_equal():
    constants = blimp()
    whole, pieces = started(constants), started(constants)
    heights = np.empty(101)
    plant.advance(whole, constants, CALM, -4.0, 100)
    plant.advance(pieces, constants, CALM, -4.0, 37)
    plant.advance_recording(pieces, constants, CALM, -4.0, 63, heights)
    assert whole.tobytes() == pieces.tobytes()
    assert heights[100] == whole[plant.HEIGHT]


def test_motor_step_equals_the_motor_of_advance():
    constants = blimp()
    whole, motor = started(constants), started(constants)
    plant.advance(whole, constants, CALM, -4.0, 50)
    for _ in range(50):
        plant.motor_step(motor, constants, plant.signed_duty(-4.0, 0.3, 1.0))
    assert (whole[plant.DUTY], whole[plant.ANGLE]) == (motor[plant.DUTY], motor[plant.ANGLE])


def test_nan_command_makes_the_state_nan():
    constants = blimp()
    state = started(constants)
    plant.advance(state, constants, CALM, np.nan, 100)
    assert np.isnan(state[plant.HEIGHT])
