"""Parts of a C source that depend on its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.export.c.network_code import NetworkCode

__all__ = ["Parts", "readouts_of"]


@dataclass(frozen=True)
class Parts:
    """Parts of header and source for one kind of numbers."""

    codes: tuple[NetworkCode, ...]
    """Code of each network."""
    types: str
    """Type definitions of the header: `PREFIX_input`, `PREFIX_output` and others."""
    preamble: str
    """Checks of the compiler and types, before the tables."""
    refusal: str
    """Lines of the step that refuse a wrong input; no network has moved before."""
    feeds: tuple[str, ...]
    """Expression of each entry of the observation, or signal of the shell, as a network's input."""
    readouts: tuple[str, ...]
    """Expression of each read-out of the networks, as an output or for the shell."""
    sums: tuple[str, ...] = ()
    """Lines of the step that set `out` from the state, without a shell."""
    input_units: tuple[str, ...] = ()
    """Comment on the unit of each entry of the observation; none: that of its name."""
    output_units: tuple[str, ...] = ()
    """Comment on the unit of each action."""
    readout_units: tuple[str, ...] = ()
    """Comment on the unit of each named value."""
    declarations: str = ""
    """Additional functions of the header."""
    functions: str = ""
    """Definitions of the additional functions."""


def readouts_of(codes: tuple[NetworkCode, ...]) -> list[str]:
    """Return the expressions of all read-outs from `state`."""
    return [
        code.readout(k).replace("s->", f"state->n{n}.")
        for n, code in enumerate(codes)
        for k in range(len(code.network.readouts))
    ]
