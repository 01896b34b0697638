"""NIR files of other tools, and files that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ModelFileError
from snn_control.export.nir.read import read_nir
from snn_control.network import INPUT
from tests.needs import NEEDS_TEST

nir = pytest.importorskip("nir", reason=NEEDS_TEST)
h5py = pytest.importorskip("h5py", reason=NEEDS_TEST)

DT_S = 0.001
Nodes = dict[str, Any]
Edges = list[tuple[str, str]]


def lif(size: int, tau_s: float = 0.02, **changes: Any) -> Any:
    values = {
        "tau": np.full(size, tau_s), "r": np.ones(size), "v_leak": np.zeros(size),
        "v_threshold": np.full(size, 0.3), "v_reset": np.zeros(size),
    }  # fmt: skip
    return nir.LIF(**values | changes)


def write(path: Path, nodes: Nodes, edges: Edges, **metadata: Any) -> Path:
    """Write a graph with an input and an output of two."""
    ends = {"input": nir.Input(np.array([2])), "output": nir.Output(np.array([2]))}
    nir.write(path, nir.NIRGraph(ends | nodes, edges, metadata, type_check=False))
    return path


def test_a_file_of_norse_has_its_spikes(tmp_path: Path) -> None:
    import norse.torch as norse

    torch.manual_seed(3)
    cell = norse.LIFBoxCell(
        norse.LIFBoxParameters(
            torch.tensor([40.0, 60.0, 100.0, 500.0]), v_leak=torch.tensor([0.0, 0.1, -0.1, 0.0]),
            v_th=torch.tensor([0.4, 0.5, 0.6, 0.7]), v_reset=torch.zeros(4),
        ), dt=DT_S,
    )  # fmt: skip
    model = norse.SequentialState(torch.nn.Linear(2, 4), cell, torch.nn.Linear(4, 3))
    nir.write(tmp_path / "a.nir", norse.to_nir(model, torch.zeros(1, 2), dt=1.0))
    network = read_nir(tmp_path / "a.nir", DT_S)
    assert [p.name for p in network.populations] == ["1", "output"]
    x = torch.randn(400, 2) * 3.0 + 1.0
    trace = ReferenceEngine(network).run(x.numpy())
    state, spikes, outputs = None, [], []
    with torch.no_grad():
        for row in x:
            spike, state = cell(model[0](row), state)
            spikes.append(spike.numpy())
            outputs.append(model[2](spike).numpy())
    np.testing.assert_array_equal(trace.spikes, spikes)
    np.testing.assert_allclose(trace.readouts, outputs, atol=1e-6)
    assert 0.05 < np.mean(spikes) < 0.95


def test_a_file_of_snntorch_has_its_spikes(tmp_path: Path) -> None:
    snn = pytest.importorskip("snntorch", reason="needs snntorch: pip install snntorch")
    from snntorch.export_nir import export_to_nir

    torch.manual_seed(4)
    cell = snn.Leaky(
        beta=torch.full((4,), 0.8), threshold=torch.full((4,), 0.6), reset_mechanism="zero",
        reset_delay=False, init_hidden=True,
    )  # fmt: skip
    first, last = torch.nn.Linear(2, 4), torch.nn.Linear(4, 2, bias=False)
    model = torch.nn.Sequential(first, cell, last)
    nir.write(tmp_path / "a.nir", export_to_nir(model, torch.zeros(2)))
    network = read_nir(tmp_path / "a.nir", 1e-4)
    x = torch.randn(300, 2) * 2.0
    cell.reset_mem()
    with torch.no_grad():
        spikes = np.array([cell(first(row)).numpy() for row in x])
    np.testing.assert_array_equal(ReferenceEngine(network).run(x.numpy()).spikes, spikes)
    assert 0.05 < np.mean(spikes) < 0.95


def test_equations_of_a_recurrent_subgraph(tmp_path: Path) -> None:
    """A subgraph with recurrence, factors, gains, scalar parameters and a delay, by hand."""
    recurrent = np.array([[0.2, -0.5], [0.3, 0.1]])
    inner = nir.NIRGraph(
        {"input": nir.Input(np.array([2])), "output": nir.Output(np.array([2])),
         "w": nir.Linear(recurrent),
         "lif": nir.LIF(*(np.full(2, v) for v in (0.004, 3.0, 0.05, 0.4, -0.1)))},
        [("input", "lif"), ("lif", "w"), ("w", "lif"), ("lif", "output")], type_check=False,
    )  # fmt: skip
    weights, bias = np.array([[0.9, 0.2], [-0.3, 0.8]]), np.array([0.1, 0.0])
    nodes = {
        "late": nir.Delay(np.full(2, 0.003)), "a": nir.Affine(weights, bias),
        "s": nir.Scale(np.array([0.5, 2.0])), "net": inner,
    }  # fmt: skip
    edges = [("input", "late"), ("late", "a"), ("a", "s"), ("s", "net"), ("net", "output")]
    network = read_nir(write(tmp_path / "a.nir", nodes, edges), DT_S)
    assert sorted(c.delay_ticks for c in network.connections) == [1, 3]
    x = np.random.default_rng(0).normal(0.3, 0.5, (200, 2))
    v, s, spikes = np.zeros(2), np.zeros(2), []
    for k in range(200):
        late = x[k - 3] if k >= 3 else np.zeros(2)
        current = np.array([0.5, 2.0]) * (weights @ late + bias) + recurrent @ s
        v = v + 0.25 * (0.05 - v + 3.0 * current)
        s = (v > 0.4).astype(float)
        v = np.where(s > 0, -0.1, v)
        spikes.append(s)
    np.testing.assert_array_equal(ReferenceEngine(network).run(x).spikes, spikes)
    assert 0.05 < np.mean(spikes) < 0.95


def test_a_sum_at_the_output_becomes_a_population(tmp_path: Path) -> None:
    nodes = {"a": lif(2, DT_S), "w": nir.Affine(np.array([[2.0, 3.0], [0.0, 1.0]]), np.ones(2))}
    edges = [("input", "a"), ("a", "w"), ("w", "output")]
    network = read_nir(write(tmp_path / "a.nir", nodes, edges), DT_S)
    assert [readout.name for readout in network.readouts] == ["output_0", "output_1"]
    np.testing.assert_array_equal(ReferenceEngine(network).step([1.0, 1.0]), [6.0, 2.0])
    np.testing.assert_array_equal(ReferenceEngine(network).step([0.0, 1.0]), [4.0, 2.0])


def test_paths_without_a_population_are_added(tmp_path: Path) -> None:
    one, two = nir.Linear(np.eye(2)), nir.Linear(2.0 * np.eye(2))
    nodes = {"a": nir.LI(*(np.ones(2) * v for v in (DT_S, 1.0, 0.0))), "one": one, "two": two,
             "s": nir.Scale(np.full(2, 3.0))}  # fmt: skip
    edges = [("input", "one"), ("input", "two"), ("one", "s"), ("two", "s"), ("s", "a"),
             ("a", "output")]  # fmt: skip
    network = read_nir(write(tmp_path / "a.nir", nodes, edges), DT_S)
    assert [(c.source, c.target) for c in network.connections] == [(INPUT, "a")]
    np.testing.assert_array_equal(ReferenceEngine(network).step([1.0, 2.0]), [9.0, 18.0])


def test_a_flatten_node_of_one_axis_changes_nothing(tmp_path: Path) -> None:
    nodes = {"f": nir.Flatten({"input": np.array([2])}, 0, -1), "a": lif(2, DT_S)}
    edges = [("input", "f"), ("f", "a"), ("a", "output")]
    network = read_nir(write(tmp_path / "a.nir", nodes, edges), DT_S)
    np.testing.assert_array_equal(ReferenceEngine(network).step([1.0, 0.1]), [1.0, 0.0])


CHAIN = [("input", "a"), ("a", "output")]


@pytest.mark.parametrize(
    ("nodes", "edges", "metadata", "message"),
    [
        ({"a": nir.SumPool2d(*[np.ones(2)] * 3)}, CHAIN, {}, "'a' is a SumPool2d"),
        ({"a": lif(2, DT_S / 2)}, CHAIN, {}, r"a.tau: 0.0005 s; a tick of 0.001 s"),
        ({"a": lif(2)}, CHAIN, {"dt": 0.002}, "the file has a tick of 0.002 s; dt_s is 0.001"),
        ({"a": lif(2)}, CHAIN, {"order": ["a", "b"]}, "`order`: expected each node once"),
        ({"a": lif(2)}, CHAIN, {"start": "warm"}, "neither 'rest' nor 'steady'"),
        ({"a": lif(2)}, CHAIN, {"inputs": ["x"]}, "1 names of 2 inputs"),
        ({"a": lif(2), "b": nir.Delay(np.full(2, 0.0015))},
         [("input", "b"), ("b", "a"), ("a", "output")], {}, "whole ticks"),
        ({"a": lif(2), "b": nir.Delay(np.full(2, 1e9))},
         [("input", "b"), ("b", "a"), ("a", "output")], {}, "whole ticks"),
        ({"a": nir.Linear(np.eye(2)), "b": nir.Linear(np.eye(2))},
         [("input", "a"), ("a", "b"), ("b", "a"), ("a", "output")], {}, "a loop without"),
        ({"a": lif(2), "b": nir.Linear(np.ones((2, 3)))},
         [("input", "b"), ("b", "a"), ("a", "output")], {}, r"weights of shape \(2, 3\)"),
        ({"a": lif(3), "b": nir.Linear(np.eye(2))},
         [("input", "b"), ("b", "a"), ("a", "output")], {}, "3 neurons; its sources"),
        ({"a": lif(2), "other": nir.Input(np.array([2]))}, [*CHAIN, ("other", "a")], {},
         "expected one node Input"),
        ({"a": lif(2, v_threshold=np.array([np.nan, 1.0]))}, CHAIN, {}, "a.threshold: not finite"),
        ({"a": lif(2)}, [*CHAIN, ("a", "b")], {}, "no such node"),
        ({"a": nir.Affine(np.eye(2), np.ones(2)), "b": nir.Delay(np.full(2, DT_S)), "c": lif(2)},
         [("input", "a"), ("a", "b"), ("b", "c"), ("c", "output")], {}, "after an Affine node"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read_are_refused(
    nodes: Nodes, edges: Edges, metadata: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.nir", nodes, edges, **metadata)
    with pytest.raises(ModelFileError, match=message) as refused:
        read_nir(path, DT_S)
    assert str(path) in str(refused.value)


def test_a_file_without_a_tick_needs_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nir", {"a": lif(2)}, CHAIN)
    with pytest.raises(ModelFileError, match="pass dt_s"):
        read_nir(path)


@pytest.mark.parametrize("content", [b"", b"not HDF5", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_files_of_other_kinds_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.nir").write_bytes(content)
    with pytest.raises(ModelFileError, match="not a NIR file"):
        read_nir(tmp_path / "a.nir", DT_S)
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_nir(tmp_path / "missing.nir", DT_S)


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.nir", {"a": lif(2)}, CHAIN).read_bytes()
    for length in range(0, len(whole), len(whole) // 40):
        (tmp_path / "b.nir").write_bytes(whole[:length])
        with pytest.raises(ModelFileError):
            read_nir(tmp_path / "b.nir", DT_S)


@pytest.mark.parametrize("link", ["external", "soft", "large", "external data"])
def test_content_of_other_files_and_huge_arrays_are_refused(link: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.nir", {"a": lif(2)}, CHAIN)
    with h5py.File(path, "a") as file:
        node = file["node"]["nodes"]["a"]
        del node["tau"]
        if link == "external":
            node["tau"] = h5py.ExternalLink("other.h5", "/tau")
        elif link == "soft":
            node["tau"] = h5py.SoftLink("/node")
        elif link == "large":
            node.create_dataset("tau", (10**9,), "f8", compression="gzip")
        else:
            node.create_dataset("tau", (2,), "f8", external=[("/etc/passwd", 0, 16)])
    with pytest.raises(ModelFileError, match=r"link|bytes|another file"):
        read_nir(path, DT_S)
