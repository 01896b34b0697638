"""Parts of a C source that depend on its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.export.c.network_code import NetworkCode

__all__ = ["Parts"]


@dataclass(frozen=True)
class Parts:
    """Parts of header and source for one kind of numbers."""

    codes: tuple[NetworkCode, ...]
    """Code of each network."""
    types: str
    """Type definitions of the header: `PREFIX_input`, `PREFIX_output` and others."""
    input_notes: tuple[str, ...]
    """Comment on each entry of the observation."""
    output_notes: tuple[str, ...]
    """Comment on each action."""
    declarations: str
    """Additional functions of the header."""
    preamble: str
    """Checks of the compiler and types, before the tables."""
    refusal: str
    """Lines of the step that refuse a wrong input; no network has moved before."""
    inputs: tuple[str, ...]
    """Expression of each entry of the observation as the input of a network."""
    sums: tuple[str, ...]
    """Lines of the step that set `out` from the state."""
    functions: str
    """Definitions of the additional functions."""
