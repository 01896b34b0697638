"""Send-on-delta: messages of a stream where they differ from a prediction that both sides hold.

The encoder sends a value if it differs from the shared prediction by more than `delta`; with a held
value as the prediction this is plain send-on-delta. Frames carry absolute values and a sequence
number. A lost frame leaves the predictions of the two sides different: the decoder detects the gap
in the numbers, marks the stream as stale and predicts on, corrected by the values that arrive,
until the next key frame. Key frames carry the state of the prediction, from which both sides
restart. Their regular arrival reveals a silent sender, too.

It saves messages, not measurements: the sender measures at its full rate.
Source: Miskowicz, Send-On-Delta Concept: An Event-Based Data Reporting Strategy, Sensors 6, 2006,
doi:10.3390/s6010049.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from snn_control.copies import Copied
from snn_control.errors import ObservationError, ParameterError
from snn_control.supervision.shared_prediction import Prediction

__all__ = ["DeltaConfig", "DeltaDecoder", "DeltaEncoder", "DeltaFrame"]


@dataclass(frozen=True)
class DeltaConfig:
    """Settings that encoder and decoder share.

    Raises:
        ParameterError: a value is out of its range.
    """

    delta: float
    """Largest difference from the prediction that is not sent, in the unit of the stream."""
    key_period_s: float = 10.0
    """Time between key frames, s; infinite: only the first one."""
    late_s: float = 1.0
    """Time after which a missing key frame makes the stream stale, s."""
    modulus: int = 65536
    """Number of sequence numbers; a gap of a multiple of it is not detected."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.delta < math.inf:
            raise ParameterError(f"delta is {self.delta:g}; expected a finite value of at least 0")
        for name in ("key_period_s", "late_s"):
            if not getattr(self, name) > 0.0:
                raise ParameterError(f"{name} is {getattr(self, name):g}; expected positive")
        if self.modulus < 4:
            raise ParameterError(f"modulus is {self.modulus}; expected at least 4")


@dataclass(frozen=True)
class DeltaFrame:
    """Message of an encoder."""

    sequence: int
    """Number of the frame, from 0 to below the modulus, then from 0 again."""
    stamp_s: float
    """Time of the measurement, s."""
    value: float
    """Measured value."""
    state: tuple[float, ...] = ()
    """State of the prediction after this value; empty except in a key frame."""

    @property
    def key(self) -> bool:
        """True for a key frame."""
        return bool(self.state)


class DeltaEncoder(Copied):
    """Sender of a stream.

    Args:
        config: settings.
        prediction: shared prediction; the encoder owns it.
    """

    def __init__(self, config: DeltaConfig, prediction: Prediction) -> None:
        self.config, self.prediction = config, prediction
        self._sequence, self._now_s, self._key_s = 0, -math.inf, -math.inf

    def step(self, value: float, now_s: float, state: tuple[float, ...] = ()) -> DeltaFrame | None:
        """Return the frame to send for a measurement, or None.

        Args:
            value: measured value.
            now_s: time of the measurement, s.
            state: state of the sender's own estimate, from which both sides restart: every frame
                is a key frame then, with more numbers. Empty: the value corrects the prediction.

        Raises:
            ObservationError: value or time is not finite, or the time is before the last one; the
                encoder is unchanged.
        """
        if not (math.isfinite(value) and math.isfinite(now_s)) or now_s < self._now_s:
            raise ObservationError(
                f"value {value:g} at {now_s:g} s after {self._now_s:g} s; expected a finite value "
                "at a time that does not decrease: leave out what the sensor did not measure"
            )
        self._now_s = now_s
        predicted = self.prediction.predict(now_s)
        key = now_s - self._key_s >= self.config.key_period_s - 1e-9 or self._key_s == -math.inf
        if not key and abs(value - predicted) <= self.config.delta:
            return None
        if not state:
            self.prediction.correct(value)
            state = self.prediction.state() if key else ()
        if state:
            self.prediction.restart(state, now_s)
            self._key_s = now_s
        frame = DeltaFrame(self._sequence, now_s, value, state)
        self._sequence = (self._sequence + 1) % self.config.modulus
        return frame


class DeltaDecoder(Copied):
    """Receiver of a stream.

    Frames are received in the order of their stamps, before `value` is read at a later time.

    Args:
        config: settings, equal to those of the encoder.
        prediction: shared prediction, equal to that of a new encoder; the decoder owns it.
    """

    def __init__(self, config: DeltaConfig, prediction: Prediction) -> None:
        self.config, self.prediction = config, prediction
        self._sequence: int | None = None
        self._stamp_s = self._key_s = -math.inf
        self._gap = False
        self.n_lost = 0
        """Frames that are known to be lost."""

    def receive(self, frame: DeltaFrame) -> bool:
        """Use a frame; return False for one that is late, repeated or before the first key frame.

        Raises:
            ObservationError: a number of the frame is not finite, its sequence number is out of
                range or its state has another length; the decoder is unchanged.
        """
        numbers = (frame.stamp_s, frame.value, *frame.state)
        modulus = self.config.modulus
        if not (all(map(math.isfinite, numbers)) and 0 <= frame.sequence < modulus):
            raise ObservationError(
                f"{frame}: expected finite numbers and a sequence number of 0 to {modulus - 1}"
            )
        if frame.stamp_s < self._stamp_s:
            return False
        last, steps = self._sequence, 1
        if last is not None:
            steps = (frame.sequence - last) % modulus
        if frame.key:
            if steps == 0 and frame.stamp_s == self._stamp_s:
                return False
            # A sender that restarted counts from 0: its numbers are no evidence of losses.
            self.prediction.restart(frame.state, frame.stamp_s)
            self._key_s, self._gap = frame.stamp_s, False
        elif last is None or steps == 0 or steps > modulus // 2:
            return False
        else:
            self._gap = self._gap or (steps > 1 and not self.prediction.memoryless)
            self.prediction.predict(frame.stamp_s)
            self.prediction.correct(frame.value)
        if 1 < steps <= modulus // 2:
            self.n_lost += steps - 1
        self._sequence, self._stamp_s = frame.sequence, frame.stamp_s
        return True

    def value(self, now_s: float) -> float:
        """Return the value at a time; NaN before the first key frame.

        If the stream is not stale and no frame is under way, it differs from the measured one by at
        most `delta`, as far as the prediction reproduces the values that correct it.
        """
        return self.prediction.predict(now_s)

    def stale(self, now_s: float) -> bool:
        """Return True from a detected loss, or a missing key frame, until the next key frame."""
        return self._gap or not now_s - self._key_s <= self.config.key_period_s + self.config.late_s
