"""C code of one tick of each neuron model in integers, in the order of `IntegerEngine`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snn_control.engines.integer.arithmetic import DECAY_BITS, GAIN_BITS, LIMIT, IntArray, Rescaling
from snn_control.engines.integer.formats import PopulationFormat
from snn_control.export.c.neurons import Cells, partner_index

__all__ = [
    "IntegerCells",
    "Refer",
    "signed_rescaling",
    "steady",
    "threshold_lines",
    "update_lines",
]

Refer = Callable[[str, IntArray], str]
"""Function from name and values of a coefficient to the expression of neuron `k`."""


@dataclass(frozen=True)
class IntegerCells(Cells):
    """Population in integers as its C code uses it."""

    form: PopulationFormat
    """Integer formats."""

    def zero(self, name: str) -> bool:
        """Return True if a coefficient is 0 for all neurons."""
        return not self.form.coefficients[name].any()

    @property
    def driven(self) -> bool:
        """True if the input reaches the state: not so for a gain of 0 without a current."""
        gained = "gain" not in self.form.coefficients or not self.zero("gain")
        return gained or "current" in self.state

    @property
    def settles(self) -> bool:
        """True if the steady state of the input is part of the state."""
        if self.form.steady is None:
            return self.model == "graded"
        current, output = (bool(each.multiplier.any()) for each in self.form.steady)
        reaches_output = self.model == "leaky_integrator" and output
        return current and ("current" in self.state or reaches_output)


def signed_rescaling(x: str, rescaling: Rescaling, label: str, refer: Refer, limit: int) -> str:
    """Return the expression of a number times the factor of neuron `k`."""
    multiplier = refer(label, rescaling.multiplier)
    return f"rescale_signed({x}, {multiplier}, {rescaling.shift}u, {limit})"


def steady(x: str, rescaling: Rescaling, label: str, refer: Refer, limit: int) -> str:
    """Return the expression of a steady state, a number times a factor of at least 0."""
    factors = np.ldexp(rescaling.multiplier.astype(float), -rescaling.shift)
    if (factors == 1.0).all():
        return x if limit >= LIMIT else f"saturate({x}, {limit})"
    if not factors.any():
        return "0"
    return signed_rescaling(x, rescaling, label, refer, limit)


def _of(cells: IntegerCells, refer: Refer, name: str) -> str:
    return refer(name, cells.form.coefficients[name])


def _product(cells: IntegerCells, refer: Refer, name: str, x: str, bits: int) -> str:
    """Return the expression of a decay or gain times a number, or an empty one for 0."""
    values = cells.form.coefficients[name]
    if (values == 0).all():
        return ""
    if (values == 1 << bits).all():
        return x
    return f"rescale({x}, {_of(cells, refer, name)}, {bits}u, {LIMIT})"


def _sum(*terms: str) -> str:
    """Return the saturated sum of expressions, without empty ones."""
    kept = [term for term in terms if term]
    return f"saturate({' + '.join(kept)}, {LIMIT})" if kept[1:] else kept[0] if kept else "0"


def update_lines(cells: IntegerCells, refer: Refer) -> list[str]:
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


def _current(cells: IntegerCells, refer: Refer) -> list[str]:
    if cells.zero("decay_syn"):
        return [] if cells.zero("gain") else ["const int32_t i = drive[k];"]
    kept = _product(cells, refer, "decay_syn", "current[k]", DECAY_BITS)
    return [f"const int32_t i = {_sum(kept, 'drive[k]')};", "current[k] = i;"]


def _filtered(cells: IntegerCells, refer: Refer, before: str) -> str:
    return _sum(
        _product(cells, refer, "decay_mem", before, DECAY_BITS),
        _product(cells, refer, "gain", "i", GAIN_BITS),
    )


def _hard(cells: IntegerCells) -> bool:
    return bool(cells.population.params.choice("reset", "soft") == "hard")


def _before(cells: IntegerCells, refer: Refer) -> str:
    if _hard(cells):
        return f"(out[k] ? {_of(cells, refer, 'reset_potential')} : potential[k])"
    return "potential[k]"


def _fired(cells: IntegerCells, refer: Refer) -> list[str]:
    """Return the lines of soft reset and comparison of the potential `v`."""
    reset = []
    if not _hard(cells):
        reset = [f"if (out[k]) v = saturate(v - {_of(cells, refer, 'threshold')}, {LIMIT});"]
    kept = ["potential[k] = v;"] if "potential" in cells.state else []
    return [*reset, *kept, f"out[k] = (uint8_t)(v > {_of(cells, refer, 'compared')});"]


def _lif(cells: IntegerCells, refer: Refer) -> list[str]:
    value = _filtered(cells, refer, _before(cells, refer))
    const = "const " if _hard(cells) else ""
    return [*_current(cells, refer), f"{const}int32_t v = {value};", *_fired(cells, refer)]


def _integrate_and_fire(cells: IntegerCells, refer: Refer) -> list[str]:
    floor = _of(cells, refer, "floor")
    return [
        f"int32_t v = {_sum(_before(cells, refer), 'drive[k]')};",
        f"if (v < {floor}) v = {floor};",
        *_fired(cells, refer),
    ]


def _leaky(cells: IntegerCells, refer: Refer) -> list[str]:
    value = _filtered(cells, refer, "out[k]")
    return [*_current(cells, refer), f"out[k] = saturate({value}, {cells.form.limit});"]


def _graded(cells: IntegerCells, refer: Refer) -> list[str]:
    ceiling = _of(cells, refer, "ceiling")
    return [
        "int32_t y = drive[k];",
        "if (y < 0) y = 0;",
        f"if (y > {ceiling}) y = {ceiling};",
        "out[k] = y;",
    ]


def _iwta(cells: IntegerCells, refer: Refer) -> list[str]:
    potential = "potential[k]" if "potential" in cells.state else "v_now[k]"
    lines = [
        *_current(cells, refer),
        f"int32_t v = {_filtered(cells, refer, 'potential[k]')};",
        f"if (out[k]) v = saturate(v - theta[k], {LIMIT});",
        f"{potential} = v;",
        "int32_t q = trace[k];",
    ]
    inputs = ["extra[k]"] if cells.adapted else []
    if cells.population.params.choice("own_spikes", False):
        inputs = [f"(out[k] ? {cells.form.trace_unit} : 0)", *inputs]
    for each in inputs:
        lines.append(
            f"q = {_sum(_product(cells, refer, 'decay_adaptation', 'q', DECAY_BITS), each)};"
        )
    limit = _of(cells, refer, "limit")
    return [*lines, f"if (q < -{limit}) q = -{limit};", f"if (q > {limit}) q = {limit};",
            "trace[k] = q;"]  # fmt: skip


def threshold_lines(cells: IntegerCells, refer: Refer) -> list[str]:
    """Return the lines of the second loop of IWTA neurons, after all traces are known."""
    potential = "potential[k]" if "potential" in cells.state else "v_now[k]"
    lines = [f"int32_t t = {_of(cells, refer, 'compared')};"]
    partner = partner_index(cells.population.size)
    effects = (("own", cells.form.own, "k"), ("cross", cells.form.cross, partner))
    for name, rescaling, index in effects:
        if rescaling is not None and np.any(rescaling.multiplier):
            term = signed_rescaling(f"trace[{index}]", rescaling, name, refer, LIMIT)
            lines.append(f"t = saturate(t + {term}, {LIMIT});")
    return [*lines, "theta[k] = t;", f"out[k] = (uint8_t)({potential} > t);"]
