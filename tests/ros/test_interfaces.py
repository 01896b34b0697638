"""Consistency of interface tables, docs and running nodes."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.ros.conftest import NEEDS_ROS, MakeBus, required_parameters

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from lifecycle_msgs.msg import Transition

from snn_control.loops.blimp.interface import OBSERVABLE
from snn_control.loops.place.reason import CODES, Reason
from snn_control.ros import tables
from snn_control.ros.base.interface import TICK_FIELDS, Quality, qos
from snn_control.ros.interfaces import INTERFACES
from snn_control.ros.place.interfaces import CANDIDATE_FIELDS, LOOP_FIELDS, MATCH_FIELDS
from snn_control.supervision.modes import Mode
from tests.paths import ROOT
from tests.ros.peer import UNCONFIGURED, Peer

PAGES = sorted((ROOT / "docs" / "reference" / "ros2").glob("*.md"))
DOCS = "\n".join(page.read_text("utf-8") for page in PAGES)
SETTINGS = sorted({(n, t.only) for n, i in INTERFACES.items() for t in i.topics if t.only})
CASES = [*((n, "") for n in INTERFACES.keys() - {n for n, _ in SETTINGS}), *SETTINGS]
"""Nodes, each also with the settings on which its topics depend."""
NOT_OURS = re.compile(r"/(rosout|parameter_events|transition_event)$|^/(rosout|parameter_events)$")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tables_of_a_page_are_up_to_date(page: Path) -> None:
    text = page.read_text("utf-8")
    remedy = "run `python -m snn_control.ros.describe --write`"
    assert tables.with_tables(text) == text, remedy


def test_pages_contain_every_table() -> None:
    assert all(f"<!-- table: {name} -->" in DOCS for name in tables.TABLES)


def test_docs_list_fields_and_modes_of_a_tick() -> None:
    assert all(f"`{field}`" in DOCS for field in TICK_FIELDS)
    assert ", ".join(f"{mode} {k}" for k, mode in enumerate(Mode)) in DOCS


def test_docs_list_fields_and_reasons_of_a_match() -> None:
    fields = {*MATCH_FIELDS, *CANDIDATE_FIELDS, *LOOP_FIELDS}
    assert all(f"`{field}`" in DOCS for field in fields)
    assert sorted(CODES.values()) == sorted(Reason) == [*range(9)]
    assert f"| {max(Reason)} | under an eighth of the spikes arrived before the deadline |" in DOCS


def test_observables_equal_those_of_the_environment() -> None:
    from snn_control.envs.blimp.altitude import BlimpAltitude

    assert OBSERVABLE == BlimpAltitude.observation_names


@pytest.fixture(scope="module")
def running(
    make_shared_bus: MakeBus, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Peer]:
    """Peers of all cases, whose nodes start in parallel."""
    folder, peers = tmp_path_factory.mktemp("of_nodes"), {}
    for node, setting in CASES:
        nodes, peers[node, setting] = make_shared_bus(node, namespace="/robot", topics=False)
        own = required_parameters(node, folder) | (yaml.safe_load(setting) or {})
        if "faults_file" in own:
            own["faults_file"] = own["system"]
        nodes.start(node, {"autostart": False, **own}, namespace="robot")
    return peers


@pytest.mark.parametrize(("node", "setting"), sorted(CASES))
def test_running_nodes_have_the_interfaces_of_the_table(
    node: str, setting: str, running: dict[tuple[str, str], Peer]
) -> None:
    peer = running[node, setting]
    table = [t for t in INTERFACES[node].topics if t.only in ("", setting)]
    if peer.state() == UNCONFIGURED:
        assert peer.transition(Transition.TRANSITION_CONFIGURE)
    graph = peer.node
    for direction, of_node, infos in (
        (
            "out",
            graph.get_publisher_names_and_types_by_node,
            graph.get_publishers_info_by_topic,
        ),
        (
            "in",
            graph.get_subscriber_names_and_types_by_node,
            graph.get_subscriptions_info_by_topic,
        ),
    ):
        expected = {full(t.name, node): [t.type] for t in table if t.direction == direction}

        def actual(of_node: Callable[..., list] = of_node, direction: str = direction) -> dict:
            topics = {k: v for k, v in of_node(node, "/robot") if not NOT_OURS.search(k)}
            return {k: v for k, v in topics.items() if direction == "out" or k != "/clock"}

        peer.spin(0.5)
        peer.until(partial(_as_many, actual, expected))
        assert actual() == expected
        for topic in (t for t in table if t.direction == direction):
            of_topic = [i for i in infos(full(topic.name, node)) if i.node_name == node]
            any_publisher = direction == "in" and topic.quality == "latched"
            qualities: tuple[Quality, ...] = (topic.quality,)
            if any_publisher:
                qualities = ("command", "latched")
            expected_policies = [(qos(q).reliability, qos(q).durability) for q in qualities]
            policies = [(i.qos_profile.reliability, i.qos_profile.durability) for i in of_topic]
            assert sorted(policies) == sorted(expected_policies)
    services = graph.get_service_names_and_types_by_node(node, "/robot")
    standard = ("rcl_interfaces/", "lifecycle_msgs/", "type_description_interfaces/")
    offered = {name: kinds for name, kinds in services if not kinds[0].startswith(standard)}
    assert offered == {full(s.name, node): [s.type] for s in INTERFACES[node].services}


def _as_many(actual: Callable[[], dict], expected: dict) -> bool:
    return len(actual()) >= len(expected)


def full(name: str, node: str) -> str:
    if name.startswith("/"):
        return name
    return f"/robot/{node}/{name[2:]}" if name.startswith("~/") else f"/robot/{name}"
