"""Selection, crossover and mutation on whole matrices of genomes in the unit box.

Genomes are rows of float64 matrices.
"""

from __future__ import annotations

import math

import numpy as np


def start_population(
    generator: np.random.Generator,
    genomes: np.ndarray,
    start: np.ndarray | None,
    spread: float,
) -> None:
    """Write the first genomes into `genomes`, shape (population, n_genes).

    Uniform in the box; or, given a `start` of shape (n_genes,), that genome itself and normal
    deviations from it with standard deviation `spread`, clipped to the box.
    """
    if start is None:
        generator.random(out=genomes)
        return
    genomes[:] = start + spread * generator.standard_normal(genomes.shape)
    genomes[0] = start
    np.clip(genomes, 0.0, 1.0, out=genomes)


def couples(
    generator: np.random.Generator, order: np.ndarray, n_couples: int, size: int
) -> np.ndarray:
    """Return mothers and fathers, each the best of `size` drawn with replacement.

    `order` holds indices of parents, best first; the result has shape (2, n_couples).
    """
    return order[generator.integers(len(order), size=(size, 2, n_couples)).min(axis=0)]


def replace_losers(parents: np.ndarray, children: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Write the chosen children over the parents that were not chosen; return the new order.

    Args:
        parents: shape (mu, n_genes), changed in place; no other row is touched.
        children: shape (population, n_genes).
        chosen: mu different indices, best first, into the pool of first children, then parents.

    Returns:
        Indices into `parents`, best first, shape (mu,).
    """
    order = chosen - len(children)
    young = order < 0
    free = np.setdiff1d(np.arange(len(parents)), order[~young])
    order[young] = free
    for slot, child in zip(free.tolist(), chosen[young].tolist(), strict=True):
        parents[slot] = children[child]
    return order


def blend(
    generator: np.random.Generator,
    mothers: np.ndarray,
    fathers: np.ndarray,
    rate: float,
    alpha: float,
) -> np.ndarray:
    """Blend crossover: child = mother + u (father - mother), u ~ U(-alpha, 1 + alpha) a gene.

    u takes 65536 equidistant values. A child is crossed with probability `rate`, else it is its
    mother. Shapes (children, n_genes).
    Source: BLX-alpha, Eshelman and Schaffer, FOGA 2, 1993, doi:10.1016/B978-0-08-094832-4.50018-0.
    """
    steps = generator.integers(0, 65536, mothers.shape, dtype=np.uint16)
    children = steps * np.float64((1 + 2 * alpha) / 65535)
    children -= alpha
    children[generator.random(len(mothers)) >= rate] = 0.0
    children *= fathers - mothers
    children += mothers
    return children


def uniform(
    generator: np.random.Generator, mothers: np.ndarray, fathers: np.ndarray, rate: float
) -> np.ndarray:
    """Uniform crossover: each gene of a crossed child comes from either parent with equal odds.

    A child is crossed with probability `rate`, else it is its mother. Shapes (children, n_genes).
    """
    from_father = generator.integers(0, 2, mothers.shape, dtype=bool)
    from_father[generator.random(len(mothers)) >= rate] = False
    return np.where(from_father, fathers, mothers)


def spread_factors(eta: float) -> np.ndarray:
    """Return the 65536 equally likely spread factors of `simulated_binary`, float64.

        beta = (2 u)^(1 / (eta + 1)) for u < 1/2, else (2 (1 - u))^(-1 / (eta + 1))

    for u at the midpoints of 16384 steps of [0, 1]; its negative, which swaps the children; and 1,
    which leaves a gene uncrossed, for half of the entries.
    """
    u = (np.arange(16384) + 0.5) / 16384
    beta = np.where(u < 0.5, 2 * u, 0.5 / (1 - u)) ** (1 / (eta + 1))
    return np.concatenate((beta, -beta, np.ones(32768)))


def simulated_binary(
    generator: np.random.Generator,
    mothers: np.ndarray,
    fathers: np.ndarray,
    rate: float,
    factors: np.ndarray,
) -> np.ndarray:
    """Simulated binary crossover; two children a couple, shape (2 * couples, n_genes).

        children = (mother + father) / 2 -+ beta (father - mother) / 2

    with beta drawn from the `spread_factors`. A couple is crossed with probability `rate`, else
    its children are its parents.
    Source: Deb and Agrawal, Complex Systems 9, 1995.
    """
    half = factors[generator.integers(0, 65536, mothers.shape, dtype=np.uint16)]
    half[generator.random(len(mothers)) >= rate] = 1.0
    difference = fathers - mothers
    difference *= 0.5
    half *= difference
    middle = np.add(mothers, difference, out=difference)
    return np.concatenate((middle - half, middle + half))


def mutate_gaussian(
    generator: np.random.Generator, genomes: np.ndarray, rate: float, sigma: float
) -> None:
    """Add N(0, sigma^2) to each gene with probability `rate`, in place."""
    mutated = mutated_genes(generator, genomes.size, rate)
    genomes.ravel()[mutated] += sigma * generator.standard_normal(len(mutated))


def mutate_polynomial(
    generator: np.random.Generator, genomes: np.ndarray, rate: float, eta: float
) -> None:
    """Polynomial mutation, in place: each gene x in [0, 1] changes with probability `rate`.

    It steps down or up with equal odds, by s of density proportional to (1 - s)^eta between 0 and
    the distance to the bound on that side:

        1 - s = (v + (1 - v) (1 - distance)^(eta + 1))^(1 / (eta + 1)),  v ~ U(0, 1)

    Source: Deb and Goyal, Computer Science and Informatics 26(4), 1996, truncated at the bounds as
    in Deb's NSGA-II program.
    """
    mutated = mutated_genes(generator, genomes.size, rate)
    x = genomes.ravel()[mutated]
    up = generator.random(len(mutated)) < 0.5
    v = generator.random(len(mutated))
    farthest = np.where(up, x, 1.0 - x) ** (eta + 1)
    step = 1.0 - (v + (1.0 - v) * farthest) ** (1 / (eta + 1))
    genomes.ravel()[mutated] = x + np.where(up, step, -step)


def mutated_genes(generator: np.random.Generator, n_genes: int, rate: float) -> np.ndarray:
    """Return indices into n_genes, so that each occurs with probability `rate`, independently.

    An index may occur more than once. At low rates uniform indices are drawn, as many as a Poisson
    number of mean -n_genes ln(1 - rate) says: each then occurs Poisson(-ln(1 - rate)) times, and
    at least once with probability `rate`.
    """
    if rate > 0.5:
        return np.flatnonzero(generator.random(n_genes) < rate)
    n_hits = generator.poisson(-n_genes * math.log1p(-rate))
    return generator.integers(n_genes, size=n_hits)
