"""Blocks of rows of a matrix of genomes, sized so that temporary arrays stay in the cache."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK_ELEMENTS = 16_384
"""Elements of a block: 128 KiB of float64; a few blocks fit the L2 cache of a core."""


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Yield slices that cover the rows in order, each of about `BLOCK_ELEMENTS` elements.

    They depend only on the shape, so that random numbers drawn block by block are reproducible.
    """
    step = max(1, BLOCK_ELEMENTS // n_columns)
    for first in range(0, n_rows, step):
        yield slice(first, min(first + step, n_rows))
