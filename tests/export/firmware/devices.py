"""Firmware as a process: native or in QEMU, behind a socket or a pseudo-terminal, with noise."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from snn_control.export.bare_metal.board import MPS2_AN386

Noise = Callable[[bytes], bytes]
"""Function from the bytes that enter a line to those that leave it."""


def clean(content: bytes) -> bytes:
    """Return the bytes unchanged."""
    return content


def noise(seed: int, flipped: float, dropped: float, doubled: float = 0.0, swapped: float = 0.0):
    """Return a function that damages each byte with these probabilities."""
    random = np.random.default_rng(seed)

    def damage(content: bytes) -> bytes:
        damaged: list[int] = []
        for byte in content:
            draw = random.random(4)
            if draw[0] < dropped:
                continue
            damaged.append(byte ^ (1 << int(random.integers(8))) if draw[1] < flipped else byte)
            if draw[2] < doubled:
                damaged.append(damaged[-1])
            if draw[3] < swapped and len(damaged) > 1:
                damaged[-2:] = damaged[:-3:-1]
        return bytes(damaged)

    return damage


class Relay:
    """Thread that carries bytes between a process and clients, with noise each way.

    Args:
        device: file of the firmware's end, read and written.
        to_device, to_host: noise of each way.
    """

    def __init__(self, device: int, to_device: Noise = clean, to_host: Noise = clean) -> None:
        self.device, self.host = device, -1
        self.to_device, self.to_host = to_device, to_host
        self.passing = True
        """False: all bytes are lost."""
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ends.is_set():
            files = [file for file in (self.device, self.host) if file >= 0]
            with suppress(OSError, ValueError):
                for file in select.select(files, (), (), 0.002)[0]:
                    self._carry(file)

    def _carry(self, file: int) -> None:
        host = file == self.host
        content = os.read(file, 4096)
        if not content and host and self.host == file:  # not another one by now
            self.host = -1
        content = (self.to_device if host else self.to_host)(content)
        to = self.device if host else self.host
        if content and to >= 0 and self.passing:
            os.write(to, content)

    def close(self) -> None:
        """End the thread."""
        self._ends.set()
        self._thread.join()


@contextmanager
def process(program: Path) -> Iterator[int]:
    """Start a firmware on one end of a socket pair; yield the other end."""
    ours, theirs = socket.socketpair()
    running = subprocess.Popen([program], stdin=theirs.fileno(), stdout=theirs.fileno())
    theirs.close()
    try:
        yield ours.fileno()
    finally:
        ours.close()
        running.kill()
        running.wait()


@contextmanager
def emulated(program: Path, folder: Path) -> Iterator[int]:
    """Start a firmware in QEMU; yield the end of its serial line."""
    path = folder / "uart"
    command = ["qemu-system-arm", "-machine", MPS2_AN386.machine, "-kernel", str(program),
               "-display", "none", "-monitor", "none",
               "-serial", f"unix:{path},server=on,wait=off"]  # fmt: skip
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    ours = socket.socket(socket.AF_UNIX)
    try:
        end_s = time.monotonic() + 10.0
        while True:
            try:
                ours.connect(os.fspath(path))
                break
            except OSError:
                assert time.monotonic() < end_s, "QEMU did not start"
                time.sleep(0.02)
        yield ours.fileno()
    finally:
        ours.close()
        running.kill()
        running.wait()


class Terminal:
    """Pseudo-terminal under a stable link, which `reopen` replaces by another one.

    Args:
        relay: relay whose host's end it is.
        link: path of the symbolic link.
    """

    def __init__(self, relay: Relay, link: Path) -> None:
        self._relay, self.link = relay, link
        self.names: list[str] = []
        self._files: list[int] = []
        self.open()

    def open(self) -> None:
        """Open a pseudo-terminal and point the link to it."""
        master, slave = os.openpty()
        tty.setraw(slave)
        self.names.append(os.ttyname(slave))
        self._files = [master, slave]
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(self.names[-1])
        self._relay.host = master

    def close(self) -> None:
        """Close it, as if its plug were pulled."""
        self._relay.host = -1
        time.sleep(0.01)
        self.link.unlink(missing_ok=True)
        for file in self._files:
            with suppress(OSError):
                os.close(file)
        self._files = []


@contextmanager
def socket_port(relay: Relay) -> Iterator[str]:
    """Serve the host's end of a relay on a loopback socket; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        ends, clients = threading.Event(), []

        def accept() -> None:
            while not ends.is_set():
                with suppress(OSError):
                    client, _ = server.accept()
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    clients.append(client)
                    relay.host = client.fileno()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"socket://127.0.0.1:{server.getsockname()[1]}"
        finally:
            ends.set()
            thread.join()
            relay.host = -1
            for client in clients:
                client.close()
