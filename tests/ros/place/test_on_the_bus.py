"""Place recogniser as a process on a real bus."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from lifecycle_msgs.msg import Transition

from snn_control.controllers.place import PlaceRecognizer
from snn_control.ros.bus.processes import Nodes
from snn_control.ros.place.interfaces import CANDIDATE_FIELDS, MATCH_FIELDS
from tests.loops.place.harness import nordland, query_traverse, route
from tests.ros.peer import UNCONFIGURED
from tests.ros.place.peer import PlacePeer, place, to_message

if TYPE_CHECKING:
    from sensor_msgs.msg import Image

N = 60
ROUTE = route(N)
SECOND = query_traverse(ROUTE)
QUICK = {"diagnostic_updater": {"period": 0.2}, "first_places": 20}


@pytest.fixture
def camera(domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlacePeer]:
    monkeypatch.setitem(os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    peer = PlacePeer(domain)
    yield peer
    peer.close()


def test_a_route_is_mapped_recognised_saved_and_loaded(
    nodes: Nodes, camera: PlacePeer, tmp_path: Path
) -> None:
    nodes.start("place_recognizer", QUICK)
    camera.connected()
    empty = camera.show(to_message(ROUTE[0]))
    assert list(empty) == list(MATCH_FIELDS)
    assert (empty["place"], empty["known"]) == (-1, 0)
    camera.wait_for_status("map", "the map is empty: load one, or start mapping")
    assert "parameter map is empty" in camera.trigger("save").message

    assert camera.trigger("start_mapping").success
    assert "mapping is already running" in camera.trigger("start_mapping").message
    for k, image in enumerate(ROUTE):
        camera.move(float(k))
        camera.show(to_message(image))
    assert camera.trigger("stop_mapping").success
    camera.mapped(N)
    assert not camera.places
    assert not camera.loops
    assert camera.status("map")[2]["poses"] == str(N)

    path = tmp_path / "maps" / "route"
    assert camera.set_parameter("map", str(path)) == (True, "")
    saved = camera.trigger("save")
    assert saved.success, saved.message
    camera.wait_for_status("map", "True")
    assert camera.set_parameter("map", str(tmp_path / "none"))[0]
    refused = camera.trigger("load")
    assert not refused.success
    assert "the old map stays in use" in refused.message
    matched = query(camera)
    assert (np.array(matched) == np.arange(N)).mean() > 0.9
    camera.until(lambda: len(camera.poses) >= len([k for k in matched if k >= 0]))
    assert [round(pose.pose.position.x) for pose in camera.poses] == camera.places
    assert camera.poses[-1].header.frame_id == "odom"
    assert camera.candidates[-1].layout.dim[1].label == ",".join(CANDIDATE_FIELDS)
    camera.until(lambda: camera.candidates[-1].data[1] == camera.matches[-1]["stamp_ns"])
    best = np.reshape(camera.candidates[-1].data, (5, len(CANDIDATE_FIELDS)))
    assert best[0, 2] == camera.matches[-1]["place"]
    faulty_frames(camera)
    camera.until(lambda: float(camera.status("queries")[2]["query time p99 (s)"]) > 0.0)
    nodes.stop("place_recognizer")

    camera.diagnostics.clear()
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    wrong.with_suffix(".safetensors").touch()
    nodes.start("place_recognizer", {**QUICK, "map": str(wrong)})
    camera.until(lambda: camera.diagnostics)
    damaged = f"configure: {wrong.with_suffix('.safetensors')}: not a safetensors file: header of 0"
    camera.wait_for_status("node", f"{damaged} bytes")
    assert camera.state() == UNCONFIGURED
    assert camera.set_parameter("map", f"{path}.json")[0]
    assert camera.transition(Transition.TRANSITION_CONFIGURE)
    assert camera.transition(Transition.TRANSITION_ACTIVATE)
    camera.connected()
    camera.mapped(N)
    assert query(camera) == matched
    assert camera.transition(Transition.TRANSITION_DEACTIVATE)
    n = len(camera.matches)
    camera.send(to_message(SECOND[0]))
    camera.spin(0.3)
    assert len(camera.matches) == n
    assert "not active" in camera.trigger("start_mapping").message


def query(camera: PlacePeer) -> list[int]:
    assert camera.trigger("reset").success
    matched = []
    for k, image in enumerate(SECOND):
        camera.move(100.0 + k)
        matched.append(place(camera.show(to_message(image))))
    return matched


def faulty_frames(camera: PlacePeer) -> None:
    """Check that faulty frames are refused and reported, and that the next frame is matched."""
    short = to_message(SECOND[20])
    short.data = short.data[:-1]
    wide = to_message(SECOND[20])
    wide.width *= 2
    deep = to_message(SECOND[20], "mono16")
    bayer = to_message(SECOND[20], "bayer_rggb8")
    x = 200.0
    for k in range(20):
        camera.move(x := x + 1.0)
        camera.show(to_message(SECOND[k]))
    cases: list[tuple[Image, int | None, str]] = [
        (short, None, "bytes of data"),
        (wide, None, "need 128"),
        (deep, None, "more than 8 bits"),
        (bayer, None, "is raw"),
        (to_message(SECOND[20]), camera.stamp_ns, "jumped back"),
        (to_message(SECOND[20]), 0, "not set"),
    ]
    for k, (message, stamp_ns, text) in enumerate(cases):
        n = len(camera.matches)
        camera.send(message, stamp_ns)
        camera.until(lambda text=text: text in camera.status("images")[2]["last refusal"])  # type: ignore[misc]
        assert len(camera.matches) == n
        camera.move(x := x + 1.0)
        padded = to_message(SECOND[20 + k], padding=k)
        assert place(camera.show(padded)) == 20 + k
    assert camera.status("images")[2]["refused: encoding"] == "2"
    assert camera.status("images")[2]["refused images"] == "6"
    camera.move(x := x + 1.0)
    black = camera.show(to_message(np.zeros_like(SECOND[0])))
    assert (black["known"], black["reason"]) == (0, 3)
    for k, encoding in ((27, "rgb8"), (28, "bgr8"), (29, "8UC1")):
        camera.move(x := x + 1.0)
        colour = SECOND[k] if encoding == "8UC1" else np.repeat(SECOND[k][..., None], 3, axis=2)
        assert place(camera.show(to_message(colour, encoding))) == k
    camera.move(x - 1.0, speed=-0.5)
    back = camera.show(to_message(SECOND[28]))
    assert (place(back), back["step"]) == (28, -1.0)


def test_node_gives_the_answers_of_the_recogniser(nodes: Nodes, camera: PlacePeer) -> None:
    """Identical answers to winter queries on a summer map, bit for bit."""
    summer, winter = nordland(300)
    nodes.start("place_recognizer", {"diagnostic_updater": {"period": 0.2}, "n_candidates": 0})
    camera.connected()
    assert camera.trigger("start_mapping").success
    for image in summer:
        camera.show(to_message(image))
    assert camera.trigger("stop_mapping").success
    camera.mapped(300)
    alone = PlaceRecognizer().fit(summer[:50])
    for image in summer[50:]:
        alone.add(image)
    alone.calibrate()
    for image in winter:
        answer, expected = camera.show(to_message(image)), alone.match(image, 10)
        assert answer["place"] == expected.place
        assert answer["known"] == expected.known
        assert answer["probability"] == expected.probability
        assert answer["familiarity"] == expected.familiarity


def test_recalibration_is_reported_and_can_be_frozen(
    nodes: Nodes, camera: PlacePeer, tmp_path: Path
) -> None:
    path = PlaceRecognizer().fit(ROUTE, (SECOND[:30], range(30))).save(tmp_path / "map")
    nodes.start("place_recognizer", {**QUICK, "map": str(path), "recalibrate": True})
    camera.connected()
    camera.mapped(N)
    query(camera)
    camera.until(lambda: camera.status("queries")[2]["queries"] == str(N))
    values = camera.status("queries")[2]
    assert int(values["calibration labels"]) > 0
    assert values["calibration version"] == "0"
    assert values["calibration reason"] == "no refit yet"
    assert camera.set_parameter("recalibration_frozen", True) == (True, "")
    query(camera)
    camera.until(lambda: camera.status("queries")[2]["queries"] == str(2 * N))
    assert camera.status("queries")[2]["calibration labels"] == values["calibration labels"]
    assert camera.set_parameter("recalibrate", False) == (True, "")
    camera.show(to_message(SECOND[0]))
    camera.until(lambda: "calibration labels" not in camera.status("queries")[2])
