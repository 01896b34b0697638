"""Byte streams to a firmware: serial ports, pseudo-terminals, sockets on this machine."""

from __future__ import annotations

import glob
import os
import select
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from snn_control.errors import LineError, ParameterError, require

__all__ = ["Line", "resolve"]

CHUNK = 4096
CONNECT_S = 0.2
"""Longest connection to a socket, s."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Line:
    """Open stream.

    Args:
        port: path of a device or pseudo-terminal, or `socket://127.0.0.1:PORT`.
        baud: symbol rate of a serial port, 1/s.

    Raises:
        MissingExtraError: pyserial is not installed.
        LineError: the port cannot be opened.
    """

    def __init__(self, port: str, baud: int) -> None:
        self.port = port
        try:
            self._device = _socket(port) if "://" in port else _serial(port, baud)
            self._file = self._device.fileno()
        except (OSError, ValueError) as exc:  # SerialException is an OSError
            raise LineError(f"{port} cannot be opened: {exc}") from exc

    def read(self, timeout_s: float) -> bytes:
        """Return the received bytes; empty after `timeout_s` without one.

        Raises:
            LineError: the other end is closed.
        """
        try:
            if not select.select((self._file,), (), (), max(timeout_s, 0.0))[0]:
                return b""
            received = os.read(self._file, CHUNK)
        except (OSError, ValueError) as exc:
            raise LineError(f"{self.port}: {exc}") from exc
        if not received:
            raise LineError(f"{self.port} is closed by its other end")
        return received

    def write(self, content: bytes) -> None:
        """Send bytes without waiting; those that do not fit are lost, as on a wire.

        Raises:
            LineError: the other end is closed.
        """
        try:
            if select.select((), (self._file,), (), 0.0)[1]:
                os.write(self._file, content)
        except BlockingIOError:
            return
        except (OSError, ValueError) as exc:
            raise LineError(f"{self.port}: {exc}") from exc

    def close(self) -> None:
        """Close the stream."""
        with suppress(OSError):
            self._device.close()


def _serial(path: str, baud: int) -> Any:
    """Open a serial port, for this process alone: two hosts would take each other's replies."""
    return require("serial", "serial").Serial(path, baud, timeout=0, exclusive=True)


def _socket(address: str) -> socket.socket:
    parts = urlsplit(address)
    opened = socket.create_connection((parts.hostname, parts.port), timeout=CONNECT_S)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.setblocking(False)
    return opened


def resolve(pattern: str) -> list[str]:
    """Return the ports of a pattern: existing paths, newest first, or the address itself.

    Args:
        pattern: path, path with `*`, `?` or `[...]`, or `socket://127.0.0.1:PORT`.

    Raises:
        ParameterError: an empty pattern, or an address that is not on this machine.
    """
    if not pattern:
        raise ParameterError("no port: name a path, such as /dev/ttyACM*, or socket://127.0.0.1:N")
    if "://" not in pattern:
        paths = [path for path in glob.glob(pattern) if os.path.exists(path)]
        return sorted(paths, key=lambda path: (-_changed_s(path), path))
    address = urlsplit(pattern)
    if address.scheme != "socket" or address.hostname not in LOOPBACK or not address.port:
        raise ParameterError(f"port {pattern!r}: expected socket://127.0.0.1:PORT, or a path")
    return [pattern]


def _changed_s(path: str) -> float:
    try:
        return os.stat(path).st_ctime
    except OSError:
        return 0.0
