"""Requests and replies of the firmware."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.errors import ProtocolError
from snn_control.export.firmware.frames import Frame

__all__ = ["INFO", "RESET", "STEP", "Info", "Reply", "reply_of"]

STEP, RESET, INFO = 1, 2, 3
"""Types of requests."""
REPLY = 0x80
"""Addition to the type in a reply."""
STATUS = {0: "done", 1: "an input is not finite", 0xFE: "wrong size", 0xFF: "unknown type"}
"""Meaning of each status."""
_HEAD = struct.Struct("<BHI")
_INFO = struct.Struct("<BIHHBBII64s")
_KINDS = {(4, 4): ("<f4", "<f4"), (8, 8): ("<f8", "<f8"), (2, 4): ("<i2", "<i4")}
"""Types of inputs and outputs, by their sizes."""


class Reply(NamedTuple):
    """Reply to any request."""

    type: int
    """Type of the request."""
    number: int
    """Sequence number of the request."""
    status: int
    """Key of `STATUS`."""
    time_outs: int
    """Number of times, modulo 65536, that the outputs became safe for want of a step."""
    ticks: int
    """Number of steps since the last reset."""
    payload: bytes
    """Outputs of a step; `Info` of an info."""


def reply_of(frame: Frame) -> Reply | None:
    """Return a frame as a reply; None if it is not one."""
    if not frame.type & REPLY or len(frame.payload) < _HEAD.size:
        return None
    status, time_outs, ticks = _HEAD.unpack_from(frame.payload)
    kind, rest = frame.type & ~REPLY, frame.payload[_HEAD.size :]
    return Reply(kind, frame.number, status, time_outs, ticks, rest)


@dataclass(frozen=True)
class Info:
    """Description of a firmware."""

    driven: bool
    """True if the outputs are those of a step; False if they are the safe ones."""
    bad_frames: int
    """Frames that the firmware could not read."""
    n_inputs: int
    n_outputs: int
    input_type: str
    """NumPy type of an input: a float, or a 16-bit integer."""
    output_type: str
    """NumPy type of an output: a float, or a 32-bit integer."""
    period_s: float
    """Control period, s."""
    timeout_s: float
    """Time without a step after which the outputs become safe, s."""
    model_sha256: str
    """SHA-256 of the document of the model, or empty."""
    outputs: npt.NDArray[np.float64]
    """Outputs in force, shape (n_outputs,)."""

    @classmethod
    def of_payload(cls, payload: bytes) -> Info:
        """Return the content of a reply to an info.

        Raises:
            ProtocolError: another layout: the firmware is of another version.
        """
        try:
            driven, bad, n_in, n_out, *sizes, period, timeout, sha = _INFO.unpack_from(payload)
            input_type, output_type = _KINDS[tuple(sizes)]
            outputs = np.frombuffer(payload[_INFO.size :], output_type).astype(np.float64)
            if len(outputs) != n_out:
                raise ValueError(f"{len(outputs)} outputs of {n_out}")
            model = sha.rstrip(b"\0").decode("ascii")
        except (struct.error, ValueError, KeyError) as exc:
            raise ProtocolError(f"the firmware has another protocol: {exc!r}") from exc
        return cls(
            bool(driven), bad, n_in, n_out, input_type, output_type, period / 1e6, timeout / 1e6,
            model, outputs,
        )  # fmt: skip
