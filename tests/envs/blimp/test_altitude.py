"""MuJoCo blimp: physics, faults, trace and agreement with the native plant."""

import gymnasium
import mujoco
import numpy as np
import pytest

import snn_control.envs as envs
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.altitude import BlimpAltitude
from snn_control.envs.blimp.batch import BlimpPlants
from snn_control.envs.blimp.body import BlimpBody
from snn_control.envs.blimp.presets import PRESETS
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.envs.route.body import can_draw
from snn_control.errors import ParameterError, UnknownNameError
from tests.needs import NEEDS_RENDERER

NAME = "snn_control/BlimpAltitude-v0"


def make(**arguments):
    return gymnasium.make(NAME, disable_env_checker=True, **arguments).unwrapped


def fly_blimp(env, controller, seed):
    observation, _ = env.reset(seed=seed)
    truncated = False
    while not truncated:
        command = controller(observation[0])
        observation, _, _, truncated, _ = env.step(np.array([command]))
    return env


@pytest.mark.parametrize("preset", ["clean", "default"])
def test_open_loop_agrees_with_the_native_plant(preset):
    """Difference below 1 cm over 30 s for equal scenarios and commands, servo flips included."""
    scenario = draw_scenario(PRESETS[preset], 4, 30.0)
    rng = np.random.default_rng(1)
    commands = np.repeat(rng.uniform(1.0, 6.0, 30), 10)
    commands[rng.random(300) < 0.05] = -1.0
    env, plants = make(preset=preset, duration_s=30.0), BlimpPlants([scenario])
    env.reset(options={"scenario": scenario})
    worst = 0.0
    for tick in range(scenario.substeps.size):
        _, _, _, _, info = env.step(commands[tick : tick + 1])
        plants.step(commands[tick : tick + 1])
        assert env.body.upright > 0.98
        worst = max(worst, abs(info["height_m"] - plants.height_m[0]))
    assert worst < 0.01


def test_reset_draws_the_scenario_of_the_seed():
    env = make(duration_s=5.0)
    env.reset(seed=9)
    assert np.array_equal(
        env.scenario.constants, draw_scenario(PRESETS["default"], 9, 5.0).constants
    )


@pytest.mark.parametrize(("tilt", "turn"), [(0.3, (0, 1, 0)), (0.3, (1, 0, 0))])
def test_body_returns_upright_after_a_tilt(tilt, turn):
    body = BlimpBody()
    scenario = draw_scenario(PRESETS["clean"], 0, 60.0)
    body.reset(scenario.constants, np.zeros((3, 1)))
    body.data.qpos[3:7] = [np.cos(tilt / 2), *(np.sin(tilt / 2) * np.array(turn))]
    body.advance(3.1, 3000, np.empty(3000), 0)
    assert body.upright > 0.9999


def test_added_mass_lowers_the_acceleration():
    body = BlimpBody()
    scenario = draw_scenario(PRESETS["clean"], 0, 60.0)
    body.reset(scenario.constants, np.zeros((3, 1)))
    body.data.ctrl[:] = 0.0
    body.data.ctrl[body.model.actuator("lift").id] = body.weight_n + 0.02
    mujoco.mj_forward(body.model, body.data)
    assert body.data.qacc[2] == pytest.approx(0.02 / body.mass_kg, rel=1e-3)
    assert body.mass_kg == pytest.approx(0.18, rel=1e-3)
    assert body.weight_n / 9.81 == pytest.approx(0.1255, rel=1e-3)


def test_blimp_rests_on_its_skids():
    body = BlimpBody()
    scenario = draw_scenario(PRESETS["clean"], 0, 60.0)
    body.reset(scenario.constants, np.zeros((3, 1)))
    body.advance(0.0, 2000, np.empty(2000), 0)
    assert body.height_m == pytest.approx(0.06, abs=0.003)
    assert body.range_m == pytest.approx(0.06, abs=1e-6)


