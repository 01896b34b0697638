"""Selection, crossover and mutation of genomes, the rows of float64 matrices in the unit box."""

from __future__ import annotations

import math

import numpy as np


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


def blend(
    generator: np.random.Generator,
    mothers: np.ndarray,
    fathers: np.ndarray,
    rate: float,
    alpha: float,
) -> np.ndarray:
    """Apply blend crossover: child = mother + u (father - mother), u ~ U(-alpha, 1 + alpha).

    Each gene has its own u, one of 65536 equidistant values. With probability 1 - `rate` a child
    equals its mother. All shapes are (children, n_genes).
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
    """Apply uniform crossover: each gene comes from either parent with probability 1/2.

    With probability 1 - `rate` a child equals its mother. All shapes are (children, n_genes).
    """
    from_father = generator.integers(0, 2, mothers.shape, dtype=bool)
    from_father[generator.random(len(mothers)) >= rate] = False
    return np.where(from_father, fathers, mothers)


def spread_factors(eta: float) -> np.ndarray:
    """Return the 65536 equally likely spread factors of `simulated_binary`, float64.

        beta = (2 u)^(1 / (eta + 1)) for u < 1/2, else (2 (1 - u))^(-1 / (eta + 1))

    for u at the midpoints of 16384 intervals of [0, 1]; the negative values, which swap the
    children; and 1 for half of the entries, which leaves the gene unchanged.
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
    """Apply simulated binary crossover; two children per pair, shape (2 * pairs, n_genes).

        children = (mother + father) / 2 -+ beta (father - mother) / 2

    with beta drawn from `spread_factors`. With probability 1 - `rate` the children equal their
    parents.
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
