"""Files of faults in environments: channels of the systems, in the units of the bus."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from snn_control.errors import ConfigError, DataWarning, ParameterError
from snn_control.ros.faults.channels import CHANNELS
from snn_control.supervision.fault_file import FaultFile
from snn_control.supervision.faults import Fault, FaultKind
from snn_control.training.environment import make_environment
from snn_control.training.evaluate import run_episode
from snn_control.training.interface import Interface
from snn_control.training.model_name import load_named
from snn_control.training.sensing.injection import WIRINGS, inject, wiring_of

START_S, STOP_S = 4.0, 8.0


def file(channel: str, kind: str, **settings: float) -> FaultFile:
    fault = Fault(channel, FaultKind(kind), START_S, STOP_S, seed=1, **settings)  # type: ignore[arg-type]
    return FaultFile("mine.yaml", (fault,))


def blimp(faults: FaultFile | None = None, version: int = 1) -> gymnasium.Env:
    name = f"BlimpAltitude-v{version}"
    return make_environment(name, preset="clean", duration_s=12.0, faults=faults)


def observed(env: gymnasium.Env) -> np.ndarray:
    observation, _ = env.reset(seed=3)
    rows, over, k = [observation], False, 0
    while not over:
        observation, _, _, over, _ = env.step(np.array([3.0 + np.sin(0.7 * k)]))
        rows.append(observation)
        k += 1
    return np.array(rows)


ENVIRONMENTS = {
    "blimp": blimp,
    "swimmer": lambda: make_environment("Swim-v0"),
    "corridor": lambda: make_environment("CorridorNav-v0"),
}
DURING, TIME_S = slice(41, 80), 0.1 * np.arange(121)


@pytest.mark.parametrize("system", WIRINGS)
def test_channels_equal_those_of_the_bus(system: str) -> None:
    env = ENVIRONMENTS[system]()
    on_bus = {channel.topic: channel.channel for channel in CHANNELS[system]}
    wires = wiring_of(env).wires
    assert wires
    for wire in wires:
        assert wire.channel == on_bus.pop(wire.channel.name)
        assert wire.actuator == (wire.channel.rest is not None)
    assert set(on_bus) <= {"cmd_vel", "joint_trajectory", "odom"}, "no entries of an environment"


def test_a_pressure_has_its_unit() -> None:
    """Comparison with the weight of air at sea level: 12.01 Pa are 1 m."""
    healthy, faulty = observed(blimp()), observed(blimp(file("pressure", "wrong", offset=24.03)))
    np.testing.assert_array_equal(np.delete(faulty, 5, 1), np.delete(healthy, 5, 1))
    np.testing.assert_allclose((faulty - healthy)[DURING, 5], -2.0, atol=0.005)
    outside = (TIME_S < START_S - 0.05) | (TIME_S > STOP_S + 0.05)
    np.testing.assert_array_equal(faulty[outside], healthy[outside])


def test_the_force_of_an_imu_includes_gravity() -> None:
    healthy, faulty = observed(blimp()), observed(blimp(file("imu", "wrong", factor=1.1)))
    expected = 1.1 * (healthy[DURING, 6] + 9.80665) - 9.80665
    np.testing.assert_allclose(faulty[DURING, 6], expected, rtol=1e-12)


def test_the_error_follows_from_a_faulty_range_and_setpoint() -> None:
    for channel in ("range", "height_set_point"):
        seen = observed(blimp(file(channel, "wrong", offset=0.25)))
        np.testing.assert_array_equal(seen[:, 0], seen[:, 1] - seen[:, 2])
        healthy = observed(blimp())
        column = {"range": 2, "height_set_point": 1}[channel]
        np.testing.assert_allclose((seen - healthy)[DURING, column], 0.25, atol=1e-9)


@pytest.mark.parametrize("kind", [*FaultKind])
@pytest.mark.parametrize("channel", ["range", "battery", "pressure", "imu", "height_set_point"])
def test_each_kind_on_each_sensor(channel: str, kind: FaultKind) -> None:
    settings = {"wrong": {"factor": 0.9}, "garbage": {"not_finite": 0.5}}.get(kind, {})
    healthy, faulty = observed(blimp()), observed(blimp(file(channel, kind, **settings)))
    before = TIME_S < START_S - 0.05
    np.testing.assert_array_equal(faulty[before], healthy[before])
    same = np.array_equal(faulty[DURING], healthy[DURING])
    constant = channel in ("height_set_point", "battery") and kind not in (
        FaultKind.WRONG,
        FaultKind.GARBAGE,
    )
    assert same == (kind is FaultKind.OK or constant)
    assert np.isfinite(faulty[DURING]).all() == (kind is not FaultKind.GARBAGE)


def swimming(faults: FaultFile | None) -> tuple[np.ndarray, np.ndarray]:
    """Return joint angles, rad, and speed of the head towards the tail, m/s, of an episode."""
    env = make_environment("Swim-v0", n_ticks=400, faults=faults)
    speed = Interface.of(env).observation_names.index("link_0_vy_m_s")
    observation, _ = env.reset(seed=1)
    rows, over, k = [observation], False, 0
    while not over:
        action = np.full(env.action_space.shape or 0, np.sin(0.3 * k))
        observation, _, terminated, truncated, _ = env.step(action)
        rows.append(observation)
        over, k = terminated or truncated, k + 1
    return np.array(rows)[:, :5], np.array(rows)[:, speed]


def test_joints_of_a_swimmer_are_one_channel() -> None:
    healthy, stuck, weak = (
        swimming(faults)[0]
        for faults in (None, file("joint_states", "stuck"), file("joint_efforts", "off"))
    )
    time_s = 0.03 * np.arange(len(healthy))
    during = (time_s > START_S) & (time_s < STOP_S - 0.05)
    assert (np.ptp(stuck[during], axis=0) == 0.0).all()
    assert (np.ptp(healthy[during], axis=0) > 0.1).all()
    assert np.ptp(weak[time_s > START_S + 2.0][:60], axis=0).max() < 0.2 * np.ptp(healthy)


def test_odometry_of_a_swimmer_is_its_forward_speed() -> None:
    """An offset of 0.1 m/s forwards lowers the observed speed towards the tail by it."""
    healthy, wrong = (
        swimming(faults)[1] for faults in (None, file("odometry", "wrong", offset=0.1))
    )
    time_s = 0.03 * np.arange(len(healthy))
    during = (time_s > START_S + 0.05) & (time_s < STOP_S - 0.05)
    np.testing.assert_allclose(wrong[during], healthy[during] - 0.1, atol=1e-6)
    np.testing.assert_array_equal(wrong[time_s < START_S], healthy[time_s < START_S])


def scans(faults: FaultFile | None) -> np.ndarray:
    """Return the observations of a corridor in which every second ray is fired."""
    env = make_environment("CorridorNav-v0", duration_s=10.0, ray_choice=True, faults=faults)
    fire = np.arange(72) % 2.0
    observation, _ = env.reset(seed=2, options={"fire": fire})
    rows, over = [observation], False
    while not over:
        observation, _, terminated, truncated, _ = env.step(np.array([0.05, 0.0, *fire]))
        rows.append(observation)
        over = terminated or truncated
    return np.array(rows)


@pytest.mark.parametrize(
    ("settings", "least", "most"), [({"factor": 0.5}, 0.0, 3.0), ({"factor": 2.0}, 0.0, 6.0)]
)
def test_rays_of_a_faulty_scan(settings: dict[str, float], least: float, most: float) -> None:
    """Rays that were not fired stay so; the others are in the range of the channel."""
    healthy, faulty = scans(None), scans(file("scan", "wrong", **settings))
    rays = faulty[DURING, :72]
    assert (rays[:, ::2] == -1.0).all()
    returned = healthy[DURING, 1:72:2] < 6.0
    seen = rays[:, 1::2]
    assert seen.min() >= least
    expected = np.clip(healthy[DURING, 1:72:2] * settings["factor"], 0.0, 6.0)
    np.testing.assert_allclose(seen[returned], expected[returned])
    assert (seen[~returned] == 6.0).all()
    assert seen[returned].max() <= most
    np.testing.assert_array_equal(healthy[:, 72:], faulty[:, 72:])


def test_a_robot_in_a_corridor_without_commands_rests() -> None:
    env = make_environment("CorridorNav-v0", duration_s=10.0, faults=file("cmd_vel", "off"))
    env.reset(seed=2)
    x_m, over = [0.0], False
    while not over:
        _, _, terminated, truncated, info = env.step(np.array([0.1, 0.0]))
        x_m.append(info["x_m"])
        over = terminated or truncated
    assert np.ptp(x_m[50:80]) < 1e-3
    assert x_m[39] > 0.3
    assert x_m[-1] - x_m[80] > 0.1


def test_other_environments_have_a_channel_for_each_entry() -> None:
    env = make_environment("InvertedPendulum-v5")
    assert [w.channel.name for w in wiring_of(env).wires][-1] == "action_0"


def test_refusals_name_the_file() -> None:
    with pytest.raises(
        ConfigError, match=r"mine.yaml: unknown channel 'pressure'\. Known: battery"
    ):
        blimp(file("pressure", "off"), version=0)
    twice = FaultFile("mine.yaml", (*file("range", "off").faults, *file("range", "stuck").faults))
    with pytest.raises(ConfigError, match=r"mine.yaml: .*overlap.*end the first"):
        inject(blimp(), twice)


def test_an_episode_requires_the_effect_of_its_faults() -> None:
    controller = load_named("pid")
    late = FaultFile("mine.yaml", (Fault("range", FaultKind.OFF, 11.99, 12.0),))
    with pytest.raises(ParameterError, match=r"off of range from 11.99 s changed no message"):
        run_episode(controller, blimp(late, version=0), 1)
    never = FaultFile("mine.yaml", (Fault("range", FaultKind.OFF, 60.0),))
    with pytest.warns(DataWarning, match="has not begun: it starts at 60 s, the episode ended at"):
        run_episode(controller, blimp(never, version=0), 1)
