"""One gene per free value of a network, with shared values and time constants."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.engines.layout import lay_out
from snn_control.errors import ParameterError
from snn_control.evolution.parameter_codec import (
    ParameterCodec,
    ParameterRange,
    filled,
    parameters_of,
)
from snn_control.network import Connection, Network, Population, Readout, Shared, expand
from snn_control.network.neurons import LIF, LeakyIntegrator

DT_S = 0.1


def network() -> Network:
    return Network(
        "n",
        DT_S,
        ("e",),
        (
            Population("code", 4, LIF(threshold=Shared.paired([1.0, 2.0]), tau_mem_s=0.2)),
            Population("out", 1, LeakyIntegrator()),
        ),
        (
            Connection("input", "code", Shared.mirrored([1.0, 2.0]).reshaped(1, 4)),
            Connection("code", "code", np.full(4, 0.1), "diagonal", delay_ticks=1),
            Connection("code", "out", np.ones((4, 1))),
        ),
        (Readout("y", "out"),),
    )


RANGES = (
    ParameterRange("code.threshold", 0.0, 4.0),
    ParameterRange("code.tau_mem_s", 0.0, 1.0),
    ParameterRange("input->code.weights", -2.0, 2.0),
    ParameterRange("code->code@1.weights", -1.0, 1.0),
)


def test_each_free_value_has_one_gene() -> None:
    codec = ParameterCodec(network(), RANGES)
    assert codec.n_genes == 2 + 1 + 2 + 4
    genome = np.array([0.25, 0.5, 0.5, 0.75, 1.0, 0.0, 0.25, 0.5, 1.0])
    parameters = parameters_of(codec.decode(genome))
    np.testing.assert_allclose(expand(parameters["code.threshold"]), [1.0, 1.0, 2.0, 2.0])
    np.testing.assert_allclose(np.exp(-DT_S / parameters["code.tau_mem_s"]), 0.5)
    np.testing.assert_allclose(expand(parameters["input->code.weights"]), [[1.0, -1.0, 2.0, -2.0]])
    np.testing.assert_allclose(parameters["code->code@1.weights"], [-1.0, -0.5, 0.0, 1.0])
    np.testing.assert_array_equal(parameters["code->out.weights"], np.ones((4, 1)))


def test_genes_are_in_the_order_of_the_ranges() -> None:
    genes_of = ParameterCodec(network(), RANGES).genes_of
    expected = dict(
        zip((r.parameter for r in RANGES), np.split(np.arange(9), [2, 3, 5]), strict=True)
    )
    assert list(genes_of) == list(expected)
    for name, genes in genes_of.items():
        np.testing.assert_array_equal(np.arange(9)[genes], expected[name])


def test_filled_parameters_keep_their_structure() -> None:
    values = filled(network(), {"code.threshold": 3.0, "input->code.weights": 0.5})
    np.testing.assert_array_equal(expand(values["code.threshold"]), [3.0] * 4)
    np.testing.assert_array_equal(expand(values["input->code.weights"]), [[0.5, -0.5, 0.5, -0.5]])


def test_encode_inverts_decode_and_clips() -> None:
    codec = ParameterCodec(network(), RANGES)
    genome = np.random.default_rng(0).uniform(0.05, 0.95, codec.n_genes)
    np.testing.assert_allclose(codec.encode(codec.decode(genome)), genome, atol=1e-12)
    narrow = ParameterCodec(network(), [ParameterRange("code.threshold", 1.5, 1.8)])
    np.testing.assert_array_equal(narrow.encode(network()), [0.0, 1.0])


def test_decays_of_0_and_1_are_extreme_time_constants() -> None:
    codec = ParameterCodec(network(), [ParameterRange("code.tau_mem_s", 0.0, 1.0)])
    taus = [parameters_of(codec.decode(np.array([x])))["code.tau_mem_s"] for x in (0.0, 1.0)]
    assert taus == [0.0, np.inf]


@pytest.mark.parametrize(
    ("parameter", "low", "high", "message"),
    [
        ("code.treshold", 0.0, 1.0, "Did you mean: `code.threshold`"),
        ("code.tau_mem_s", 0.0, 1.5, "decays of a time constant"),
        ("code.threshold", 1.0, 1.0, "low < high"),
        ("code.threshold", 0.0, np.inf, "finite low"),
    ],
)
def test_invalid_ranges_are_refused(parameter: str, low: float, high: float, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ParameterCodec(network(), [ParameterRange(parameter, low, high)])


def test_rows_of_genomes_equal_those_of_their_networks() -> None:
    codec = ParameterCodec(network(), RANGES)
    genomes = np.random.default_rng(3).random((7, codec.n_genes))
    layout = lay_out(network())
    batched = layout.rows_with(codec.expanded_values(genomes), len(genomes))
    single = layout.rows([codec.decode(genome) for genome in genomes])
    for fast, slow in zip(batched, single, strict=True):
        np.testing.assert_array_equal(fast, slow)


def test_a_codec_without_ranges_is_refused() -> None:
    with pytest.raises(ParameterError, match="no ranges"):
        ParameterCodec(network(), [])
