"""Mapping of a genome in the unit box to named values within bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError, UnknownNameError

__all__ = ["Gene", "NumbersCodec"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gene:
    """Evolved value and its bounds."""

    name: str
    low: float
    high: float
    log: bool = False
    """Logarithmic scale; needs positive bounds."""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise ParameterError(
                f"gene {self.name}: bounds {self.low}, {self.high}; expected finite low < high"
            )
        if self.log and self.low <= 0:
            raise ParameterError(f"gene {self.name}: a logarithmic scale needs positive bounds")

    def decode(self, share: FloatArray) -> FloatArray:
        """Map fractions of the range, in [0, 1], to values in [low, high]."""
        if self.log:
            return np.exp(np.log(self.low) + share * np.log(self.high / self.low))
        return self.low + share * (self.high - self.low)

    def encode(self, value: float) -> float:
        """Map a value to its fraction of the range, clipped to [0, 1]."""
        if self.log:
            share = np.log(value / self.low) / np.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return float(np.clip(share, 0.0, 1.0))


class NumbersCodec:
    """Codec of a genome of few named values, such as poles and gains."""

    def __init__(self, genes: Sequence[Gene]) -> None:
        self.genes = tuple(genes)

    @property
    def n_genes(self) -> int:
        """Length of a genome."""
        return len(self.genes)

    def decode(self, genome: FloatArray) -> dict[str, float]:
        """Return the values by name of a genome of shape (n_genes,)."""
        return {g.name: float(g.decode(x)) for g, x in zip(self.genes, genome, strict=True)}

    def encode(self, numbers: Mapping[str, float]) -> FloatArray:
        """Return the genome of the values `numbers`, clipped to the bounds."""
        return np.array([g.encode(numbers[g.name]) for g in self.genes])

    def start(self, numbers: Mapping[str, float], rng: np.random.Generator) -> FloatArray:
        """Return the genome of the values `numbers`, with random genes for missing names.

        Raises:
            UnknownNameError: a name is unknown; the message suggests similar names.
        """
        names = [gene.name for gene in self.genes]
        for name in numbers:
            if name not in names:
                raise UnknownNameError("gene", name, names)
        random_genes = rng.random(self.n_genes)
        return np.array(
            [
                gene.encode(numbers[gene.name]) if gene.name in numbers else random_gene
                for gene, random_gene in zip(self.genes, random_genes, strict=True)
            ]
        )
