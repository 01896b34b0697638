"""Peers with an incompatible quality of service: topic, policy and remedy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rclpy.duration import Infinite
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

__all__ = ["Incompatibilities", "mismatch", "peer_name"]

COMPARED = ("RELIABILITY", "DURABILITY", "DEADLINE")
"""Policies of events that `mismatch` compares."""
_UNKNOWN = "_NODE_NAME_UNKNOWN_"
"""Name of a node whose publisher is discovered before the node."""


class Incompatibilities:
    """Peers whose quality of service does not match that of a node.

    An event of the middleware marks a topic and a policy; the peers of the topic are compared until
    all of them match.

    Args:
        node: node with the publishers and subscriptions.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._marked: dict[str, str] = {}
        """Policy of the last event of each topic."""

    def mark(self, topic: str, policy: str) -> None:
        """Compare the peers of a topic, by its resolved name, from the next `update` on."""
        self._marked[topic] = policy

    def update(self) -> tuple[str, ...]:
        """Return a message for each peer of a marked topic that does not match."""
        messages: list[str] = []
        for topic, policy in sorted(self._marked.items()):
            problems = [*self._publishers(topic), *self._subscribers(topic)]
            if not problems and policy not in COMPARED and self._has_peers(topic):
                problems = [f"topic {topic}: a peer has another {policy}: use that of the node"]
            if not problems:
                del self._marked[topic]
            messages += problems
        return tuple(messages)

    def _publishers(self, topic: str) -> Iterator[str]:
        requests = [s.qos_profile for s in self._node.subscriptions if s.topic_name == topic]
        for info in self._node.get_publishers_info_by_topic(topic) if requests else ():
            wrong = [mismatch(info.qos_profile, request) for request in requests]
            if None not in wrong:
                policy, offered, requested = next(filter(None, wrong))
                yield (
                    f"topic {topic}: nothing is received from {peer_name(info)}, which publishes "
                    f"with {policy} {offered}: publish with {requested}"
                )

    def _subscribers(self, topic: str) -> Iterator[str]:
        offers = [p.qos_profile for p in self._node.publishers if p.topic_name == topic]
        for info in self._node.get_subscriptions_info_by_topic(topic) if offers else ():
            wrong = [mismatch(offer, info.qos_profile) for offer in offers]
            if None not in wrong:
                policy, offered, requested = next(filter(None, wrong))
                yield (
                    f"topic {topic}: {peer_name(info)} receives nothing, since it subscribes with "
                    f"{policy} {requested}: subscribe with {offered}"
                )

    def _has_peers(self, topic: str) -> bool:
        node = self._node
        own = sum(publisher.topic_name == topic for publisher in node.publishers)
        own += sum(subscription.topic_name == topic for subscription in node.subscriptions)
        all_of = node.count_publishers(topic) + node.count_subscribers(topic)
        return 0 < own < all_of


def mismatch(offered: QoSProfile, requested: QoSProfile) -> tuple[str, str, str] | None:
    """Return a policy that does not match, its offered and its requested value; None if all do."""
    reliable, kept = ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL
    if requested.reliability == reliable != offered.reliability:
        return ("reliability", offered.reliability.name, reliable.name)
    if requested.durability == kept != offered.durability:
        return ("durability", offered.durability.name, kept.name)
    offer_s, request_s = _seconds(offered.deadline), _seconds(requested.deadline)
    if offer_s > request_s:
        offered_s = "none" if math.isinf(offer_s) else f"{offer_s:g} s"
        return ("deadline", offered_s, f"{request_s:g} s")
    return None


def _seconds(duration: Any) -> float:
    """Return a deadline, s; 0 and the largest value stand for none."""
    nanoseconds = duration.nanoseconds
    return nanoseconds / 1e9 if 0 < nanoseconds < Infinite.nanoseconds else float("inf")


def peer_name(info: Any) -> str:
    """Return the full name of the node of a publisher or subscription."""
    if info.node_name == _UNKNOWN:
        return "a node of unknown name"
    return f"{info.node_namespace.rstrip('/')}/{info.node_name}"
