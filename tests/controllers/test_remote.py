"""Controller on a microcontroller: actions, bridged steps, lost lines, interfaces."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from tests.needs import NEEDS_SERIAL

pytest.importorskip("serial", reason=NEEDS_SERIAL)
pytest.importorskip("cobs", reason=NEEDS_SERIAL)

from snn_control.controllers import load
from snn_control.controllers.remote import RemoteController
from snn_control.engines.native import NativeEngine
from snn_control.errors import (
    CopyError,
    InterfaceMismatchError,
    LineError,
    ObservationError,
    ParameterError,
    UnansweredError,
)
from snn_control.export.firmware.build import build_native
from snn_control.export.firmware.link import FirmwareLink, LinkConfig
from tests.export.firmware.devices import Relay, clean, noise, process, socket_port
from tests.ros.firmware import running_firmware

pytestmark = pytest.mark.flaky(reruns=2)
NAMES = (("height_error_m",), ("motor_command",))


class Bench:
    """Controller, its relay and its port."""

    def __init__(self, controller: RemoteController, relay: Relay, port: str) -> None:
        self.controller, self.relay, self.port = controller, relay, port


@pytest.fixture
def bench() -> Iterator[Bench]:
    with ExitStack() as opened:
        relay = opened.enter_context(running_firmware())
        port = opened.enter_context(socket_port(relay))
        link = opened.enter_context(FirmwareLink(LinkConfig(port)))
        link.connect(5.0)
        controller = RemoteController(link, *NAMES)
        controller.reset()
        yield Bench(controller, relay, port)


def test_actions_are_those_of_the_model_in_single_precision(bench: Bench) -> None:
    model, x = load("blimp-altitude"), np.random.default_rng(2).normal(0, 0.3, 50)
    engines = [NativeEngine(network, np.float32) for network in model.networks]
    assert bench.controller.control_period_s == model.control_period_s
    assert bench.controller.readouts == {}
    for value in x:
        action = bench.controller.step(np.array([value]))
        first, second = (engine.step(np.array([value], np.float32))[0] for engine in engines)
        assert action.tolist() == [float(np.float32(first + second))]
        assert bench.controller.readouts == {"motor_command": action[0]}


def test_observations_that_are_not_finite_are_refused(bench: Bench) -> None:
    with pytest.raises(ObservationError, match="hold the last command"):
        bench.controller.step(np.array([np.nan]))
    assert bench.controller.link.counts.requests == 2


def damaged(content: bytes) -> bytes:
    return b"".join(bytes([byte ^ 0x55]) for byte in content)


def test_unanswered_steps_on_a_live_line_hold_the_last_action(bench: Bench) -> None:
    x = np.array([0.2])
    last = bench.controller.step(x)
    bench.relay.to_host = damaged
    for _ in range(3):
        assert bench.controller.step(x).tolist() == last.tolist()
    with pytest.raises(UnansweredError):
        bench.controller.step(x)
    assert not bench.controller.link.connected
    bench.relay.to_host = clean
    bench.controller.reset()
    assert bench.controller.step(x).tolist() == last.tolist()


def test_a_silent_line_is_lost_at_the_first_step(bench: Bench) -> None:
    x = np.array([0.2])
    bench.controller.step(x)
    bench.relay.passing = False
    started_s = time.monotonic()
    with pytest.raises(UnansweredError, match="no answer at all"):
        bench.controller.step(x)
    assert 0.05 < time.monotonic() - started_s < 0.2
    with pytest.raises(LineError, match="not connected"):
        bench.controller.step(x)
    with pytest.raises(UnansweredError):
        bench.controller.reset()


def test_the_first_step_is_not_bridged(bench: Bench) -> None:
    bench.relay.to_host = damaged
    with pytest.raises(UnansweredError):
        bench.controller.step(np.array([0.2]))


def test_noise_changes_no_action(bench: Bench) -> None:
    x = np.random.default_rng(3).normal(0, 0.3, (100, 1))
    expected = [bench.controller.step(row)[0] for row in x]
    bench.controller.reset()
    bench.relay.to_device, bench.relay.to_host = noise(1, 0.01, 0.01), noise(2, 0.01, 0.01)
    actions = [bench.controller.step(row)[0] for row in x]
    counts = bench.controller.link.counts
    assert counts.repetitions > 20
    assert counts.unanswered <= 2
    if not counts.departed:
        differing = sum(a != b for a, b in zip(actions, expected, strict=True))
        assert differing <= counts.unanswered


def test_firmware_of_another_interface_is_refused(bench: Bench) -> None:
    with pytest.raises(InterfaceMismatchError, match="1 inputs and 1 outputs, expected 2 and 1"):
        RemoteController(bench.controller.link, ("a", "b"), ("u",))
    with pytest.raises(ParameterError, match=r"input_unit is 0\.001"):
        RemoteController(bench.controller.link, *NAMES, input_unit=0.001)
    with pytest.raises(ParameterError, match="output_unit is 1"):
        RemoteController(bench.controller.link, *NAMES, output_unit=1.0)
    with pytest.raises(ParameterError, match="connect"):
        RemoteController(FirmwareLink(LinkConfig(bench.port)), *NAMES)


def test_it_is_not_copied(bench: Bench) -> None:
    import copy

    with pytest.raises(CopyError, match="another link"):
        copy.copy(bench.controller)


HEADER = """\
#include <stdint.h>
#define X_N_IN 1
#define X_N_OUT 1
#define X_PERIOD_US 100000
typedef int16_t x_input;
typedef int32_t x_output;
typedef struct { int32_t sum; } x_state;
extern const char x_model_sha256[];
void x_init(x_state *state);
int x_step(x_state *state, const x_input in[1], x_output out[1]);
"""
SOURCE = """\
#include "x.h"
const char x_model_sha256[] = "";
void x_init(x_state *state) { state->sum = 0; }
int x_step(x_state *state, const x_input in[1], x_output out[1])
{
    state->sum += in[0];
    out[0] = state->sum;
    return 0;
}
"""


@pytest.fixture
def integers(tmp_path: Path) -> Iterator[FirmwareLink]:
    """Connected link to a firmware of integers that adds its inputs."""
    (tmp_path / "x.h").write_text(HEADER)
    (tmp_path / "x.c").write_text(SOURCE)
    build_native(tmp_path, "x", tmp_path / "firmware")
    with ExitStack() as opened:
        relay = Relay(opened.enter_context(process(tmp_path / "firmware")))
        opened.callback(relay.close)
        port = opened.enter_context(socket_port(relay))
        link = opened.enter_context(FirmwareLink(LinkConfig(port)))
        link.connect(5.0)
        yield link


def test_integers_have_units(integers: FirmwareLink) -> None:
    controller = RemoteController(integers, *NAMES, input_unit=0.5, output_unit=0.1)
    controller.reset()
    for value, sum_of_units in (
        (1.0, 2), (-1.3, -1), (1e9, 32766), (-1e308, -1), (0.24, -1), (0.25, 0), (-0.25, -1),
        (-0.2499999999, -1), (0.75, 1), (-0.75, -1),
    ):  # fmt: skip
        action = controller.step(np.array([value]))
        assert action.tolist() == pytest.approx([0.1 * sum_of_units])
    with pytest.raises(ParameterError, match="input_unit is 0"):
        RemoteController(integers, *NAMES)
