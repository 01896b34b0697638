"""Selection, crossover and mutation of genomes, the rows of float64 matrices in the unit box."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from snn_control.compiled import kernel
from snn_control.evolution.counter_random import LEVELS, level, occurs, probability_limit, word

Array = Any


def start_population(
    generator: np.random.Generator,
    genomes: np.ndarray,
    start: np.ndarray | None,
    spread: float,
) -> None:
    """Write the first generation to `genomes`, shape (population, n_genes).

    Without `start` it is uniform in the box. Otherwise it is `start`, shape (n_genes,), and genomes
    with normal deviations of standard deviation `spread` from it, clipped to the box.
    """
    if start is None:
        generator.random(out=genomes)
        return
    genomes[:] = start + spread * generator.standard_normal(genomes.shape)
    genomes[0] = start
    np.clip(genomes, 0.0, 1.0, out=genomes)


def select_pairs(
    generator: np.random.Generator, order: np.ndarray, n_pairs: int, size: int
) -> np.ndarray:
    """Return pairs of parents, each the best of `size` parents drawn with replacement.

    `order` holds indices of parents, best first; the result has shape (2, n_pairs).
    """
    return order[generator.integers(len(order), size=(size, 2, n_pairs)).min(axis=0)]


def replace_parents(parents: np.ndarray, children: np.ndarray, survivors: np.ndarray) -> np.ndarray:
    """Replace the parents that do not survive by surviving children; return the new order.

    Args:
        parents: parents, shape (mu, n_genes), changed in place; surviving rows are unchanged.
        children: children, shape (population, n_genes).
        survivors: mu different indices, best first, into the children followed by the parents.

    Returns:
        Indices into `parents`, best first, shape (mu,).
    """
    order = survivors - len(children)
    from_children = order < 0
    free = np.setdiff1d(np.arange(len(parents)), order[~from_children])
    order[from_children] = free
    for slot, child in zip(free.tolist(), survivors[from_children].tolist(), strict=True):
        parents[slot] = children[child]
    return order


@kernel(inline="always")
def _mutated(x: Any, drawn: Any, limit: Any, sigma: Any, normals: Any) -> Any:
    """Return a gene after Gaussian mutation by the word `drawn`, clipped to the box."""
    x += (sigma if occurs(drawn, limit) else 0.0) * normals[level(drawn, 1)]
    return min(max(x, 0.0), 1.0)


@kernel(parallel=True, nogil=True)
def blend(
    parents: Array,
    mothers: Array,
    fathers: Array,
    children: Array,
    key: Any,
    crossover_rate: float,
    alpha: float,
    mutation_rate: float,
    sigma: float,
    normals: Array,
) -> None:
    """Write children of blend crossover and Gaussian mutation, clipped to the box.

        child = mother + u (father - mother) + d,  u ~ U(-alpha, 1 + alpha)

    with one of 65536 equidistant u for each gene, u = 0 for all genes of a child with probability
    1 - `crossover_rate`, and d ~ N(0, sigma^2) with probability `mutation_rate`, else 0.
    Source: BLX-alpha, Eshelman and Schaffer, FOGA 2, 1993, doi:10.1016/B978-0-08-094832-4.50018-0.

    Args:
        parents: parents, shape (mu, n_genes).
        mothers: index of the mother of each child, shape (population,).
        fathers: index of the father of each child, shape (population,).
        children: children to write, shape (population, n_genes).
        key: key of the generation, see `counter_random`.
        crossover_rate: probability of crossover of a child, in [0, 1].
        alpha: extension beyond the parents, as a fraction of their distance.
        mutation_rate: mutation probability of a gene, in [0, 1].
        sigma: standard deviation of the mutation.
        normals: result of `normal_quantiles`.
    """
    crossed, mutated = probability_limit(crossover_rate), probability_limit(mutation_rate)
    step = (1.0 + 2.0 * alpha) / (LEVELS - 1)
    for row in numba.prange(len(children)):
        row_key = word(key, row)
        child, mother = children[row], parents[mothers[row]]
        father = parents[fathers[row]] if occurs(row_key, crossed) else mother
        for k in range(len(child)):
            drawn = word(row_key, k)
            x = mother[k] + (step * level(drawn, 0) - alpha) * (father[k] - mother[k])
            child[k] = _mutated(x, drawn, mutated, sigma, normals)


@kernel(parallel=True, nogil=True)
def uniform(
    parents: Array,
    mothers: Array,
    fathers: Array,
    children: Array,
    key: Any,
    crossover_rate: float,
    mutation_rate: float,
    sigma: float,
    normals: Array,
) -> None:
    """Write children of uniform crossover and Gaussian mutation, clipped to the box.

    Each gene comes from either parent with probability 1/2, or from the mother in all genes of a
    child with probability 1 - `crossover_rate`. Arguments as for `blend`.
    """
    crossed, mutated = probability_limit(crossover_rate), probability_limit(mutation_rate)
    for row in numba.prange(len(children)):
        row_key = word(key, row)
        child, mother = children[row], parents[mothers[row]]
        father = parents[fathers[row]] if occurs(row_key, crossed) else mother
        for k in range(len(child)):
            drawn = word(row_key, k)
            x = father[k] if level(drawn, 0) & 1 else mother[k]
            child[k] = _mutated(x, drawn, mutated, sigma, normals)


def spread_factors(eta: float) -> np.ndarray:
    """Return the 65536 equally likely spread factors of `simulated_binary`, float64.

        beta = (2 u)^(1 / (eta + 1)) for u < 1/2, else (2 (1 - u))^(-1 / (eta + 1))

    for u at the midpoints of 16384 intervals of [0, 1]; the negative values, which swap the
    children; and 1 for half of the entries, which leaves the gene unchanged.
    """
    u = (np.arange(16384) + 0.5) / 16384
    beta = np.where(u < 0.5, 2 * u, 0.5 / (1 - u)) ** (1 / (eta + 1))
    return np.concatenate((beta, -beta, np.ones(32768)))


@kernel(parallel=True, nogil=True)
def simulated_binary(
    parents: Array,
    mothers: Array,
    fathers: Array,
    children: Array,
    key: Any,
    rate: float,
    factors: Array,
) -> None:
    """Write the children of simulated binary crossover, clipped to the box.

        children = (mother + father) / 2 -+ beta (father - mother) / 2

    with beta drawn from `factors`. With probability 1 - `rate` the children equal their parents.
    Source: Deb and Agrawal, Complex Systems 9, 1995.

    Args:
        parents: parents, shape (mu, n_genes).
        mothers: index of the mother of each pair, shape (n_pairs,).
        fathers: index of the father of each pair, shape (n_pairs,).
        children: children to write, two for each pair, or one for the last pair if their number is
            odd; shape (population, n_genes).
        key: key of the generation, see `counter_random`.
        rate: probability of crossover of a pair, in [0, 1].
        factors: result of `spread_factors`.
    """
    crossed, last = probability_limit(rate), len(children) - 1
    for pair in numba.prange(len(mothers)):
        row_key = word(key, pair)
        mother, father = parents[mothers[pair]], parents[fathers[pair]]
        # Of an odd population the last second child is overwritten by the first.
        first, second = children[2 * pair], children[min(2 * pair + 1, last)]
        unchanged = not occurs(row_key, crossed)
        for k in range(len(mother)):
            beta = 1.0 if unchanged else factors[level(word(row_key, k), 0)]
            half = 0.5 * (father[k] - mother[k])
            middle = mother[k] + half
            second[k] = min(max(middle + beta * half, 0.0), 1.0)
            first[k] = min(max(middle - beta * half, 0.0), 1.0)


def mutate_gaussian(
    generator: np.random.Generator, genomes: np.ndarray, rate: float, sigma: float
) -> None:
    """Add N(0, sigma^2) to each gene with probability `rate`, in place."""
    mutated = mutated_genes(generator, genomes.size, rate)
    genomes.ravel()[mutated] += sigma * generator.standard_normal(len(mutated))


def mutate_polynomial(
    generator: np.random.Generator, genomes: np.ndarray, rate: float, eta: float
) -> None:
    """Apply polynomial mutation in place: each gene x in [0, 1] changes with probability `rate`.

    It changes up or down with equal probability, by a step s with a density proportional to
    (1 - s)^eta between 0 and the distance to the bound in that direction:

        1 - s = (v + (1 - v) (1 - distance)^(eta + 1))^(1 / (eta + 1)),  v ~ U(0, 1)

    Source: Deb and Goyal, Computer Science and Informatics 26(4), 1996, truncated at the bounds as
    in Deb's implementation of NSGA-II.
    """
    mutated = mutated_genes(generator, genomes.size, rate)
    x = genomes.ravel()[mutated]
    up = generator.random(len(mutated)) < 0.5
    v = generator.random(len(mutated))
    farthest = np.where(up, x, 1.0 - x) ** (eta + 1)
    step = 1.0 - (v + (1.0 - v) * farthest) ** (1 / (eta + 1))
    genomes.ravel()[mutated] = x + np.where(up, step, -step)


def mutated_genes(generator: np.random.Generator, n_genes: int, rate: float) -> np.ndarray:
    """Return indices below n_genes, each of which occurs independently with probability `rate`.

    An index may occur more than once. For low rates the number of uniform indices is Poisson
    distributed with mean -n_genes ln(1 - rate): each index then occurs Poisson(-ln(1 - rate))
    times, and at least once with probability `rate`.
    """
    if rate > 0.5:
        return np.flatnonzero(generator.random(n_genes) < rate)
    n_hits = generator.poisson(-n_genes * math.log1p(-rate))
    return generator.integers(n_genes, size=n_hits)
