"""Cores on which exports are replayed, and results of a replay."""

from __future__ import annotations

from dataclasses import dataclass, replace

from snn_control.export.bare_metal.board import (
    COMPILER,
    MICROBIT,
    MPS2_AN385,
    MPS2_AN386,
    MPS2_AN500,
    Board,
)

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
    boards: tuple[Board | None, ...] = (None,)
    """Boards of a program without operating system; the first with enough memory is taken. None: a
    program of Linux."""

    @property
    def tools(self) -> tuple[str, str]:
        """Programs that a replay calls."""
        return self.compiler, self.emulator


def _cortex(title: str, *boards: Board) -> Core:
    return Core(title, COMPILER, "qemu-system-arm", boards)


CORES = {
    "aarch64": Core("AArch64", "aarch64-linux-gnu-gcc", "qemu-aarch64"),
    "cortex-m0plus": _cortex("Cortex-M0+", MICROBIT, replace(MPS2_AN385, flags=MICROBIT.flags)),
    "cortex-m3": _cortex("Cortex-M3", MPS2_AN385),
    "cortex-m4f": _cortex("Cortex-M4F", MPS2_AN386),
    "cortex-m7": _cortex("Cortex-M7", MPS2_AN500),
}
"""Cores by name. A Cortex-M3 has all instructions of a Cortex-M0+."""


@dataclass(frozen=True)
class CoreResult:
    """Replay of an export on one core. Instructions are counts, not cycles."""

    core: str
    """Name of the core."""
    machine: str
    """Emulated board; empty for a process."""
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
