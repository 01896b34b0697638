"""Other nodes that conflict with a node: second publishers, its name, incompatible qualities."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rclpy.node import Node

from snn_control.errors import ConfigError
from snn_control.ros.base.compatibility import Incompatibilities, peer_name
from snn_control.ros.base.interface import Topic

__all__ = ["CHECK_S", "Conflicts", "claim", "claim_name", "require_type"]

CHECK_S = 0.2
"""Period of the checks of a configured node, s."""
LONGEST_SOCKET_NAME = 100
"""Length of the longest name of a socket that Linux accepts, less its first byte, rounded down."""


class Conflicts:
    """Conflicts of a node with other nodes on the bus.

    A killed process stays visible for 20 s, the lease of Fast DDS, to processes that discovered it
    before; those that start later do not see it.

    Args:
        node: node.
        topics: its topics; those with `publishers="one"` that the node has opened are checked.
    """

    def __init__(self, node: Node, topics: Iterable[Topic]) -> None:
        self._node = node
        self._topics = tuple(topic for topic in topics if topic.publishers == "one")
        self.incompatible = Incompatibilities(node)
        self.present: tuple[str, ...] = ()
        """Conflicts at the last check that was possible."""
        self.failure = ""
        """Failure of the last check; empty if it was possible."""

    def update(self) -> tuple[str, ...]:
        """Check again; return the conflicts that are new, or the failure of the check if it is."""
        before, self.failure = (*self.present, self.failure), ""
        try:
            with _listing():
                incompatible = self.incompatible.update()
            self.present = (*self.namesakes(), *self.publishers(), *incompatible)
        except ConfigError as exc:
            self.failure = str(exc)
        return tuple(text for text in self.all() if text not in before)

    def all(self) -> tuple[str, ...]:
        """Return the conflicts, and the failure of the last check."""
        return (*self.present, *filter(None, (self.failure,)))

    def reset(self) -> None:
        """Forget all conflicts."""
        self.present, self.failure = (), ""

    def namesakes(self) -> tuple[str, ...]:
        """Return a message if another node has the full name of this one.

        Raises:
            ConfigError: the middleware cannot list the nodes.
        """
        node = self._node
        own = (node.get_name(), node.get_namespace())
        with _listing():
            nodes = node.get_node_names_and_namespaces()
        return (_namesake(node),) if nodes.count(own) > 1 else ()

    def publishers(self, direction: str = "") -> tuple[str, ...]:
        """Return a message for each topic with too many publishers; `direction`: in or out.

        Raises:
            ConfigError: the middleware cannot list the publishers.
        """
        opened = {
            "in": {subscription.topic_name for subscription in self._node.subscriptions},
            "out": {publisher.topic_name for publisher in self._node.publishers},
        }
        topics = dict.fromkeys(
            topic
            for entry in self._topics
            if direction in ("", entry.direction)
            and (topic := self._node.resolve_topic_name(entry.name)) in opened[entry.direction]
        )
        return tuple(filter(None, map(self._publishers_of, topics)))

    def _publishers_of(self, topic: str) -> str:
        with _listing():
            infos = self._node.get_publishers_info_by_topic(topic)
        names = Counter(map(peer_name, infos))
        if names.total() < 2:
            return ""
        return (
            f"topic {topic} is published by {_series(names)}, expected one node: end the others, "
            "or remap their topic"
        )


def claim_name(node: Node) -> socket.socket | None:
    """Claim the full name of a node, as `claim`.

    Raises:
        ConfigError: another process has claimed the name.
    """
    return claim(node, node.get_fully_qualified_name(), _namesake(node))


def claim(node: Node, name: str, refusal: str) -> socket.socket | None:
    """Claim a name in the domain of a node on this machine, until the process or the socket ends.

    The claim is a Unix socket without a file: Linux releases it at any end of the process, and a
    second claim is refused at once, while discovery may take 3 s. None on other systems, and for
    nodes that discover no others.

    Raises:
        ConfigError: the name is claimed already; with the message `refusal`.
    """
    isolated = os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "").upper() == "OFF"
    if sys.platform != "linux" or isolated:
        return None
    claimed = f"snn_control/{node.context.get_domain_id()}{name}"
    if len(claimed) > LONGEST_SOCKET_NAME:
        import hashlib  # loads OpenSSL, 3.5 MB

        claimed = f"snn_control/{hashlib.sha256(claimed.encode()).hexdigest()}"
    held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        held.bind(f"\0{claimed}")
    except OSError as exc:
        held.close()
        if exc.errno == errno.EADDRINUSE:
            raise ConfigError(refusal) from exc
        return None
    return held


@contextmanager
def _listing() -> Iterator[None]:
    """Raise `ConfigError` if the middleware cannot list nodes or publishers."""
    try:
        yield
    except Exception as exc:  # RCLError, or names that cannot be decoded
        problem = str(exc).split(", at ")[0]
        raise ConfigError(f"conflicts with other nodes cannot be checked: {problem}") from exc


def _namesake(node: Node) -> str:
    return (
        f"another node is named {node.get_fully_qualified_name()}: end it, or start this one with "
        "-r __node:=NAME or -r __ns:=/NAMESPACE"
    )


def _series(names: Counter[str]) -> str:
    parts = (f"{name} ({n} times)" if n > 1 else name for name, n in sorted(names.items()))
    return " and ".join(parts)


def require_type(node: Node, topic: str, expected: str) -> None:
    """Refuse a topic that a node publishes or subscribes with another type.

    Raises:
        ConfigError: another type is in use; names node and type. Or the middleware cannot list the
            nodes.
    """
    with _listing():
        publishers = node.get_publishers_info_by_topic(topic)
        infos = publishers + node.get_subscriptions_info_by_topic(topic)
    for info in infos:
        if info.topic_type != expected:
            raise ConfigError(
                f"topic {topic}: node {info.node_name!r} uses type {info.topic_type}, expected "
                f"{expected}; remap one of them"
            )
