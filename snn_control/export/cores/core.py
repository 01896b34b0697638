"""Cores on which exports are replayed, and results of a replay."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.export.bare_metal import board

__all__ = ["CORES", "Core", "CoreResult"]


@dataclass(frozen=True)
class Core:
    """Core that QEMU emulates."""

    title: str
    """Name in tables."""
    compiler: str
    """Command of the cross compiler."""
    emulator: str
    """Command of the emulator."""
    board: board.Board | None = None
    """Board of a program without operating system; None: a program of Linux."""

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags of the compiler that select the core."""
        return ("-fno-pie", "-no-pie") if self.board is None else self.board.flags

    @property
    def tools(self) -> tuple[str, str]:
        """Programs that a replay calls."""
        return self.compiler, self.emulator


def _cortex(title: str, of: board.Board) -> Core:
    return Core(title, board.COMPILER, "qemu-system-arm", of)


CORES = {
    "aarch64": Core("AArch64", "aarch64-linux-gnu-gcc", "qemu-aarch64"),
    "cortex-m0plus": _cortex("Cortex-M0+", board.MICROBIT),
    "cortex-m3": _cortex("Cortex-M3", board.MPS2_AN385),
    "cortex-m4f": _cortex("Cortex-M4F", board.MPS2_AN386),
    "cortex-m7": _cortex("Cortex-M7", board.MPS2_AN500),
}
"""Cores by name."""


@dataclass(frozen=True)
class CoreResult:
    """Replay of an export on one core. Instructions are counts, not cycles."""

    core: str
    """Name of the core."""
    equal: bool
    """True if the hash of all outputs and spikes is that of the host."""
    hash: str
    """Hash of all outputs and spikes."""
    instructions_first: int | None
    """Instructions of the first tick; None if QEMU accepts no plugin."""
    instructions_mean: float | None
    """Mean of all ticks."""
    instructions_later: int | None
    """Largest number of a tick after the first."""
    instructions_max: int | None
    """Largest number of a tick."""
    flash_bytes: int
    """Code, constants and initial values of the controller and the compiler's helpers, B."""
    state_bytes: int
    """State that the caller owns, B."""
    stack_bytes: int
    """Deepest stack of a tick, measured, B."""
    ram_bytes: int
    """Static variables, state and stack, B."""
