"""C code of one tick of each neuron model, in the order of the operations of `network.neurons`.

Terms with a decay of 0 are left out, and so is state that only such terms read: both change no
finite number. A coefficient that all neurons share is a constant, others are tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.network import Population

__all__ = ["Cells", "partner_index", "threshold_lines", "update_lines"]

FloatArray = npt.NDArray[np.float64]
Refer = Callable[[str, FloatArray], str]
"""Function from name and values of a coefficient to the expression of neuron `k`."""


@dataclass(frozen=True)
class Cells:
    """Population as its C code uses it."""

    population: Population
    """Population."""
    coefficients: dict[str, FloatArray]
    """Coefficients of a tick, each of shape (size,)."""
    adapted: bool
    """True if a connection enters its adaptation port."""

    @property
    def model(self) -> str:
        """Name of the neuron model."""
        return self.population.params.model

    @property
    def spiking(self) -> bool:
        """True for outputs of 0 and 1."""
        return self.population.params.spiking

    def zero(self, name: str) -> bool:
        """Return True if a coefficient is 0 for all neurons."""
        return bool((self.coefficients[name] == 0.0).all())

    @property
    def state(self) -> tuple[str, ...]:
        """Names of the arrays of its state besides its outputs, in the order of the struct."""
        match self.model:
            case "integrate_and_fire":
                return ("potential",)
            case "lif":
                keeps = () if self.zero("decay_mem") else ("potential",)
                return (*self._current, *keeps)
            case "iwta":
                keeps = () if self.zero("decay_mem") else ("potential",)
                return (*self._current, *keeps, "trace", "theta")
            case "leaky_integrator":
                return self._current
        return ()

    @property
    def _current(self) -> tuple[str, ...]:
        return () if self.zero("decay_syn") else ("current",)


def update_lines(cells: Cells, refer: Refer) -> list[str]:
    """Return the lines of a loop over neurons `k` from `drive[k]` to `out[k]`.

    The names `out`, `drive`, `extra` (adaptation drive) and those of the state are arrays.
    """
    return {
        "lif": _lif,
        "leaky_integrator": _leaky,
        "integrate_and_fire": _integrate_and_fire,
        "iwta": _iwta,
        "graded": _graded,
    }[cells.model](cells, refer)


def _of(cells: Cells, refer: Refer, name: str) -> str:
    return refer(name, cells.coefficients[name])


def _input(cells: Cells, refer: Refer) -> str:
    """Return bias + drive."""
    if cells.zero("bias"):
        return "drive[k]"
    return f"({_of(cells, refer, 'bias')} + drive[k])"


def _current_lines(cells: Cells, refer: Refer) -> list[str]:
    value = _input(cells, refer)
    if cells.zero("decay_syn"):
        return [f"const real i = {value};"]
    return [
        f"const real i = {_of(cells, refer, 'decay_syn')} * current[k] + {value};",
        "current[k] = i;",
    ]


def _gained(cells: Cells, refer: Refer) -> str:
    if (cells.coefficients["gain"] == 1.0).all():
        return "i"
    return f"{_of(cells, refer, 'gain')} * i"


def _filtered(cells: Cells, refer: Refer, before: str) -> str:
    """Return d_mem v + g i."""
    gained = _gained(cells, refer)
    if cells.zero("decay_mem"):
        return gained
    return f"{_of(cells, refer, 'decay_mem')} * {before} + {gained}"


def _before(cells: Cells, refer: Refer) -> tuple[bool, str]:
    """Return True for a hard reset, and the potential before the tick."""
    if cells.population.params.choice("reset", "soft") == "hard":
        rest = _of(cells, refer, "reset_potential")
        return True, f"(out[k] ? {rest} : potential[k])"
    return False, "potential[k]"


def _lif(cells: Cells, refer: Refer) -> list[str]:
    theta = _of(cells, refer, "threshold")
    hard, before = _before(cells, refer)
    value = _filtered(cells, refer, before)
    lines = [*_current_lines(cells, refer), f"{'const ' * hard}real v = {value};"]
    if not hard:
        lines.append(f"if (out[k]) v -= {theta};")
    if "potential" in cells.state:
        lines.append("potential[k] = v;")
    return [*lines, f"out[k] = (uint8_t)(v > {theta});"]


def _leaky(cells: Cells, refer: Refer) -> list[str]:
    return [*_current_lines(cells, refer), f"out[k] = {_filtered(cells, refer, 'out[k]')};"]


def _integrate_and_fire(cells: Cells, refer: Refer) -> list[str]:
    theta = _of(cells, refer, "threshold")
    hard, before = _before(cells, refer)
    lines = [f"real v = {before} + {_input(cells, refer)};"]
    if not np.isneginf(cells.coefficients["floor"]).all():
        lines.append(f"if (v < {_of(cells, refer, 'floor')}) v = {_of(cells, refer, 'floor')};")
    if not hard:
        lines.append(f"if (out[k]) v -= {theta};")
    return [*lines, "potential[k] = v;", f"out[k] = (uint8_t)(v > {theta});"]


def _iwta(cells: Cells, refer: Refer) -> list[str]:
    keeps = "potential" in cells.state
    value = _filtered(cells, refer, "potential[k]")
    lines = [*_current_lines(cells, refer), f"real v = {value};"]
    lines += ["real q = trace[k];", "if (out[k]) v -= theta[k];"]
    lines.append("potential[k] = v;" if keeps else "v_now[k] = v;")
    for added in (
        *(["(real)out[k]"] if cells.population.params.choice("own_spikes", False) else []),
        *(["extra[k]"] if cells.adapted else []),
    ):
        kept = "" if cells.zero("decay_adaptation") else _of(cells, refer, "decay_adaptation")
        lines.append(f"q = {f'{kept} * q + ' if kept else ''}{added};")
    limit = _of(cells, refer, "limit")
    lines += [f"if (q < -{limit}) q = -{limit};", f"if (q > {limit}) q = {limit};"]
    return [*lines, "trace[k] = q;"]


def threshold_lines(cells: Cells, refer: Refer) -> list[str]:
    """Return the lines of the second loop of IWTA neurons, after all traces are known."""
    potential = "potential[k]" if "potential" in cells.state else "v_now[k]"
    theta, own, cross = (
        _of(cells, refer, name) for name in ("threshold", "adaptation", "partner_adaptation")
    )
    partner = partner_index(cells.population.size)
    return [
        f"const real t = ({theta} + {own} * trace[k]) + {cross} * trace[{partner}];",
        "theta[k] = t;",
        f"out[k] = (uint8_t)({potential} > t);",
    ]


def partner_index(size: int) -> str:
    """Return the expression of the partner of neuron `k`; an odd last one is its own."""
    even = size // 2 * 2
    return "k ^ 1u" if even == size else f"k < {even}u ? k ^ 1u : k" if even else "k"


def _graded(cells: Cells, refer: Refer) -> list[str]:
    lines = [f"real y = {_input(cells, refer)};", "if (y < 0) y = 0;"]
    if not np.isposinf(cells.coefficients["ceiling"]).all():
        ceiling = _of(cells, refer, "ceiling")
        lines.append(f"if (y > {ceiling}) y = {ceiling};")
    return [*lines, "out[k] = y;"]
