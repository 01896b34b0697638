"""Mapping of a genome in the unit box to named values within bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError, UnknownNameError

__all__ = ["Choice", "Gene", "NumbersCodec"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gene:
    """Evolved number and its bounds."""

    name: str
    low: float
    high: float
    log: bool = False
    """Logarithmic scale; needs positive bounds."""
    integer: bool = False
    """Round to a whole number; the bounds are whole numbers."""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise ParameterError(
                f"gene {self.name}: bounds {self.low}, {self.high}; expected finite low < high"
            )
        if self.log and self.low <= 0:
            raise ParameterError(f"gene {self.name}: a logarithmic scale needs positive bounds")
        if self.integer and (self.low % 1 or self.high % 1):
            raise ParameterError(
                f"gene {self.name}: bounds {self.low}, {self.high}; expected whole numbers"
            )

    def decode(self, share: FloatArray) -> FloatArray:
        """Map fractions of the range, in [0, 1], to values in [low, high].

        Whole numbers have equal parts of the range, except on a logarithmic scale.
        """
        low, high = self._bounds
        if self.log:
            value = np.exp(np.log(low) + share * np.log(high / low))
        else:
            value = low + share * (high - low)
        return np.clip(np.rint(value), self.low, self.high) if self.integer else value

    def value(self, share: float) -> float | int:
        """Return the value of one fraction; an `int` if the gene is a whole number."""
        decoded = float(self.decode(np.float64(share)))  # type: ignore[arg-type]
        return int(decoded) if self.integer else decoded

    def encode(self, value: float) -> float:
        """Map a value to its fraction of the range, clipped to [0, 1]."""
        low, high = self._bounds
        if self.log:
            share = np.log(value / low) / np.log(high / low)
        else:
            share = (value - low) / (high - low)
        return float(np.clip(share, 0.0, 1.0))

    @property
    def _bounds(self) -> tuple[float, float]:
        """Range of the values before rounding."""
        widened = 0.5 if self.integer and not self.log else 0.0
        return self.low - widened, self.high + widened


@dataclass(frozen=True)
class Choice:
    """Evolved choice between values."""

    name: str
    values: tuple[Any, ...]
    """Choices, each with an equal part of [0, 1]."""

    def __post_init__(self) -> None:
        if len(self.values) < 2:
            raise ParameterError(f"gene {self.name}: {list(self.values)}; expected two choices")

    def value(self, share: float) -> Any:
        """Return the choice of a fraction in [0, 1]."""
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def encode(self, value: Any) -> float:
        """Return the centre of the part of a choice.

        Raises:
            ParameterError: not one of the choices.
        """
        if value not in self.values:
            raise ParameterError(
                f"gene {self.name}: {value!r}; expected one of {', '.join(map(str, self.values))}"
            )
        return (self.values.index(value) + 0.5) / len(self.values)


class NumbersCodec:
    """Codec of a genome of few named values, such as poles and gains."""

    def __init__(self, genes: Sequence[Gene | Choice]) -> None:
        self.genes = tuple(genes)

    @property
    def n_genes(self) -> int:
        """Length of a genome."""
        return len(self.genes)

    def decode(self, genome: FloatArray) -> dict[str, Any]:
        """Return the values by name of a genome of shape (n_genes,)."""
        return {g.name: g.value(x) for g, x in zip(self.genes, genome.tolist(), strict=True)}

    def columns(self, genomes: FloatArray) -> dict[str, FloatArray]:
        """Return the numbers by name of genomes, each of shape (n_genomes,); no choices."""
        return {
            g.name: g.decode(np.ascontiguousarray(genes))
            for g, genes in zip(self.genes, genomes.T, strict=True)
            if isinstance(g, Gene)
        }

    def encode(self, numbers: Mapping[str, Any]) -> FloatArray:
        """Return the genome of the values `numbers`, clipped to the bounds."""
        return np.array([g.encode(numbers[g.name]) for g in self.genes])

    def start(self, numbers: Mapping[str, Any], rng: np.random.Generator) -> FloatArray:
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
