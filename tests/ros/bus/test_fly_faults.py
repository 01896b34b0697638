"""Flights with injected faults: simulator, relay, controller and recorder as processes."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.ros.conftest import NEEDS_ROS, REPEATS

pytest.importorskip("rclpy", reason=NEEDS_ROS)
pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')

from snn_control.cli.main import main
from snn_control.errors import ConfigError, RunError, UnknownNameError
from snn_control.ros.bags.ticks import RecordedTicks, read_ticks
from snn_control.ros.base.vehicle import BusRun
from snn_control.ros.bus.fly import run_simulated
from snn_control.runs.checksums import read_arrays
from snn_control.supervision.modes import Mode

COAST = list(Mode).index(Mode.COAST)
FAULTS = """
faults:
- {channel: range, kind: wrong, start_s: 5, stop_s: 8, offset: 0.1}
- {channel: motor_command, kind: off, start_s: 12, stop_s: 16}
- {channel: range, kind: off, start_s: 19, stop_s: 19.6}
"""


def written(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, "utf-8")
    return str(path)


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> tuple[RecordedTicks, dict[str, np.ndarray]]:
    """Ticks of the controller, and the recorded flight."""
    folder = tmp_path_factory.mktemp("flight")
    path = written(folder, FAULTS)
    run = BusRun("pid", preset="clean", seed=3, duration_s=24.0, rate=4.0, faults=path)
    result = run_simulated(run, folder)
    assert result.summary["replay_identical"]
    assert (folder / "ros" / "faults.yaml").read_text("utf-8") == FAULTS
    return read_ticks(folder / "ros" / "bag"), read_arrays(folder / "ros" / "flight.npz")


def within(times_s: np.ndarray, start_s: float, stop_s: float) -> np.ndarray:
    return (times_s > start_s) & (times_s < stop_s)


@pytest.mark.flaky(reruns=REPEATS)
def test_the_controller_receives_the_faulty_range(
    flight: tuple[RecordedTicks, dict[str, np.ndarray]],
) -> None:
    ticks, simulated = flight
    time_s = (ticks.stamp_ns - ticks.stamp_ns[0]) * 1e-9
    at = np.clip(np.rint(time_s / 0.01).astype(int), 0, len(simulated["height_m"]) - 1)
    range_m = simulated["height_ref_m"][at] - ticks.fields["height_error_m"]
    error_m = (range_m - simulated["height_m"][at])[ticks.stepped]
    # Whether the lidar is trusted with this fault depends on the timing of the processes.
    measured_m = (ticks.fields["measured_m"] - simulated["height_m"][at])[ticks.stepped]
    time_s = time_s[ticks.stepped]
    assert np.abs(error_m[within(time_s, 0.5, 4.9)]).max() < 0.04, "noise of the lidar"
    assert np.abs(measured_m[within(time_s, 0.5, 4.9)]).max() < 0.04
    assert np.abs(measured_m[within(time_s, 5.1, 7.9)] - 0.1).max() < 0.04
    assert within(time_s, 5.1, 7.9).sum() > 20
    assert set(ticks.fields["mode"][ticks.stepped][within(time_s, 19.1, 19.6)]) <= {COAST}
    assert within(time_s, 19.7, 22.0).sum() > 15


@pytest.mark.flaky(reruns=REPEATS)
def test_the_vehicle_receives_the_faulty_command(
    flight: tuple[RecordedTicks, dict[str, np.ndarray]],
) -> None:
    ticks, simulated = flight
    time_s = (ticks.stamp_ns - ticks.stamp_ns[0]) * 1e-9
    received = simulated["motor_command"]
    during = within(simulated["time_s"], 12.2, 15.9)
    assert not received[during].any()
    sent = ticks.fields["command"][within(time_s, 12.2, 15.9)]
    assert np.isfinite(sent).mean() > 0.8, "a range after a tick on the estimate has no command"
    assert np.nanmin(np.abs(sent)) > 0.5
    assert np.abs(received[within(simulated["time_s"], 16.3, 18.0)]).min() > 0.5


def test_a_fault_without_effect_fails_the_verb(tmp_path: Path) -> None:
    path = written(tmp_path, "faults: [{channel: range, kind: slow, rate_hz: 50, start_s: 2}]")
    words = ["fly", "pid", "--sim", "--duration", "6", "--rate", "4", "--no-report"]
    done = subprocess.run(
        [sys.executable, "-m", "snn_control", *words, "--faults", path, "--out", "run"],
        capture_output=True, text=True, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "fault_relay: fault slow of range from 2 s changed no message" in done.stderr


@pytest.mark.parametrize(
    ("model", "faults", "error", "message"),
    [
        ("pid", "no", UnknownNameError, "unknown file of faults 'no'"),
        ("pid", "swimmer", ConfigError,
         r"swimmer.yaml: unknown channel 'joint_states'. Known: battery"),
        ("gap", "lidar", ConfigError,
         "lidar.yaml: unknown channel 'range'. Known: cmd_vel, odom, scan"),
    ],
)  # fmt: skip
def test_unusable_faults_start_no_node(
    model: str, faults: str, error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        run_simulated(BusRun(model, faults=faults), tmp_path)
    assert not list(tmp_path.iterdir())


def test_on_a_robot_the_verb_injects_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["fly", "pid", "--faults", "lidar"]) == 2
    assert "--faults needs --sim" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_swimmer_has_its_channels(tmp_path: Path) -> None:
    text = "faults: [{channel: joint_efforts, kind: 'off', start_s: 5}]"
    run = BusRun("swimmer-graded", duration_s=8.0, faults=written(tmp_path, text))
    result = run_simulated(run, tmp_path)
    log = (tmp_path / "ros" / "fault_relay.log").read_text("utf-8")
    assert "fault off of joint_efforts begins" in log
    assert "ERROR" not in log
    simulated = read_arrays(tmp_path / "ros" / "flight.npz")
    efforts, time_s = simulated["effort"], simulated["time_s"]
    assert not efforts[time_s > 5.2].any()
    before = np.abs(efforts[within(time_s, 0.2, 4.8)])
    assert before[-40:].mean() > 0.05, (
        "commands before the first measurement do not start the times"
    )
    assert result.summary["replay_identical"]


@pytest.mark.flaky(reruns=REPEATS)
def test_a_robot_in_a_corridor_has_its_channels(tmp_path: Path) -> None:
    """Stops without commands, without scans and without odom, and in between the robot drives."""
    text = """faults:
    - {channel: cmd_vel, kind: 'off', start_s: 6, stop_s: 9}
    - {channel: scan, kind: 'off', start_s: 12, stop_s: 15}
    - {channel: odom, kind: 'off', start_s: 18, stop_s: 21}
    """
    run = BusRun("gap", seed=2, duration_s=22.0, rate=3.0, faults=written(tmp_path, text))
    result = run_simulated(run, tmp_path)
    log = (tmp_path / "ros" / "fault_relay.log").read_text("utf-8")
    assert "fault off of odom begins" in log
    assert "ERROR" not in log
    path_m = read_arrays(tmp_path / "ros" / "flight.npz")["path_m"]
    speeds_m_s = np.hypot(*np.diff(path_m, axis=0).T) / 0.1
    changes = np.flatnonzero(np.diff(speeds_m_s[5:] > 0.02)) + 6
    rests = [(a, b) for a, b in pairwise(changes.tolist()) if speeds_m_s[a:b].max() <= 0.02]
    assert len(rests) == 3
    for (begin, end), start_s in zip(rests, (6.0, 12.0, 18.0), strict=True):
        assert 12 < end - begin < 32
        # The controller stops 0.4 s of wall time after the last measurement.
        assert -0.3 < 0.1 * begin - start_s < 3.0 * 0.4 + 0.8
    assert result.summary["success"] == 0.0


def test_a_vehicle_without_channels_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from snn_control.ros.blimp.vehicle import BlimpVehicle

    monkeypatch.setattr(BlimpVehicle, "fault_system", "")
    with pytest.raises(ConfigError, match="names no system with channels"):
        run_simulated(BusRun("pid", faults="lidar"), tmp_path)


def test_the_error_of_an_unreachable_channel_is_the_reason(tmp_path: Path) -> None:
    """Test with trajectories, to which the simulated swimmer does not subscribe."""
    text = "faults: [{channel: joint_trajectory, kind: 'off', start_s: 1}]"
    run = BusRun("swimmer-graded", duration_s=3.0, faults=written(tmp_path, text))
    with pytest.raises(RunError, match="off of joint_trajectory at 1 s reaches no node: nothing"):
        run_simulated(run, tmp_path)