def test_missed_ticks_hold_the_command():
    env = make(preset="missed", duration_s=60.0)
    _, info = env.reset(seed=0)
    missed, truncated = info["missed_ticks"], False
    while not truncated:
        observation, _, _, truncated, info = env.step(np.array([3.0]))
        missed += info["missed_ticks"]
        if not truncated:
            assert observation[3] == pytest.approx(0.1 * (1 + info["missed_ticks"]))
    assert env.trace()["time_s"].size == 6000
    assert 0.1 < missed / 600 < 0.3


def test_observations_are_float32_values():
    env = make(duration_s=20.0)
    observation, _ = env.reset(seed=1)
    for _ in range(50):
        error, reference, measured, _, battery = observation
        assert error == reference - measured
        assert measured == float(np.float32(measured))
        assert battery == float(np.float32(battery))
        observation, *_ = env.step(np.array([4.0]))
    assert battery < env.scenario.battery_start_v


@pytest.mark.parametrize("preset", PRESETS)
def test_pid_holds_the_height(preset, pid):
    env = fly_blimp(make(preset=preset, duration_s=150.0), pid, seed=0)
    trace, metrics = env.trace(), env.metrics()
    assert len({x.size for x in trace.values()}) == 1
    assert np.isfinite(trace["height_m"]).all()
    assert metrics["hold_rmse_m"] < 0.06
    assert {"hold_rmse_m", "steady_state_error_m", "overshoot_m", "rmse_m"} <= set(metrics)


def test_closed_loop_metrics_agree_with_the_native_plant(pid, run_pid):
    from snn_control.envs.blimp.metrics import altitude_metrics

    env = fly_blimp(make(preset="clean"), pid, seed=2)
    trace, metrics = env.trace(), env.metrics()
    heights = run_pid(env.scenario)
    native = altitude_metrics(trace["time_s"], trace["height_ref_m"], heights[:-1])
    for name in ("hold_rmse_m", "overshoot_m", "rmse_m"):
        assert metrics[name] == pytest.approx(native[name], abs=0.005), name


@pytest.mark.parametrize("action", [[np.nan], [1.0, 2.0], 3.0, [np.inf]])
def test_invalid_actions_are_errors(action):
    env = make(duration_s=5.0)
    env.reset(seed=0)
    with pytest.raises(ParameterError, match="one finite number"):
        env.step(np.array(action))
    assert env.trace()["time_s"].size == 0


def test_step_outside_an_episode_is_an_error():
    env = make(duration_s=0.2, preset="clean")
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(1))
    env.reset(seed=0)
    env.step(np.zeros(1))
    assert env.step(np.zeros(1))[3]
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(1))


def test_invalid_arguments_are_errors():
    with pytest.raises(UnknownNameError, match="gust_sd_m_s2"):
        envs.make(NAME, parameters={"gust_sd": 0.1})
    with pytest.raises(ParameterError, match="render_mode"):
        BlimpAltitude(render_mode="human")


@pytest.mark.skipif(not can_draw(), reason=NEEDS_RENDERER)
def test_rendered_frames():
    env = make(render_mode="rgb_array", width=320, height=240)
    env.reset(seed=0)
    frame = env.render()
    assert frame.shape == (240, 320, 3)
    assert frame.std() > 20
    for _ in range(20):
        env.step(np.array([8.0]))
    assert (env.render() != frame).any()
    env.close()


def test_native_batch_reaches_its_rate():
    """A loose bound; the benchmark measures the speed."""
    from time import process_time

    plants = BlimpPlants([draw_scenario(PRESETS["clean"], s, 30.0) for s in range(256)])
    commands = np.full(256, 3.1)
    plants.step(commands)
    start = process_time()
    for _ in range(200):
        plants.step(commands)
    assert 200 * 256 / (process_time() - start) > 0.5e6
    assert (plants.height_m > plant.PHYSICS_STEP_S).all()
