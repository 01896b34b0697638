"""Rows of designs, made for all genomes at once, against those of networks built one by one."""

import numpy as np
import pytest

from snn_control.training.optimisation import read_optimisation


@pytest.mark.parametrize("name", ["blimp-altitude", "blimp-demo", "blimp-altitude-delay"])
def test_rows_are_those_of_the_networks(name):
    fitness = read_optimisation(name).task.fitness(0)  # type: ignore[attr-defined]
    rng = np.random.default_rng(4)
    for design in fitness.designs.values():
        genomes = rng.random((12, design.n_genes))
        genomes[:2] = [np.zeros(design.n_genes), np.ones(design.n_genes)]
        layout, weights, coefficients = design.rows(genomes)
        networks = [design.network(genome) for genome in genomes]
        expected = layout.rows(networks)
        assert np.array_equal(weights, expected[0])
        assert np.array_equal(coefficients, expected[1])
