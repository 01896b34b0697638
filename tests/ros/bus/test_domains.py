"""Free domains: different in succession, never one that a port or another process occupies."""

from __future__ import annotations

import itertools
import socket

import pytest

from snn_control.errors import RunError
from snn_control.ros.bus import domains
from snn_control.ros.bus.domains import FIRST_DOMAIN, LAST_DOMAIN, free_domain


@pytest.fixture(autouse=True)
def first_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "_turns", itertools.count(40))


def test_successive_domains_differ() -> None:
    drawn = [free_domain() for _ in range(8)]
    assert len(set(drawn)) == 8
    assert all(FIRST_DOMAIN <= domain <= LAST_DOMAIN for domain in drawn)


def test_a_domain_with_a_participant_is_not_returned() -> None:
    first = free_domain()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as participant:
        participant.bind(("", 7410 + 250 * (first + 1)))
        assert free_domain() != first + 1


def test_two_processes_do_not_receive_the_same_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second process that begins at the same domain, before nodes have started."""
    first = free_domain()
    monkeypatch.setattr(domains, "_turns", itertools.count(first - FIRST_DOMAIN))
    monkeypatch.setattr(domains, "_claims", domains.deque(maxlen=8))
    assert free_domain() != first


def test_no_free_domain_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "_has_free_port", lambda domain: False)
    with pytest.raises(RunError, match="end some nodes, or set ROS_DOMAIN_ID"):
        free_domain()
