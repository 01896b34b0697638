"""Emergency stop, manual switch and estimate of the altitude node on a real bus."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.ros.conftest import NEEDS_ROS, QUICK, REPEATS

pytest.importorskip("rclpy", reason=NEEDS_ROS)
pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')

from sensor_msgs.msg import FluidPressure
from std_msgs.msg import Bool, Float64

from snn_control.atmosphere import pressure_pa
from snn_control.ros.bags.ticks import RecordedTicks, read_ticks
from snn_control.ros.base.interface import qos
from snn_control.ros.base.vehicle import BusRun
from snn_control.ros.bus.fly import run_simulated
from snn_control.ros.bus.processes import Nodes
from snn_control.runs.checksums import read_arrays
from snn_control.supervision.modes import Mode
from tests.ros.blimp.test_on_the_bus import RESTING, reach_auto
from tests.ros.peer import Peer

MODES = list(Mode)
FAULTS = """
faults:
- {channel: range, kind: 'off', start_s: 12, stop_s: 22}
- {channel: range, kind: wrong, start_s: 30, stop_s: 38, offset: 0.5}
- {channel: motor_command, kind: wrong, start_s: 46, stop_s: 52, offset: 2.0}
"""


@pytest.fixture
def nodes_and_peer(nodes: Nodes, peer: Peer) -> tuple[Nodes, Peer]:
    nodes.start("altitude_controller", {"arm_on_activate": True, **RESTING, **QUICK})
    reach_auto(peer)
    return nodes, peer


@pytest.mark.flaky(reruns=REPEATS)
def test_an_emergency_stop_is_latched_without_any_other_input(
    nodes_and_peer: tuple[Nodes, Peer],
) -> None:
    """Stop by the topic, without measurements; release by the service."""
    _, peer = nodes_and_peer
    stop = peer.node.create_publisher(Bool, "emergency_stop", qos("event"))
    peer.until(lambda: stop.get_subscription_count())
    stop.publish(Bool(data=True))
    peer.until(lambda: peer.modes[-1][1] == "disarmed")
    assert "emergency stop" in peer.modes[-1][2]
    stopped_s = peer.modes[-1][0]
    peer.until(lambda: peer.commands[-1][1] == 0.0)
    assert not peer.switch("arm", True).success
    assert "emergency stop" in peer.modes[-1][2]
    peer.feed(0.5)
    assert {command for at_s, command in peer.commands if at_s > stopped_s} <= {0.0}
    assert peer.switch("emergency_stop", False).success
    assert peer.switch("arm", True).success
    peer.feed(1.0)
    assert peer.modes[-1][1] == "auto"


@pytest.mark.flaky(reruns=REPEATS)
def test_manual_control_starts_by_a_topic(nodes_and_peer: tuple[Nodes, Peer]) -> None:
    _, peer = nodes_and_peer
    switch = peer.node.create_publisher(Bool, "manual", qos("event"))
    peer.until(lambda: switch.get_subscription_count())
    switch.publish(Bool(data=True))
    peer.until(lambda: peer.modes[-1][1] == "manual")
    since_s = time.monotonic()
    peer.manual(-2.5)
    peer.until(lambda: any(c == -2.5 for t, c in peer.commands if t > since_s))
    switch.publish(Bool(data=False))
    peer.until(lambda: peer.modes[-1][1] != "manual")


@pytest.mark.flaky(reruns=REPEATS)
def test_the_offset_of_the_barometer_is_sent_and_a_lost_neighbour_reported(
    nodes: Nodes, peer: Peer
) -> None:
    """Offset of a barometer that reads 20 m above the lidar, and a neighbour with drop-out."""
    nodes.start("altitude_controller", {"arm_on_activate": True, **QUICK})
    offsets: list[float] = []
    peer.listen(Float64, "barometer_offset", qos("event"), lambda m: offsets.append(m.data))
    pressure = peer.node.create_publisher(FluidPressure, "pressure", qos("sensor"))
    neighbour = peer.node.create_publisher(Float64, "neighbour_offset", qos("event"))
    end_s, k = time.monotonic() + 20.0, 0
    while len(offsets) < 3:
        assert time.monotonic() < end_s
        message = FluidPressure(fluid_pressure=pressure_pa(21.0 + 0.05 * (k % 3 - 1)))
        message.header.stamp = peer.node.get_clock().now().to_msg()
        pressure.publish(message)
        if k % 10 == 0:
            neighbour.publish(Float64(data=5.0))
        peer.measure(1.0 + 0.01 * (k % 2))
        peer.spin(0.1)
        k += 1
    assert offsets[-1] == pytest.approx(20.0, abs=0.3)
    key = "events: neighbour_offset timed out"
    peer.until(lambda: int(peer.status("inputs")[2].get(key, 0)) >= 1)


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> tuple[RecordedTicks, dict[str, np.ndarray]]:
    """Flight with senses over the fault relay, at twice the speed."""
    folder = tmp_path_factory.mktemp("flight")
    path = folder / "faults.yaml"
    path.write_text(FAULTS, "utf-8")
    run = BusRun("blimp-altitude", seed=5, duration_s=56.0, rate=2.0, faults=str(path))
    result = run_simulated(run, folder)
    assert result.summary["replay_identical"]
    return read_ticks(folder / "ros" / "bag"), read_arrays(folder / "ros" / "flight.npz")


def during(ticks: RecordedTicks, start_s: float, stop_s: float) -> np.ndarray:
    time_s = (ticks.stamp_ns - ticks.stamp_ns[0]) * 1e-9
    return (time_s > start_s) & (time_s < stop_s)


@pytest.mark.flaky(reruns=REPEATS)
@pytest.mark.parametrize(("start_s", "stop_s"), [(12.0, 22.0), (30.0, 38.0)])
def test_without_a_trusted_range_the_estimate_holds_the_height(
    flight: tuple[RecordedTicks, dict[str, np.ndarray]], start_s: float, stop_s: float
) -> None:
    ticks, simulated = flight
    coasting = during(ticks, start_s + 1.0, stop_s - 0.2)
    assert coasting.sum() > 0.6 * 10.0 * (stop_s - start_s - 1.2)
    assert {MODES[int(mode)] for mode in ticks.fields["mode"][coasting]} == {Mode.COAST}
    assert (ticks.fields["lidar_trusted"][coasting] < 1.0).all()
    assert (ticks.fields["barometer_trusted"][coasting] > 0.0).mean() > 0.9
    time_s = (ticks.stamp_ns - ticks.stamp_ns[0]) * 1e-9
    true_m = np.interp(time_s, simulated["time_s"], simulated["height_m"])
    errors_m = np.abs(ticks.fields["estimate_m"] - true_m)
    assert errors_m[coasting].max() < 0.3
    back = during(ticks, stop_s + 1.5, stop_s + 6.0)
    assert (ticks.fields["lidar_trusted"][back] > 0.0).mean() > 0.9
    assert errors_m[back].max() < 0.1


@pytest.mark.flaky(reruns=REPEATS)
def test_motors_that_do_not_follow_are_reported(
    flight: tuple[RecordedTicks, dict[str, np.ndarray]],
) -> None:
    ticks, _ = flight
    assert not ticks.fields["actuator_fault"][during(ticks, 5.0, 46.0)].any()
    assert ticks.fields["actuator_fault"][during(ticks, 46.0, 50.0)].any()


@pytest.mark.flaky(reruns=REPEATS)
def test_stages_of_the_latency_are_recorded(
    flight: tuple[RecordedTicks, dict[str, np.ndarray]],
) -> None:
    ticks, _ = flight
    stages = ticks.fields["filter_s"], ticks.fields["step_s"], ticks.fields["latency_s"]
    filter_s, step_s, latency_s = (np.quantile(stage[ticks.stepped], 0.5) for stage in stages)
    assert 0.0 < filter_s < 2e-3
    assert filter_s + step_s < latency_s
    coasting = during(ticks, 15.0, 21.0)
    assert ticks.fields["age_s"][coasting].min() > 1.0, "age of the last trusted range"
