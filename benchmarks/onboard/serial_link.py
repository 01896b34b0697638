"""Serial link to a firmware: round trips, unanswered and wrong answers under noise, safe output.

    PYTHONPATH=. python benchmarks/onboard/serial_link.py --ticks 800
    PYTHONPATH=. python benchmarks/onboard/serial_link.py --qemu

The firmware of `blimp-altitude` in float32 runs as a process of this machine, or with `--qemu` on
an emulated Cortex-M4F; a thread carries the bytes between it and a loopback socket, and damages
them with a fixed seed. An answer is wrong if it differs from the library while no step is counted
as departed. Requires the extra [serial] and gcc; `--qemu` gcc-arm-none-eabi and qemu-system-arm.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from snn_control.controllers import load
from snn_control.errors import LineError, UnansweredError
from snn_control.export.c.build import build_library
from snn_control.export.c.files import export_c
from snn_control.export.c.library import CLibrary
from snn_control.export.c.source import c_source
from snn_control.export.firmware.build import build_for_board, build_native
from snn_control.export.firmware.link import FirmwareLink, LinkConfig
from tests.export.firmware.devices import (
    Relay,
    Terminal,
    clean,
    emulated,
    noise,
    process,
    socket_port,
)

RATES = (0.0, 0.002, 0.01, 0.03)
"""Probabilities of a flipped and, again, of a dropped byte, each way."""
REPEATS = 5


def expected_outputs(x: np.ndarray, folder: Path) -> list[float]:
    """Return the outputs of the library for inputs of shape (n_ticks, 1)."""
    program = load("blimp-altitude").to_program()
    path = build_library(c_source(program, "here", "float32"), folder)
    library, outputs = CLibrary(path, "here", (1, 1, program.n_spiking), "float32"), []
    for row in x:
        library.inputs[:] = row
        library.step()
        outputs.append(float(library.outputs[0]))
    return outputs


def restart(link: FirmwareLink) -> None:
    """Connect and reset, however many attempts that takes."""
    while True:
        try:
            if not link.connected:
                link.connect(2.0)
            link.reset()
        except (LineError, UnansweredError):
            continue
        return


def measure(link: FirmwareLink, x: np.ndarray, expected: list[float]) -> str:
    """Step through the inputs; return the figures of a row."""
    restart(link)
    took_s, unanswered, wrong = [], 0, 0
    departed = link.counts.departed
    for row, output in zip(x, expected, strict=True):
        started_s = time.perf_counter()
        try:
            answer = float(link.step(row)[0])
        except UnansweredError:
            unanswered += 1
            continue
        took_s.append(time.perf_counter() - started_s)
        wrong += link.counts.departed == departed and answer != output
    p50, p99 = 1e3 * np.quantile(took_s, [0.5, 0.99])
    share = 100 * unanswered / len(x)
    missed = link.counts.departed - departed
    return f"{p50:8.3f} {p99:8.3f} {unanswered:6} ({share:.2f} %) {wrong:6} {missed:9}"


def safe_after_s(link: FirmwareLink) -> float:
    """Return the time from the last step until the outputs are the safe ones, s."""
    restart(link)
    link.step([0.4])
    stepped_s = time.monotonic()
    while link.inform(1.0).driven:
        pass
    return time.monotonic() - stepped_s


def reconnected_after_s(relay: Relay, folder: Path) -> float:
    """Return the time from a pseudo-terminal under another name to the next answer, s."""
    terminal = Terminal(relay, folder / "tty")
    with FirmwareLink(LinkConfig(str(folder / "tty"))) as link:
        restart(link)
        terminal.close()
        link.close()
        terminal.open()
        opened_s = time.monotonic()
        while not link.connected:
            try:
                link.connect()
            except (LineError, UnansweredError):
                continue
        link.step([0.1])
        took_s = time.monotonic() - opened_s
    terminal.close()
    return took_s


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--ticks", type=int, default=800, help="steps of each row")
    parser.add_argument("--qemu", action="store_true", help="firmware on the emulated board")
    options = parser.parse_args()
    x = np.random.default_rng(5).normal(0.0, 0.3, (options.ticks, 1)).astype(np.float32)
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        expected = expected_outputs(x, folder / "library")
        export_c(load("blimp-altitude").to_program(), folder / "export", "altitude")
        program = folder / "firmware"
        (build_for_board if options.qemu else build_native)(folder / "export", "altitude", program)
        device = emulated(program, folder) if options.qemu else process(program)
        relay = Relay(opened.enter_context(device))
        opened.callback(relay.close)
        with socket_port(relay) as port, FirmwareLink(LinkConfig(port)) as link:
            print("flipped + dropped  p50 ms   p99 ms  unanswered   wrong  departed")
            for rate in RATES:
                relay.to_device, relay.to_host = noise(1, rate, rate), noise(2, rate, rate)
                print(f"{rate:6.1%} + {rate:6.1%} {measure(link, x, expected)}", flush=True)
            relay.to_device = relay.to_host = clean
            safe_s = [safe_after_s(link) for _ in range(REPEATS)]
        again_s = [reconnected_after_s(relay, folder) for _ in range(REPEATS)]
    print(f"safe output after the last step: {min(safe_s):.3f} to {max(safe_s):.3f} s")
    print(f"answer after a port of another name: {min(again_s):.3f} to {max(again_s):.3f} s")


if __name__ == "__main__":
    main()
