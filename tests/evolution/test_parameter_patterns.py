"""Ranges of parameters by pattern, and genes of arguments."""

from typing import Any

import numpy as np
import pytest

from snn_control.controllers.layered import layered_network
from snn_control.errors import ConfigError, ParameterError
from snn_control.evolution.codec import NumbersCodec
from snn_control.evolution.parameter_codec import ParameterCodec, parameters_of
from snn_control.evolution.parameter_patterns import gene, parameter_ranges

NETWORK = layered_network(["a", "b"], ["u"], 0.02, hidden=(3, 2), recurrent=True)


def test_patterns_expand_to_parameters_in_the_order_of_the_network():
    ranges = parameter_ranges(NETWORK, {"*->*.weights": [-2, 2], "hidden_2.tau_*_s": [0.0, 0.1]})
    assert [r.parameter for r in ranges] == [
        "input->hidden_1.weights", "hidden_1->hidden_1@1.weights", "hidden_1->hidden_2.weights",
        "hidden_2->hidden_2@1.weights", "hidden_2->output.weights",
        "hidden_2.tau_syn_s", "hidden_2.tau_mem_s",
    ]  # fmt: skip


@pytest.mark.parametrize("scale", [[], ["log"]])
def test_time_constants_have_bounds_in_seconds(scale):
    ranges = parameter_ranges(NETWORK, {"hidden_1.tau_mem_s": [0.01, 0.3, *scale]})
    codec = ParameterCodec(NETWORK, ranges)
    for gene_value, expected_s in ((0.0, 0.01), (1.0, 0.3)):
        network = codec.decode(np.full(3, gene_value))
        values = parameters_of(network)["hidden_1.tau_mem_s"]
        assert values == pytest.approx(np.full(3, expected_s), rel=1e-12)
    middle_s = parameters_of(codec.decode(np.full(3, 0.5)))["hidden_1.tau_mem_s"][0]
    decays = np.exp(-0.02 / np.array([0.01, 0.3]))
    closed_form = np.sqrt(0.01 * 0.3) if scale else -0.02 / np.log(decays.mean())
    assert middle_s == pytest.approx(closed_form, rel=1e-12)


def test_the_genome_of_a_network_decodes_to_it():
    ranges = parameter_ranges(NETWORK, {"*.weights": [-9, 9], "*.tau_mem_s": [0.001, 1, "log"]})
    codec = ParameterCodec(NETWORK, ranges)
    decoded = parameters_of(codec.decode(codec.encode(NETWORK)))
    for name, value in parameters_of(NETWORK).items():
        assert decoded[name] == pytest.approx(np.asarray(value), rel=1e-9), name


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"*.wieghts": [0, 1]}, "matches no parameter of network 'layered'. Known: "),
        ({"*.weights": [0, 1], "input->*": [0, 1]}, "matched by '\\*.weights' and 'input->\\*'"),
        ({"*.weights": 3}, "expected \\[low, high\\]"),
        ({"*.weights": [0, 1, "lgo"]}, "expected \\[low, high\\]"),
        ({"*.weights": [True, 1]}, "expected \\[low, high\\]"),
        ({"*.tau_mem_s": [-0.1, 1]}, "-0.1 s; expected at least 0"),
    ],
)
def test_malformed_patterns_and_bounds_are_errors(bounds, message):
    with pytest.raises(ConfigError, match=message):
        parameter_ranges(NETWORK, bounds)


@pytest.mark.parametrize("row", [[1, 0], [0, 0], [float("nan"), 1], [0, 1, "log"]])
def test_bounds_out_of_order_are_errors(row):
    with pytest.raises(ParameterError):
        parameter_ranges(NETWORK, {"*.weights": row})
    with pytest.raises(ParameterError):
        gene("n", row)


def test_whole_numbers_and_choices_have_equal_parts_of_the_range():
    codec = NumbersCodec([gene("n", [3, 6, "integer"]), gene("cell", {"choice": ["a", "b", "c"]})])
    shares = (np.arange(1200) + 0.5) / 1200
    decoded = [codec.decode(np.array([share, share])) for share in shares]
    choices: dict[str, list[Any]] = {"n": [3, 4, 5, 6], "cell": ["a", "b", "c"]}
    for name, values in choices.items():
        drawn = [each[name] for each in decoded]
        assert [drawn.count(value) for value in values] == [1200 // len(values)] * len(values)
    assert all(type(each["n"]) is int for each in decoded)
    for each in ({"n": 3, "cell": "c"}, {"n": 6, "cell": "a"}):
        assert codec.decode(codec.encode(each)) == each


@pytest.mark.parametrize(
    "spec",
    [{"choice": ["a"]}, {"choices": ["a", "b"]}, [0, 1, "integers"], "a", [0.5, 3, "integer"]],
)
def test_malformed_genes_are_errors(spec):
    with pytest.raises((ConfigError, ParameterError), match="gene"):
        gene("n", spec)
