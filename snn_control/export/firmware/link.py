"""Host's end of the serial line to a firmware: requests, repetitions, reconnection.

Each request has the next sequence number; it is repeated with the same number until a reply with
that number arrives, and the firmware answers a repetition from memory, so that a lost reply steps
nothing twice. Replies with another number are late and are dropped.
"""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import LineError, ParameterError, ProtocolError, UnansweredError
from snn_control.export.firmware.frames import Frame, FrameReader, encode
from snn_control.export.firmware.line import Line, resolve
from snn_control.export.firmware.messages import (
    INFO,
    RESET,
    STATUS,
    STEP,
    Info,
    Reply,
    reply_of,
)

__all__ = ["Counts", "FirmwareLink", "LinkConfig"]

MOST_READS = 16
"""Most reads of pending bytes: a line that never rests must not stop the caller."""
_NUMBERS = 0x10000


@dataclass(frozen=True)
class LinkConfig:
    """Port and times of a link.

    Raises:
        ParameterError: a time or the baud rate is out of range.
    """

    port: str
    """Path, pattern of paths, or `socket://127.0.0.1:PORT`."""
    baud: int = 115200
    """Symbol rate of a serial port, 1/s."""
    retry_s: float = 0.005
    """Time until a request is repeated, s; longer than a round trip."""
    deadline_s: float = 0.06
    """Longest time for an answer, s; below the control period."""
    model_sha256: str = ""
    """Required hash of the firmware's model; empty: any."""

    def __post_init__(self) -> None:
        if not 0 < self.retry_s <= self.deadline_s < 10:
            raise ParameterError(
                f"retry_s {self.retry_s:g}, deadline_s {self.deadline_s:g}: expected "
                "0 < retry_s <= deadline_s < 10"
            )
        if not 300 <= self.baud <= 10_000_000:
            raise ParameterError(f"baud is {self.baud}; expected 300 to 10000000")


class Counts:
    """Events of a link so far."""

    def __init__(self) -> None:
        self.requests = 0
        """Requests, each counted once."""
        self.repetitions = 0
        """Repetitions of requests."""
        self.unanswered = 0
        """Requests without an answer in time."""
        self.late = 0
        """Replies to earlier requests, dropped."""
        self.bad_frames = 0
        """Frames that could not be read."""
        self.departed = 0
        """Steps that the firmware has missed or made without a request."""
        self.restarts = 0
        """Resets of the firmware that this link has not requested."""
        self.time_outs = 0
        """Times that the firmware's outputs became safe for want of a step."""
        self.connections = 0
        """Opened connections."""


