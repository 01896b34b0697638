"""Send-on-delta compared with its error bounds, with and without lost frames."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
import pytest

from snn_control.errors import ObservationError, ParameterError
from snn_control.supervision.observer import Observer
from snn_control.supervision.send_on_delta import (
    DeltaConfig,
    DeltaDecoder,
    DeltaEncoder,
    DeltaFrame,
)
from snn_control.supervision.shared_prediction import (
    ConstantRate,
    Extrapolation,
    ObserverPrediction,
    Prediction,
)
from tests.supervision.point_mass import NOISE, PointMass

PERIOD_S, DELTA = 0.1, 0.05
FOREVER = math.inf


def observer_prediction() -> ObserverPrediction:
    return ObserverPrediction(Observer(PointMass(0.1), NOISE), 0.006)


PREDICTIONS: dict[str, Callable[[], Prediction]] = {
    "hold": Extrapolation,
    "function": lambda: Extrapolation(lambda value, t: value * math.exp(-0.1 * t)),
    "rate": ConstantRate,
    "observer": observer_prediction,
}


def pair(
    make: Callable[[], Prediction], key_period_s: float = FOREVER, modulus: int = 65536
) -> tuple[DeltaEncoder, DeltaDecoder]:
    config = DeltaConfig(DELTA, key_period_s, modulus=modulus)
    return DeltaEncoder(config, make()), DeltaDecoder(config, make())


def transmit(
    encoder: DeltaEncoder,
    decoder: DeltaDecoder,
    values: np.ndarray,
    lost: Callable[[int, DeltaFrame], bool] = lambda k, frame: False,
) -> tuple[np.ndarray, list[DeltaFrame], list[bool]]:
    """Return the error after each sample, the sent frames, and where the stream was stale."""
    errors, stale = [], []
    frames: list[DeltaFrame] = []
    for k, value in enumerate(values.tolist()):
        frame = encoder.step(value, PERIOD_S * k)
        if frame is not None:
            if not lost(len(frames), frame):
                decoder.receive(frame)
            frames.append(frame)
        errors.append(decoder.value(PERIOD_S * k) - value)
        stale.append(decoder.stale(PERIOD_S * k))
    return np.array(errors), frames, stale


def dropping(dropped: np.ndarray) -> Callable[[int, DeltaFrame], bool]:
    return lambda k, frame: k > 0 and bool(dropped[k])


def walk(seed: int, n: int = 3000) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(0.0, 0.01, n))


@pytest.mark.parametrize("name", ["hold", "function", "rate"])
@pytest.mark.parametrize("key_period_s", [FOREVER, 7.0])
def test_without_loss_the_error_is_at_most_delta(name: str, key_period_s: float) -> None:
    encoder, decoder = pair(PREDICTIONS[name], key_period_s)
    errors, frames, stale = transmit(encoder, decoder, walk(1))
    assert np.abs(errors).max() <= DELTA + 1e-12
    assert not any(stale)
    assert len(frames) < 1500


def test_on_a_ramp_each_prediction_sends_as_often_as_its_closed_form() -> None:
    slope, n = 0.2, 1000
    ramp = slope * PERIOD_S * np.arange(n)
    # Held value: a frame as soon as slope t > delta, so every third sample.
    _, held, _ = transmit(*pair(Extrapolation), ramp)
    assert [round(frame.stamp_s / PERIOD_S) for frame in held] == list(range(0, n, 3))
    # A line needs the first value and one more.
    _, lines, _ = transmit(*pair(ConstantRate), ramp)
    assert len(lines) == 2


def test_a_lost_frame_leaves_an_unbounded_error_without_key_frames() -> None:
    slope, n, stop = 0.2, 2000, 500
    values = slope * PERIOD_S * np.minimum(np.arange(n), stop)

    def after(k: int, frame: DeltaFrame) -> bool:
        return frame.stamp_s > stop * PERIOD_S and not frame.key

    # The frames after the end of the ramp are lost, and the receiver follows its slope.
    errors, frames, stale = transmit(*pair(ConstantRate), values, lost=after)
    assert len(frames) == 4
    assert errors[-1] == pytest.approx(slope * PERIOD_S * (n - 1 - stop))
    assert not stale[-1]
    key_period_s = 5.0
    errors, frames, stale = transmit(*pair(ConstantRate, key_period_s), values, lost=after)
    assert np.abs(errors).max() <= slope * key_period_s + DELTA
    assert abs(errors[-1]) <= DELTA


@pytest.mark.parametrize("name", ["rate", "observer"])
def test_random_losses_are_bounded_by_key_frames(name: str) -> None:
    values = np.interp(np.arange(20000), np.arange(0, 20001, 100), walk(3, 201) * 20)
    worst = {}
    for key_period_s in (FOREVER, 2.0):
        encoder, decoder = pair(PREDICTIONS[name], key_period_s)
        dropped = np.random.default_rng(7).random(values.size) < 0.2
        errors, frames, stale = transmit(encoder, decoder, values, dropping(dropped))
        worst[key_period_s] = np.abs(errors).max()
        assert 0 < decoder.n_lost < len(frames)
        assert any(stale)
        if key_period_s < FOREVER:
            assert not all(stale[1000:])
    assert worst[2.0] < 0.6 * worst[FOREVER]


def test_losses_do_not_matter_longer_than_to_the_next_frame_for_a_held_value() -> None:
    values = walk(4)
    encoder, decoder = pair(Extrapolation)
    errors, frames, stale = transmit(encoder, decoder, values, lost=lambda k, frame: k == 5)
    assert decoder.n_lost == 1
    assert not any(stale)
    first, second = (round(frames[k].stamp_s / PERIOD_S) for k in (5, 6))
    assert np.abs(np.delete(errors, range(first, second))).max() <= DELTA + 1e-12


def test_a_gap_makes_the_stream_stale_until_the_next_key_frame() -> None:
    values = 0.2 * np.sin(0.5 * PERIOD_S * np.arange(400))
    encoder, decoder = pair(ConstantRate, 10.0)
    _, frames, stale = transmit(encoder, decoder, values, lost=lambda k, frame: k == 3)
    detected, keys = frames[4].stamp_s, [f.stamp_s for f in frames if f.key]
    expected = [detected <= PERIOD_S * k < keys[1] for k in range(400)]
    np.testing.assert_array_equal(stale, expected)


def test_a_silent_sender_makes_the_stream_stale() -> None:
    encoder, decoder = pair(Extrapolation, 5.0)
    assert decoder.stale(0.0)
    frame = encoder.step(1.0, 0.0)
    assert frame is not None
    decoder.receive(frame)
    assert not decoder.stale(6.0)
    assert decoder.stale(6.1)


def test_sequence_numbers_wrap() -> None:
    values = walk(5)
    encoder, decoder = pair(ConstantRate, modulus=8)
    errors, frames, stale = transmit(encoder, decoder, values)
    assert len(frames) > 50
    assert [frame.sequence for frame in frames] == [k % 8 for k in range(len(frames))]
    assert np.abs(errors).max() <= DELTA + 1e-12
    assert not any(stale)
    encoder, decoder = pair(ConstantRate, modulus=8)
    transmit(encoder, decoder, values, lost=lambda k, frame: k in (7, 8))
    assert decoder.n_lost == 2


def test_late_and_repeated_frames_change_nothing() -> None:
    encoder, decoder = pair(ConstantRate)
    frames = [f for k in range(60) if (f := encoder.step(0.3 * math.sin(k), PERIOD_S * k))]
    decoder.receive(frames[0])
    assert not decoder.receive(frames[0])
    decoder.receive(frames[1])
    decoder.receive(frames[3])
    twin = copy.copy(decoder)
    assert not decoder.receive(frames[2])
    assert not decoder.receive(frames[3])
    assert decoder.value(60.0) == twin.value(60.0)
    assert decoder.stale(60.0)
    assert decoder.n_lost == 1


def test_without_a_key_frame_there_is_no_value_and_a_restarted_sender_is_accepted() -> None:
    encoder, decoder = pair(ConstantRate)
    frames = [f for k in range(60) if (f := encoder.step(0.3 * math.sin(k), PERIOD_S * k))]
    assert not decoder.receive(frames[1])
    assert math.isnan(decoder.value(0.1))
    for frame in (frames[0], *frames[1:]):
        assert decoder.receive(frame)
    again = DeltaEncoder(encoder.config, ConstantRate()).step(2.0, 7.0)
    assert again is not None
    assert again.sequence == 0
    assert decoder.receive(again)
    assert decoder.value(7.0) == 2.0
    assert decoder.n_lost == 0


def test_both_sides_share_the_observer_after_a_key_frame() -> None:
    encoder, decoder = pair(observer_prediction, 3.0)
    sides = [encoder.prediction, decoder.prediction]
    rng, z, v = np.random.default_rng(2), 1.0, 0.0
    for k in range(600):
        command = 0.2 * math.sin(0.07 * k)
        v += PERIOD_S * (command - 0.1 * v) + 0.003 * rng.normal()
        z += PERIOD_S * v
        frame = encoder.step(z + 0.005 * rng.normal(), PERIOD_S * k)
        value = decoder.value(PERIOD_S * k)
        if frame and (rng.random() < 0.8 or k == 0):
            decoder.receive(frame)
            value = decoder.value(PERIOD_S * k)
            if frame.key:
                assert sides[0].state() == sides[1].state()
        if not decoder.stale(PERIOD_S * k) and decoder.n_lost == 0:
            assert abs(value - z) < DELTA + 0.025
        for side in sides:
            assert isinstance(side, ObserverPrediction)
            side.sent(command, PERIOD_S * k)
    assert decoder.n_lost > 5


def test_a_state_of_the_sender_restarts_both_sides() -> None:
    encoder, decoder = pair(observer_prediction)
    frame = encoder.step(1.0, 0.0, (1.0, 0.3, -0.1))
    assert frame is not None
    assert frame.key
    decoder.receive(frame)
    for side in (encoder.prediction, decoder.prediction):
        np.testing.assert_allclose(side.state(), (1.0, 0.3, -0.1), rtol=1e-9)
    assert encoder.step(1.0 + 0.3 * 0.1, 0.1, (9.0, 9.0, 9.0)) is None
    reference = Observer(PointMass(0.1), NOISE)
    reference.start(1.0, 0.006, 0.0, 0.0)
    assert decoder.value(0.5) > reference.position_m + 0.1


@pytest.mark.parametrize(
    ("value", "now_s"), [(math.nan, 1.0), (math.inf, 1.0), (0.0, math.nan), (0.0, 0.5)]
)
def test_the_encoder_refuses_what_is_no_measurement(value: float, now_s: float) -> None:
    encoder, _ = pair(ConstantRate)
    encoder.step(0.0, 0.0)
    encoder.step(0.2, 1.0)
    twin = copy.copy(encoder)
    with pytest.raises(ObservationError, match="expected a finite value"):
        encoder.step(value, now_s)
    assert encoder.step(0.5, 2.0) == twin.step(0.5, 2.0)


@pytest.mark.parametrize(
    "frame",
    [
        DeltaFrame(1, 1.0, math.nan),
        DeltaFrame(1, math.inf, 0.0),
        DeltaFrame(1, 1.0, 0.0, (0.0, math.nan)),
        DeltaFrame(65536, 1.0, 0.0),
        DeltaFrame(-1, 1.0, 0.0),
        DeltaFrame(1, 1.0, 0.0, (0.0,)),
        DeltaFrame(1, 1.0, 0.0, (0.0, 0.0, 0.0)),
    ],
)
def test_the_decoder_refuses_invalid_frames(frame: DeltaFrame) -> None:
    encoder, decoder = pair(ConstantRate)
    first = encoder.step(0.5, 0.0)
    assert first is not None
    decoder.receive(first)
    with pytest.raises(ObservationError):
        decoder.receive(frame)
    assert decoder.value(2.0) == 0.5
    assert not decoder.stale(2.0)


@pytest.mark.parametrize(
    "values",
    [
        {"delta": -0.1},
        {"delta": math.nan},
        {"delta": math.inf},
        {"delta": 0.1, "key_period_s": 0.0},
        {"delta": 0.1, "late_s": math.nan},
        {"delta": 0.1, "modulus": 3},
    ],
)
def test_settings_out_of_range_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=[*values][-1]):
        DeltaConfig(**values)  # type: ignore[arg-type]
