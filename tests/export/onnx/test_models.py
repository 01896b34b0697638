"""ONNX models of controllers in onnxruntime, beside the engines."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers import load, model_names
from snn_control.engines.native import NativeEngine
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ParameterError
from snn_control.export.onnx.model import onnx_models
from snn_control.export.onnx.session import OnnxSession
from snn_control.export.run_program import deviation, run_program
from snn_control.network import INPUT, Connection, Network, Population, Readout
from snn_control.network.neurons import LIF, Graded, LeakyIntegrator
from snn_control.network.program import Program
from tests.engines.test_random_networks import inputs, random_network
from tests.needs import NEEDS_TEST

onnx = pytest.importorskip("onnx", reason=NEEDS_TEST)
pytest.importorskip("onnxruntime", reason=NEEDS_TEST)


def require_equal(program: Program, x: np.ndarray, precision: str) -> OnnxSession:
    """Compare the models with the engine of the precision; return their session."""
    x = x.astype(precision)
    session = OnnxSession.of_models(onnx_models(program, "net", precision))
    trace = session.run(x)
    if precision == "float64":
        expected, tolerance = run_program(program, ReferenceEngine, x), 1e-12
    else:
        expected = run_program(program, lambda network: NativeEngine(network, np.float32), x)
        tolerance = 1e-6
    difference = deviation(trace, expected)
    assert difference.spike_mismatches == 0
    assert difference.relative_error <= tolerance
    return session


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", [name for name in model_names() if name != "pid"])
def test_shipped_networks_have_the_same_spikes(name: str, precision: str) -> None:
    for network in load(name).networks:
        rng = np.random.default_rng(1)
        x = rng.normal(0.0, 0.4, (300, len(network.inputs)))
        x[100:150], x[200:220] = 0.0, 20.0 * x[200:220]
        require_equal(Program.of_network(network), x, precision)


def settled(network: Network, x: np.ndarray) -> bool:
    """Return True if the network stays finite and does not grow."""
    with np.errstate(over="ignore", invalid="ignore"):
        readouts = ReferenceEngine(network).run(x).readouts
    return bool(np.isfinite(readouts).all() and np.abs(readouts).max(initial=0.0) < 1e3)


@pytest.mark.parametrize("seed", range(40))
def test_random_networks_have_the_same_spikes(seed: int) -> None:
    network = random_network(seed)
    x = inputs(network, seed)
    if not settled(network, x):
        pytest.skip("a random network that grows")
    require_equal(Program.of_network(network), x, "float64")


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 2000, 100))
def test_many_random_networks_have_the_same_spikes(first: int) -> None:
    compared = 0
    for seed in range(first, first + 100):
        network = random_network(seed)
        x = inputs(network, seed)
        if settled(network, x):
            require_equal(Program.of_network(network), x, "float64")
            compared += 1
    assert compared > 50


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", ["blimp-altitude", "blimp-altitude-delay", "blimp-published-iwta"])
def test_one_model_is_the_whole_controller(name: str, precision: str) -> None:
    """Actions of the models beside those of the controller, twice from the start."""
    controller = load(name, engine=ReferenceEngine)
    models = onnx_models(controller.to_program(), "net", precision)
    session = OnnxSession.of_models(models)
    for first in (0.7, -0.2):
        controller.reset()
        session.reset()
        x = np.random.default_rng(5).normal(0.0, 0.3, (200, 1)) + first
        expected = [controller.step(row) for row in x]
        tolerance = 1e-12 if precision == "float64" else 2e-5
        np.testing.assert_allclose(session.run(x).actions, expected, rtol=0, atol=tolerance)


def test_a_steady_start_follows_the_first_observation() -> None:
    """A loop of analog populations whose steady state has a closed form: y = x / (1 - 0.5)."""
    loop = Network(
        "loop", 0.1, ("x",),
        (Population("y", 1, LeakyIntegrator()), Population("late", 1, Graded(ceiling=np.inf)),
         Population("z", 1, LIF(0.5, 0.3, 0.2))),
        (Connection(INPUT, "y", np.ones((1, 1))), Connection("y", "y", np.full((1, 1), 0.5),
         delay_ticks=1), Connection("y", "late", np.ones((1, 1)), delay_ticks=3),
         Connection("late", "z", np.ones((1, 1)))),
        (Readout("y", "y"), Readout("late", "late"), Readout("z", "z")), start="steady",
    )  # fmt: skip
    session = require_equal(Program.of_network(loop), np.full((20, 1), 0.4), "float64")
    session.reset()
    session.step([0.4])
    np.testing.assert_allclose(session.readouts[:2], [0.8, 0.8], rtol=1e-12)


def test_a_state_of_a_caller_continues_a_run() -> None:
    """The tick alone, with its states fed back by hand."""
    import onnxruntime

    program = load("blimp-altitude").to_program()
    models = onnx_models(program, "net", "float64")
    assert models.start is not None
    x = np.random.default_rng(2).normal(0.0, 0.3, (50, 1))
    expected = run_program(program, ReferenceEngine, x).actions
    start = onnxruntime.InferenceSession(models.start, providers=["CPUExecutionProvider"])
    tick = onnxruntime.InferenceSession(models.tick, providers=["CPUExecutionProvider"])
    states = dict(zip([s.name for s in models.states], start.run(None, {"observation": x[0]}),
                      strict=True))  # fmt: skip
    for k, row in enumerate(x):
        names = ["action", *(f"{name}_next" for name in states)]
        action, *after = tick.run(names, {"observation": row} | states)
        states = dict(zip(states, after, strict=True))
        np.testing.assert_allclose(action, expected[k], rtol=0, atol=1e-12)


def test_a_model_has_opset_17_and_nothing_unused() -> None:
    models = onnx_models(load("blimp-altitude").to_program(), "net", "float32", "ab" * 32)
    model = onnx.load_from_string(models.tick)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
    assert {p.key: p.value for p in model.metadata_props}["model_sha256"] == "ab" * 32
    read = {name for node in model.graph.node for name in node.input}
    assert {each.name for each in model.graph.initializer} <= read
    known = read | {output.name for output in model.graph.output}
    assert all(known.intersection(node.output) for node in model.graph.node)
    assert len(models.tick) < 12_000
    again = onnx_models(load("blimp-altitude").to_program(), "net", "float32", "ab" * 32)
    assert (again.tick, again.start) == (models.tick, models.start)


def test_numbers_outside_a_precision_are_named() -> None:
    net = Network(
        "net", 0.1, ("x",), (Population("y", 1, LeakyIntegrator()),),
        (Connection(INPUT, "y", np.full((1, 1), 1e39)),), (Readout("y", "y"),),
    )  # fmt: skip
    with pytest.raises(ParameterError, match=r"'net', input->y: a number above 3.40282e\+38"):
        onnx_models(Program.of_network(net), "net", "float32")
    require_equal(Program.of_network(net), np.full((3, 1), 0.5), "float64")


def test_refused_observations_change_nothing() -> None:
    program = load("blimp-altitude").to_program()
    session = OnnxSession.of_models(onnx_models(program, "net", "float32"))
    x = np.random.default_rng(0).normal(size=(30, 1))
    expected = session.run(x).actions
    session.reset()
    for k, row in enumerate(x):
        for wrong in ([np.nan], [np.inf], [1e39], [1.0, 2.0], 1.0):
            with pytest.raises(ParameterError, match="finite numbers of shape"):
                session.step(wrong)
        np.testing.assert_array_equal(session.step(row), expected[k])
