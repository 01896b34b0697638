"""Stamp checks on schedules with known missed ticks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.supervision.stamps import NS, StampCheck, StampFault

PERIOD_S = 0.1
START_NS = 1000 * NS


def ns(seconds: float) -> int:
    return START_NS + round(seconds * NS)


def faults(check: StampCheck, *seconds: float) -> list[StampFault | None]:
    """Judge stamps that arrive without latency."""
    return [check.judge(ns(s), ns(s)).fault for s in seconds]


def test_regular_stamps_have_the_measured_dt() -> None:
    check = StampCheck(PERIOD_S)
    verdicts = [check.judge(ns(s), ns(s)) for s in (0.0, 0.1, 0.21, 0.3)]
    assert [v.fault for v in verdicts] == [None] * 4
    assert [v.dt_s for v in verdicts] == pytest.approx([0.1, 0.1, 0.11, 0.09])
    assert sum(v.missed for v in verdicts) == 0


def test_stamps_are_nanoseconds() -> None:
    check = StampCheck(PERIOD_S)
    check.judge(1_700_000_000_000_000_000, 1_700_000_000_000_000_000)
    assert check.judge(1_700_000_002_500_000_000, 1_700_000_002_500_000_000).dt_s == 2.5


def test_dt_includes_the_time_of_unusable_measurements() -> None:
    check = StampCheck(PERIOD_S)
    usable = (True, False, False, True, True)
    verdicts = [check.judge(ns(0.1 * k), ns(0.1 * k), usable[k]) for k in range(5)]
    assert [v.dt_s for v in verdicts] == pytest.approx([0.1, 0.1, 0.2, 0.3, 0.1])
    assert sum(v.missed for v in verdicts) == 0, "it arrived"
    check.begin()
    verdicts = [check.judge(ns(k), ns(k), k != 2) for k in (2, 3, 4)]
    assert [v.dt_s for v in verdicts] == [PERIOD_S, PERIOD_S, 1.0], "no usable measurement before"


def test_repeated_and_backward_stamps_do_not_move_the_last_one() -> None:
    check = StampCheck(PERIOD_S)
    assert faults(check, 0.0, 0.0, 0.1, 0.05, 0.1) == [
        None, StampFault.REPEATED, None, StampFault.BACKWARDS, StampFault.REPEATED,
    ]  # fmt: skip
    assert check.judge(ns(0.2), ns(0.2)).dt_s == pytest.approx(0.1)
    assert check.counts[StampFault.REPEATED] == 2
    assert check.counts[StampFault.BACKWARDS] == 1


def test_a_discarded_measurement_does_not_shorten_dt() -> None:
    check = StampCheck(PERIOD_S)
    assert faults(check, 0.0, 0.1) == [None, None]
    check.discard()
    assert check.judge(ns(0.2), ns(0.2)).dt_s == pytest.approx(0.2)
    assert check.judge(ns(0.3), ns(0.3)).dt_s == pytest.approx(0.1)


@pytest.mark.parametrize("offset_s", [0.0, 5.0, -5.0])
def test_delays_beyond_the_shortest_are_refused_for_any_offset_of_the_clocks(
    offset_s: float,
) -> None:
    check = StampCheck(PERIOD_S, future_s=10.0, max_delay_s=0.5)

    def judge(arrival_s: float, delay_s: float) -> tuple[StampFault | None, float]:
        stamp_ns = ns(arrival_s - delay_s + offset_s)
        verdict = check.judge(stamp_ns, ns(arrival_s), now_s=100.0 + arrival_s)
        return verdict.fault, verdict.delay_s

    assert judge(1.0, 0.05) == (None, 0.0)
    assert judge(1.1, 0.02) == (None, 0.0), "the shortest so far"
    assert judge(1.5, 0.32) == (None, pytest.approx(0.3, abs=0.001))
    assert judge(2.5, 0.6)[0] is StampFault.DELAYED
    assert judge(2.6, 0.02)[0] is None
    assert check.counts[StampFault.DELAYED] == 1


@pytest.mark.parametrize(
    ("between", "delay_s"),
    [
        ((1.1, StampFault.REPEATED), 0.3),
        ((99.0, StampFault.FUTURE), 0.3),
        ((0.6, StampFault.BACKWARDS), 0.0),  # the other clock may have been set back
    ],
)
def test_only_a_jump_back_forgets_the_shortest_delay(
    between: tuple[float, StampFault], delay_s: float
) -> None:
    check = StampCheck(PERIOD_S, future_s=1.0, max_delay_s=0.5)
    for stamp_s in (1.0, 1.1):
        assert check.judge(ns(stamp_s), ns(stamp_s), now_s=stamp_s).fault is None
    assert check.judge(ns(between[0]), ns(1.2), now_s=1.2).fault is between[1]
    verdict = check.judge(ns(1.2), ns(1.5), now_s=1.5)
    assert verdict.fault is None
    assert verdict.delay_s == pytest.approx(delay_s, abs=0.001)


def test_drift_of_the_clocks_is_no_delay() -> None:
    check = StampCheck(PERIOD_S, future_s=10.0, max_delay_s=0.5)
    for k in range(1, 20_000):
        arrival_s = PERIOD_S * k
        stamp_ns = ns(arrival_s * (1.0 - 5e-4))
        assert check.judge(stamp_ns, ns(arrival_s), now_s=arrival_s).fault is None


def test_a_restart_forgets_the_shortest_delay() -> None:
    check = StampCheck(PERIOD_S, restart_s=1.0, max_delay_s=0.5)
    assert check.judge(ns(100.0), ns(100.0), now_s=100.0).fault is None
    assert check.judge(ns(1.0), ns(100.1), now_s=100.1).fault is StampFault.RESTARTED
    assert check.judge(ns(1.1), ns(100.2), now_s=100.2).fault is None


def test_simulated_time_has_no_delay() -> None:
    check = StampCheck(PERIOD_S, max_delay_s=0.5)
    assert check.judge(ns(0.0), ns(0.0)).delay_s == 0.0
    verdict = check.judge(ns(0.1), ns(5.0))
    assert (verdict.fault, verdict.delay_s) == (None, 0.0)


def test_future_stamps_are_refused_until_the_clock_reaches_them() -> None:
    check = StampCheck(PERIOD_S, future_s=0.1)
    assert check.judge(ns(0.1), ns(0.0)).fault is None
    assert check.judge(ns(5.0), ns(0.2)).fault is StampFault.FUTURE
    assert check.judge(ns(0.2), ns(0.2)).fault is None, "one stray stamp must not block the others"
    assert check.judge(ns(5.0), ns(4.9)).fault is None


def test_old_stamps_are_refused_with_a_maximum_age() -> None:
    assert StampCheck(PERIOD_S).judge(ns(0.0), ns(3600.0)).fault is None
    check = StampCheck(PERIOD_S, max_age_s=0.3)
    assert check.judge(ns(0.0), ns(0.3)).fault is None
    assert check.judge(ns(0.1), ns(0.41)).fault is StampFault.OLD
    assert check.judge(ns(0.2), ns(0.4)).dt_s == pytest.approx(0.2)


@pytest.mark.parametrize("stamp", [0, -1])
def test_an_unset_stamp_is_refused(stamp: int) -> None:
    check = StampCheck(PERIOD_S)
    assert [check.judge(stamp, ns(0)).fault for _ in range(3)] == [StampFault.UNSET] * 3


def test_restarted_time_starts_a_new_sequence() -> None:
    check = StampCheck(PERIOD_S, restart_s=1.0)
    assert faults(check, 100.0, 100.1) == [None, None]
    assert faults(check, 1.0) == [StampFault.RESTARTED]
    first, second = (check.judge(ns(s), ns(s)) for s in (1.1, 1.2))
    assert (first.fault, first.dt_s, first.missed) == (None, PERIOD_S, 0)
    assert second.dt_s == pytest.approx(0.1)


@pytest.mark.parametrize("restart_s", [0.25, 1.0, 3.0])
def test_a_jump_back_by_more_than_restart_s_restarts(restart_s: float) -> None:
    limit_ns, first_ns = round(restart_s * NS), ns(100.0)
    for back_ns, fault in (
        (1, StampFault.BACKWARDS),
        (limit_ns, StampFault.BACKWARDS),
        (limit_ns + 1, StampFault.RESTARTED),
    ):
        check = StampCheck(PERIOD_S, restart_s=restart_s)
        check.judge(first_ns, first_ns)
        assert check.judge(first_ns - back_ns, first_ns).fault is fault
        assert check.counts == {**dict.fromkeys(StampFault, 0), fault: 1}


@pytest.mark.parametrize("restart_s", [0.25, 1.0, 3.0])
def test_a_jump_ahead_by_more_than_restart_s_is_a_set_clock(restart_s: float) -> None:
    limit_ns, first_ns = round(restart_s * NS), ns(100.0)
    for ahead_ns, fault in ((limit_ns - 1000, None), (limit_ns + 1000, StampFault.FORWARDS)):
        check = StampCheck(PERIOD_S, restart_s=restart_s)
        check.judge(first_ns, first_ns, now_s=8.0)
        stamp_ns = first_ns + NS // 2 + ahead_ns
        assert check.judge(stamp_ns, stamp_ns, now_s=8.5).fault is fault


def test_a_clock_that_is_set_from_1970_is_a_jump_ahead() -> None:
    check = StampCheck(PERIOD_S)
    assert check.judge(10 * NS, 10 * NS, now_s=10.0).fault is None
    assert check.judge(START_NS * 10**6, START_NS * 10**6, now_s=10.1).fault is StampFault.FORWARDS


def test_default_limits_of_stamps() -> None:
    """0.1 s into the future and 1 s back, as documented."""
    for offset_ns, fault in ((0, None), (1, StampFault.FUTURE)):
        assert StampCheck(PERIOD_S).judge(ns(5.1) + offset_ns, ns(5.0)).fault is fault
    for offset_ns, fault in ((0, StampFault.BACKWARDS), (-1, StampFault.RESTARTED)):
        check = StampCheck(PERIOD_S)
        check.judge(ns(5.0), ns(5.0))
        assert check.judge(ns(4.0) + offset_ns, ns(5.0)).fault is fault


def test_stamps_frozen_at_an_old_value_are_never_usable() -> None:
    """A stamp that jumps back and stays there only restarts the sequence."""
    check = StampCheck(PERIOD_S)
    faults(check, 100.0)
    assert faults(check, *[1.0] * 4) == [StampFault.RESTARTED, *[StampFault.REPEATED] * 3]


def test_a_repeated_stamp_stays_repeated_after_begin() -> None:
    check = StampCheck(PERIOD_S)
    faults(check, 0.0)
    check.begin()
    assert faults(check, 0.0) == [StampFault.REPEATED]
    assert check.judge(ns(50.0), ns(50.0)).dt_s == PERIOD_S


def test_a_jump_of_simulated_time_with_a_late_clock() -> None:
    """Restart of /clock before or after the measurement."""
    check = StampCheck(PERIOD_S, max_age_s=0.5)
    check.judge(ns(60.0), ns(60.0))
    assert check.judge(ns(0.1), ns(60.1)).fault is StampFault.OLD
    assert check.judge(ns(0.2), ns(0.2)).fault is StampFault.RESTARTED
    assert check.judge(ns(60.1), ns(0.2)).fault is StampFault.FUTURE
    assert check.judge(ns(0.3), ns(0.3)).fault is None


@settings(max_examples=50, deadline=None)
@given(
    gaps=st.lists(st.integers(0, 6), min_size=1, max_size=40),
    jitter=st.lists(st.floats(-0.2, 0.2), min_size=41, max_size=41),
    period_s=st.sampled_from([0.005, 0.02, 0.1, 0.5]),
)
def test_missed_ticks_of_a_jittered_grid(
    gaps: list[int], jitter: list[float], period_s: float
) -> None:
    """Reported one regular tick later, because a burst could still fill the gap."""
    check = StampCheck(period_s)
    at, seconds = 0, [jitter[0] * period_s]
    for gap, shift in zip(gaps, jitter[1:], strict=False):
        at += gap + 1
        seconds.append((at + shift) * period_s)
    missed = [check.judge(ns(s), ns(s)).missed for s in seconds]
    assert missed == [0, 0, *gaps[:-1]]


@pytest.mark.parametrize("preset", ["clean", "missed", "default", "stress"])
def test_bursts_after_gaps_are_not_missed_ticks(preset: str) -> None:
    """The schedule of the blimp contains which ticks were missed and which were only late."""
    scenario = draw_scenario(blimp_parameters(preset, None), 3, 600.0)
    check = StampCheck(PERIOD_S)
    seconds = scenario.tick_step * 0.01
    missed = sum(check.judge(ns(s), ns(s)).missed for s in seconds)
    truth = int(scenario.missed.sum())
    held_back = preset in ("default", "stress")
    assert abs(missed - truth) <= (0.05 * truth if held_back else 1)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(-(10**9), 2 * 10**10), st.integers(0, 2 * 10**10))))
def test_usable_stamps_increase_for_any_input(events: list[tuple[int, int]]) -> None:
    check, last, total_s, began = StampCheck(PERIOD_S), None, 0.0, 0
    for stamp, clock in events:
        verdict = check.judge(stamp, clock)
        assert verdict.missed >= 0
        assert verdict.dt_s > 0
        if verdict.fault is StampFault.RESTARTED:
            last = None
        if verdict.fault is not None:
            continue
        assert 0 < stamp <= clock + 10**8
        if last is None:
            last, began, total_s = stamp, stamp, 0.0
        else:
            assert stamp > last
            last, total_s = stamp, total_s + verdict.dt_s
            assert total_s == pytest.approx((stamp - began) / NS, abs=1e-6)
    assert sum(check.counts.values()) <= len(events)


def test_a_clock_that_is_set_ahead_is_refused_once() -> None:
    check = StampCheck(PERIOD_S)
    stamps_s, steady_s = (0.0, 0.1, 3600.2, 3600.3), (5.0, 5.1, 5.2, 5.3)
    verdicts = [check.judge(ns(s), ns(s), now_s=t) for s, t in zip(stamps_s, steady_s, strict=True)]
    assert [v.fault for v in verdicts] == [None, None, StampFault.FORWARDS, None]
    assert [v.dt_s for v in verdicts[2:]] == [PERIOD_S, PERIOD_S]
    assert verdicts[3].missed == 0


def test_a_real_gap_and_simulated_time_are_not_jumps() -> None:
    check = StampCheck(PERIOD_S)
    assert [check.judge(ns(s), ns(s), now_s=s + 1).fault for s in (0.0, 60.0)] == [None, None]
    assert faults(check, 120.0, 180.0) == [None, None]
