"""Messages that two subscriptions receive."""

from __future__ import annotations

from snn_control.ros.faults.twins import KEPT_S, Twins


def test_each_message_is_received_once_in_any_order() -> None:
    twins, received = Twins(), []
    arrivals = [(0, "a"), (0, "b"), (1, "a"), (1, "b"), (1, "b"), (0, "b"), (1, "c"), (0, "c")]
    for k, (subscription, message) in enumerate(arrivals):
        if twins.is_new(subscription, message, 0.01 * k):
            received.append(message)
    assert received == ["a", "b", "b", "c"]


def test_messages_of_one_subscription_are_all_received() -> None:
    """A publisher that keeps no message reaches one of both subscriptions."""
    twins = Twins()
    assert all(twins.is_new(0, "a", 0.1 * k) for k in range(50))
    assert not twins.is_new(1, "a", 5.0)
    assert twins.is_new(1, "a", 5.0 + 2 * KEPT_S)
