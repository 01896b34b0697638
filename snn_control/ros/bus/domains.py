"""Free ROS domains for isolated buses."""

from __future__ import annotations

import itertools
import os
import socket
import sys
from collections import deque

from snn_control.errors import RunError

__all__ = ["free_domain"]

FIRST_DOMAIN, LAST_DOMAIN = 1, 101
"""First and last domain with ports below the ephemeral ports of Linux."""

_turns = itertools.count(os.getpid())
_claims: deque[socket.socket] = deque(maxlen=8)
"""Claims of the last domains; by the time that the oldest ends, its nodes occupy the domain."""


def free_domain() -> int:
    """Return a ROS domain without participants on this machine.

    The first participant of domain d binds UDP port 7410 + 250 d (RTPS 2.3, 9.6.1.1), so that a
    domain whose port is free is unused. Successive calls return different domains: participants of
    a closed context may outlive it. On Linux no two processes receive the same domain before their
    nodes have started.

    Raises:
        RunError: all domains are in use.
    """
    span = LAST_DOMAIN - FIRST_DOMAIN + 1
    for turn in itertools.islice(_turns, span):
        domain = FIRST_DOMAIN + turn % span
        if _has_free_port(domain) and _claim(domain):
            return domain
    raise RunError("all ROS domains are in use; end some nodes, or set ROS_DOMAIN_ID")


def _has_free_port(domain: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", 7410 + 250 * domain))
        except OSError:
            return False
    return True


def _claim(domain: int) -> bool:
    """Claim a domain by a Unix socket without a file, which Linux releases with the process."""
    if sys.platform != "linux":
        return True
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0snn_control/domain/{domain}")
    except OSError:
        claim.close()
        return False
    if len(_claims) == _claims.maxlen:
        _claims.popleft().close()
    _claims.append(claim)
    return True
