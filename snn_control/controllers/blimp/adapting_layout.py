"""Layout of the arrays of an adapting controller of a blimp, beside those of `forward_layout`.

memory    (MEMORY,)   time and command of the controller, state of trust and of requests
limits    (LIMITS,)   limits of `AdaptingConfig`
orders    entries of `Orders`
saved, initial, current   (3 * n + 1,)   parameters: of the last request, of the start, scratch
"""

from __future__ import annotations

(
    TIME, OFFSET, COMMAND, COMMANDED, ON, TRUSTED, LEARNS, ELAPSED, STARTED, OBEYS, SAVES,
    ROLLBACKS, VERSIONS, VERSION_TIME, ACTS,
) = range(15)  # fmt: skip
"""ACTS: 1 on predictions, 2 on measurements, 0 while the networks rest."""
MEMORY = 15

ROLLBACK_S, ZONE, VERSION_S, GATE_M = range(4)
"""Age to return to, dead zone, time between versions, gate of a frozen sensor."""
LIMITS = 4

SENT, FROZEN, TRUST, FRESH, ADAPTING, SAVE_REQUESTS, ROLLBACK_REQUESTS = range(7)
"""Indices of the orders."""