class FirmwareLink:
    """Link to a firmware; `connect` opens it, also again after a loss.

    Args:
        config: port and times.

    Attributes:
        info: description of the firmware at the last connection; None before.
        counts: events so far.
    """

    def __init__(self, config: LinkConfig) -> None:
        self.config = config
        self.info: Info | None = None
        self.counts = Counts()
        self._line: Line | None = None
        self._reader = FrameReader()
        self._number = random.randrange(_NUMBERS)  # another one than before a restart of the host
        self._ticks: int | None = None
        self._open = 0
        """Steps without an answer since `_ticks`."""
        self._time_outs: int | None = None

    @property
    def connected(self) -> bool:
        """True until the line is lost."""
        return self._line is not None

    @property
    def ticks(self) -> int | None:
        """Steps of the firmware since its reset, at the last reply; None before any."""
        return self._ticks

    def connect(self, deadline_s: float | None = None) -> Info:
        """Open the first port of the pattern whose firmware answers and has the model.

        Raises:
            LineError: no port, or none can be opened.
            UnansweredError: no firmware answers.
            ProtocolError: the firmware has another protocol or another model.
            MissingExtraError: pyserial or cobs is not installed.
        """
        self.close()
        failure: Exception = LineError(f"no port {self.config.port}: connect the board")
        for port in resolve(self.config.port):
            try:
                self._line = Line(port, self.config.baud)
                self._reader.clear()
                self.info = self._checked(self.inform(deadline_s))
            except (LineError, UnansweredError, ProtocolError) as exc:
                self.close()
                failure = exc
            else:
                self.counts.connections += 1
                return self.info
        raise failure

    def close(self) -> None:
        """Close the line."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def inform(self, deadline_s: float | None = None) -> Info:
        """Return the present description of the firmware; raises as `step`."""
        reply = self._request(INFO, b"", deadline_s)
        self._note(reply, stepped=False)
        return Info.of_payload(reply.payload)

    def reset(self) -> None:
        """Return the controller to its state before the first step; raises as `step`."""
        reply = self._request(RESET, b"")
        self._ticks, self._open = reply.ticks, 0

    def step(self, inputs: npt.ArrayLike, deadline_s: float | None = None) -> npt.NDArray[Any]:
        """Step the controller.

        Args:
            inputs: shape (n_inputs,), in the numbers of the firmware.
            deadline_s: longest time for the answer, s; None: that of the configuration.

        Returns:
            Outputs, shape (n_outputs,).

        Raises:
            LineError: the line is lost; `connect` opens it again.
            UnansweredError: no answer in time; the firmware may or may not have stepped.
            ParameterError: an input is not finite, or their number is wrong.
            ProtocolError: a reply that does not fit the request.
        """
        info = self._connected_info()
        values = np.asarray(inputs, info.input_type)
        if values.shape != (info.n_inputs,):
            raise ParameterError(f"inputs of shape {values.shape}; expected ({info.n_inputs},)")
        reply = self._request(STEP, values.tobytes(), deadline_s)
        if reply.status == 1:
            raise ParameterError(f"inputs {values.tolist()}: expected finite numbers")
        self._note(reply, stepped=True)
        if len(reply.payload) != info.n_outputs * np.dtype(info.output_type).itemsize:
            raise ProtocolError(f"{len(reply.payload)} bytes of outputs; connect again")
        return np.frombuffer(reply.payload, info.output_type)

    def _connected_info(self) -> Info:
        if self._line is None or self.info is None:
            raise LineError(f"{self.config.port} is not connected")
        return self.info

    def _checked(self, info: Info) -> Info:
        required = self.config.model_sha256
        if required and info.model_sha256 != required:
            raise ProtocolError(
                f"the firmware has the model {info.model_sha256[:16] or 'without a hash'}, "
                f"expected {required[:16]}: flash the export of that model, or name its model"
            )
        return info

    def _note(self, reply: Reply, *, stepped: bool) -> None:
        """Compare the counts of a reply with the requests of this link."""
        restarted = self._ticks is not None and reply.ticks < self._ticks + stepped
        if self._time_outs is not None:
            before = min(self._time_outs, reply.time_outs) if restarted else self._time_outs
            self.counts.time_outs += (reply.time_outs - before) % _NUMBERS
        self._time_outs = reply.time_outs
        if self._ticks is not None:
            least = self._ticks + stepped
            if restarted:
                self.counts.restarts += 1
            else:
                self.counts.departed += abs(least + self._open - reply.ticks)
        self._ticks, self._open = reply.ticks, 0

    def _request(self, kind: int, payload: bytes, deadline_s: float | None = None) -> Reply:
        """Return the reply to a request, which is repeated until the deadline."""
        if self._line is None:
            raise LineError(f"{self.config.port} is not connected")
        self._number = (self._number + 1) % _NUMBERS
        self.counts.requests += 1
        content = encode(Frame(kind, self._number, payload))
        end_s = time.monotonic() + (self.config.deadline_s if deadline_s is None else deadline_s)
        try:
            reply, silent = self._exchange(self._line, kind, content, end_s)
        except LineError:
            self.close()
            raise
        if reply is None:
            self.counts.unanswered += 1
            self._open += kind == STEP
            raise UnansweredError(
                f"{self._line.port}: no answer {'at all' if silent else 'to this request'}", silent
            )
        if reply.status not in (0, 1):
            raise ProtocolError(f"the firmware refuses a request: {STATUS.get(reply.status)}")
        return reply

    def _exchange(
        self, line: Line, kind: int, content: bytes, end_s: float
    ) -> tuple[Reply | None, bool]:
        """Return the reply, if there is one, and True if no byte was received."""
        silent = True
        self._drop_pending(line)
        for repetition in range(_NUMBERS):
            now_s = time.monotonic()
            if now_s >= end_s and repetition:
                break
            self.counts.repetitions += repetition > 0
            line.write(content)
            retry_s = min(now_s + self.config.retry_s, end_s)
            left_s = self.config.retry_s
            while left_s > 0:  # after a pause of this process the reply may lie in the buffer
                left_s = retry_s - time.monotonic()
                received, bad_frames = line.read(left_s), self.counts.bad_frames
                silent &= not received
                if reply := self._matching(received, kind):
                    return reply, False
                if self.counts.bad_frames > bad_frames:
                    break  # a damaged reply: repeat the request at once
        return None, silent

    def _drop_pending(self, line: Line) -> None:
        """Drop the bytes since the last request: they can only answer earlier ones."""
        for _ in range(MOST_READS):
            if not (received := line.read(0.0)):
                break
            self._matching(received, 0)

    def _matching(self, received: bytes, kind: int) -> Reply | None:
        bad = self._reader.bad
        replies = [reply_of(frame) for frame in self._reader.feed(received)]
        self.counts.bad_frames += self._reader.bad - bad
        for reply in filter(None, replies):
            if kind and (reply.type, reply.number) == (kind, self._number):
                return reply
            self.counts.late += 1
        return None

    def __enter__(self) -> FirmwareLink:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self.close()
