"""Peers with an incompatible quality of service: topic, policy and remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rclpy.duration import Infinite
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

__all__ = ["Incompatibilities", "mismatch"]


class Incompatibilities:
    """Peers whose quality of service does not match that of a node.

    An event of the middleware marks a topic; its peers are compared until all of them match.

    Args:
        node: node with the publishers and subscriptions.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._marked: set[str] = set()

    def mark(self, topic: str) -> None:
        """Compare the peers of a topic, by its resolved name, from the next `update` on."""
        self._marked.add(topic)

    def update(self) -> tuple[str, ...]:
        """Return a message for each peer of a marked topic that does not match."""
        messages: list[str] = []
        for topic in sorted(self._marked):
            problems = [*self._publishers(topic), *self._subscribers(topic)]
            if not problems:
                self._marked.discard(topic)
            messages += problems
        return tuple(messages)

    def reset(self) -> None:
        """Unmark all topics."""
        self._marked.clear()

    def _publishers(self, topic: str) -> Iterator[str]:
        requests = [s.qos_profile for s in self._node.subscriptions if s.topic_name == topic]
        for info in self._node.get_publishers_info_by_topic(topic) if requests else ():
            wrong = [mismatch(info.qos_profile, request) for request in requests]
            if None not in wrong:
                policy, offered, requested = next(filter(None, wrong))
                yield (
                    f"topic {topic}: nothing is received from {_name(info)}, which publishes with "
                    f"{policy} {offered}: publish with {requested}"
                )

    def _subscribers(self, topic: str) -> Iterator[str]:
        offers = [p.qos_profile for p in self._node.publishers if p.topic_name == topic]
        for info in self._node.get_subscriptions_info_by_topic(topic) if offers else ():
            wrong = [mismatch(offer, info.qos_profile) for offer in offers]
            if None not in wrong:
                policy, offered, requested = next(filter(None, wrong))
                yield (
                    f"topic {topic}: {_name(info)} receives nothing, since it subscribes with "
                    f"{policy} {requested}: subscribe with {offered}"
                )


def mismatch(offered: QoSProfile, requested: QoSProfile) -> tuple[str, str, str] | None:
    """Return a policy that does not match, its offered and its requested value; None if all do."""
    reliable, kept = ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL
    if requested.reliability == reliable != offered.reliability:
        return ("reliability", offered.reliability.name, reliable.name)
    if requested.durability == kept != offered.durability:
        return ("durability", offered.durability.name, kept.name)
    offer_s, request_s = _seconds(offered.deadline), _seconds(requested.deadline)
    if offer_s > request_s:
        return ("deadline", f"{offer_s:g} s", f"{request_s:g} s")
    return None


def _seconds(duration: Any) -> float:
    """Return a deadline, s; 0 and the largest value stand for none."""
    nanoseconds = duration.nanoseconds
    return nanoseconds / 1e9 if 0 < nanoseconds < Infinite.nanoseconds else float("inf")


def _name(info: Any) -> str:
    return f"{info.node_namespace.rstrip('/')}/{info.node_name}"
