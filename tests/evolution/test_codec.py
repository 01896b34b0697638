"""Codec of named values against geometric and arithmetic means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snn_control.errors import ParameterError, UnknownNameError
from snn_control.evolution.codec import Gene, NumbersCodec

LINEAR, LOG = Gene("offset", -2.0, 6.0), Gene("gain", 0.5, 8.0, log=True)


@pytest.mark.parametrize(
    ("share", "linear", "logarithmic"),
    [(0.0, -2.0, 0.5), (0.25, 0.0, 1.0), (0.5, 2.0, 2.0), (0.75, 4.0, 4.0), (1.0, 6.0, 8.0)],
)
def test_equal_shares_are_equal_differences_or_equal_ratios(
    share: float, linear: float, logarithmic: float
) -> None:
    assert LINEAR.decode(np.array(share)) == pytest.approx(linear, rel=1e-12)
    assert LOG.decode(np.array(share)) == pytest.approx(logarithmic, rel=1e-12)
    assert LINEAR.encode(linear) == pytest.approx(share, abs=1e-12)
    assert LOG.encode(logarithmic) == pytest.approx(share, abs=1e-12)


@given(low=st.floats(1e-3, 1e2), ratio=st.floats(1.01, 1e4))
def test_the_middle_of_a_log_gene_is_the_geometric_mean(low: float, ratio: float) -> None:
    gene = Gene("x", low, low * ratio, log=True)
    middle = math.sqrt(low * (low * ratio))
    assert gene.decode(np.array(0.5)) == pytest.approx(middle, rel=1e-9)
    assert gene.encode(middle) == pytest.approx(0.5, abs=1e-6)


def test_a_gene_is_linear_unless_it_is_declared_logarithmic() -> None:
    assert Gene("x", 1.0, 9.0).decode(np.array(0.5)) == 5.0


def test_values_outside_the_bounds_are_clipped() -> None:
    for gene in (LINEAR, LOG):
        assert gene.encode(gene.low / 2 if gene.log else gene.low - 1.0) == 0.0
        assert gene.encode(2.0 * gene.high) == 1.0


def test_a_genome_is_the_values_by_name() -> None:
    codec = NumbersCodec([LINEAR, LOG])
    assert codec.n_genes == 2
    values = codec.decode(np.array([0.25, 0.75]))
    assert values == {"offset": pytest.approx(0.0), "gain": pytest.approx(4.0)}
    np.testing.assert_allclose(codec.encode({"gain": 4.0, "offset": 0.0}), [0.25, 0.75])
    with pytest.raises(ValueError, match="longer"):
        codec.decode(np.zeros(3))


def test_missing_values_start_at_random_in_the_box() -> None:
    codec = NumbersCodec([LINEAR, LOG])
    starts = np.array([codec.start({"gain": 2.0}, np.random.default_rng(k)) for k in range(200)])
    np.testing.assert_allclose(starts[:, 1], 0.5)
    assert starts[:, 0].mean() == pytest.approx(0.5, abs=0.08)
    assert starts[:, 0].std() == pytest.approx(12**-0.5, abs=0.04)
    again = codec.start({"gain": 2.0}, np.random.default_rng(7))
    np.testing.assert_array_equal(again, starts[7])
    with pytest.raises(UnknownNameError, match="Did you mean: `gain`"):
        codec.start({"gian": 2.0}, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("low", "high", "log"),
    [
        (1.0, 1.0, False), (2.0, 1.0, False), (-math.inf, 1.0, False), (0.0, math.inf, False),
        (math.nan, 1.0, False), (0.0, math.nan, False), (0.0, 1.0, True), (-1.0, 1.0, True),
    ],
)  # fmt: skip
def test_bounds_that_define_no_range_are_refused(low: float, high: float, log: bool) -> None:
    with pytest.raises(ParameterError, match="gene x"):
        Gene("x", low, high, log)


def test_a_small_positive_bound_of_a_log_gene_is_accepted() -> None:
    assert Gene("x", 1e-9, 1.0, log=True).decode(np.array(0.0)) == pytest.approx(1e-9)
