"""Energies of operations and memory, as a table of figures with their sources."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from snn_control.config import from_mapping
from snn_control.errors import ConfigError
from snn_control.resources import configs_folder
from snn_control.yaml_text import load_yaml

__all__ = ["EnergyTable", "Figure", "Precision", "read_energies"]

SHIPPED = "horowitz-45nm"


@dataclass(frozen=True)
class Figure:
    """Energy with its source."""

    pj: float
    """Energy, pJ."""
    source: str
    """Publication and quantity, or `estimate` and its reason."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.pj < math.inf:
            raise ConfigError(f"pj is {self.pj:g}; expected a finite number of at least 0")
        if not self.source.strip():
            raise ConfigError("source is empty; name the publication, or `estimate`")


@dataclass(frozen=True)
class Precision:
    """Energies of operations at one width of weights."""

    accumulate: Figure
    """Addition of a weight for a spike, or of a product."""
    multiply: Figure
    """Product of a weight and a value."""
    update_add: Figure
    """Addition or comparison of a neuron update."""
    update_multiply: Figure
    """Product of a neuron update."""


@dataclass(frozen=True)
class EnergyTable:
    """Energies of a technology."""

    name: str
    memory_byte: Figure
    """Access to one byte of weights, parameters or states."""
    float32: Precision
    int16: Precision
    int8: Precision
    int4: Precision

    def precision(self, name: str) -> Precision:
        """Return the energies of `float32`, `int16`, `int8` or `int4`."""
        return {
            "float32": self.float32, "int16": self.int16, "int8": self.int8, "int4": self.int4,
        }[name]  # fmt: skip


def read_energies(path: str | Path | None = None) -> EnergyTable:
    """Read a table of energies.

    Args:
        path: YAML file; default: the shipped table of 45 nm.

    Raises:
        ConfigError: the file is not YAML, has unknown or missing keys, or a wrong value.
    """
    path = configs_folder() / "energy" / f"{SHIPPED}.yaml" if path is None else Path(path)
    return from_mapping(EnergyTable, load_yaml(path), str(path))
