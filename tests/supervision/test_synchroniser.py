"""Synchroniser: sets, ages, time-outs, and the defects of approximate synchronisers elsewhere."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

from snn_control.errors import ParameterError, UnknownNameError
from snn_control.supervision.synchroniser import EventKind, StreamLimits, Synchroniser

LIMITS = {
    "lidar": StreamLimits(max_age_s=0.3, timeout_s=0.5),
    "barometer": StreamLimits(max_age_s=1.0, timeout_s=2.0),
}


def make(**options: float) -> Synchroniser[int]:
    return Synchroniser(LIMITS, **{"skew_s": 0.04, **options})  # type: ignore[arg-type]


def test_messages_with_close_stamps_form_one_set() -> None:
    both = make()
    assert both.put("lidar", 1.0, 1, 1.0) == {}
    assert both.put("barometer", 0.9, 2, 1.0) == {}
    matched = both.put("barometer", 1.03, 3, 1.05)
    assert {name: message.value for name, message in matched.items()} == {
        "lidar": 1,
        "barometer": 3,
    }
    assert both.put("lidar", 1.04, 4, 1.06) == {}  # the barometer's message is used up


@pytest.mark.parametrize("seed", range(5))
def test_each_message_is_in_at_most_one_set_and_the_skew_holds(seed: int) -> None:
    rng, both, used = np.random.default_rng(seed), make(), []
    arrivals = [
        (k * period + float(rng.exponential(0.02)), name, k * period, k)
        for name, period in (("lidar", 0.1), ("barometer", 0.1))
        for k in range(300)
        if rng.random() > 0.1
    ]
    for now_s, name, stamp_s, value in sorted(arrivals):
        matched = both.put(name, stamp_s, value, now_s)
        if matched:
            stamps = [message.stamp_s for message in matched.values()]
            assert max(stamps) - min(stamps) <= 0.04
            used.append(tuple(matched[each].value for each in LIMITS))
    lidar, barometer = zip(*used, strict=True)
    assert len(set(lidar)) == len(lidar) > 200
    assert list(barometer) == sorted(set(barometer))


def test_a_stream_that_ends_is_an_event() -> None:
    """Defect elsewhere: sets stop without an event when one of two streams ends."""
    both, sets, events = make(), 0, []
    for k in range(200):
        now_s = 0.1 * k
        sets += bool(both.put("lidar", now_s, k, now_s))
        if k < 100:
            sets += bool(both.put("barometer", now_s, k, now_s))
        events += both.events(now_s)
    assert sets == 100
    (event,) = events
    assert (event.stream, event.kind) == ("barometer", EventKind.TIMED_OUT)
    assert event.at_s == pytest.approx(9.9 + 2.1)
    assert both.timed_out == {"barometer"}
    assert both.age_s("lidar", 20.0) == pytest.approx(0.1)
    assert both.age_s("barometer", 20.0) == math.inf
    both.put("barometer", 20.0, 0, 20.0)
    (event,) = both.events(20.0)
    assert event.kind is EventKind.RETURNED
    assert not both.timed_out


def test_old_messages_form_no_set() -> None:
    """Defect elsewhere: stamps of equal age match, however old they are."""
    both, now_s = make(), 1e9
    assert both.put("lidar", 100.0, 1, now_s) == {}
    assert both.put("barometer", 100.0, 2, now_s) == {}
    assert [event.kind for event in both.events(now_s)] == [EventKind.OLD, EventKind.OLD]
    both.put("lidar", now_s, 1, now_s)
    assert both.put("barometer", now_s, 2, now_s + 0.31) == {}  # the lidar's message has aged
    assert both.newest("lidar", now_s + 0.31) is None


def test_an_exception_of_the_caller_leaves_the_synchroniser_usable() -> None:
    """Defect elsewhere: an exception in the callback leaves a lock held for ever."""
    both, handled = make(), 0
    for k in range(10):
        now_s = 0.1 * k
        both.put("lidar", now_s, k, now_s)
        try:
            if both.put("barometer", now_s, k, now_s):
                raise ValueError("handler")
        except ValueError:
            handled += 1
    assert handled == 10


def test_stamps_from_the_future_are_refused() -> None:
    both = make()
    for stamp_s in (1.2, math.nan, math.inf):
        assert both.put("lidar", stamp_s, 1, 1.0) == {}
    assert [event.kind for event in both.events(1.0)] == [EventKind.FUTURE] * 3
    both.put("lidar", 1.04, 1, 1.0)
    assert both.events(1.0) == []


def test_a_clock_that_is_set_back_times_out_again_later() -> None:
    both = make()
    both.put("lidar", 100.0, 1, 100.0)
    both.put("barometer", 100.0, 1, 100.0)
    assert both.events(50.0) == []
    assert {event.kind for event in both.events(53.0)} == {EventKind.TIMED_OUT}


def test_a_stream_that_never_sends_times_out() -> None:
    both = make()
    assert both.events(10.0) == []
    assert {event.stream for event in both.events(13.0)} == {"lidar", "barometer"}


def test_late_messages_are_sorted_by_stamp_and_memory_is_bounded() -> None:
    both = make(depth=4)
    for stamp_s in (1.0, 0.8, 0.9):
        both.put("lidar", stamp_s, round(10 * stamp_s), 1.0)
    newest = both.newest("lidar", 1.0)
    assert newest is not None
    assert newest.value == 10
    matched = both.put("barometer", 0.9, 0, 1.0)
    assert matched["lidar"].value == 9
    for k in range(100):
        both.put("lidar", 1.0 + 1e-3 * k, k, 1.1)
    twin = copy.deepcopy(both)
    assert twin.put("barometer", 1.099, 1, 1.1)["lidar"].value == 99
    assert both.put("barometer", 1.06, 1, 1.1)["lidar"].value == 96  # the oldest of four


def test_unknown_streams_and_invalid_limits_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"lida.*lidar"):
        make().put("lida", 0.0, 1, 0.0)
    for wrong in (
        lambda: make(skew_s=-1.0),
        lambda: make(depth=0),
        lambda: StreamLimits(0.0, 1.0),
        lambda: StreamLimits(1.0, math.nan),
    ):
        with pytest.raises(ParameterError):
            wrong()
