"""C99 header and source of a controller: one step for all networks and the shell around them.

The caller owns the state; nothing is allocated, and no function of the mathematical library is
called. Equal inputs give the bits of `NativeEngine` of the same precision, or of `IntegerProgram`;
the source refuses compiler modes that would change them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snn_control.engines.integer.formats import InputFormat
from snn_control.engines.integer.program import ProgramFormat, program_format
from snn_control.engines.integer.quantise import BITS
from snn_control.errors import ParameterError
from snn_control.export.c.float_parts import float_parts
from snn_control.export.c.header import c_header
from snn_control.export.c.integer.arithmetic import helper_functions
from snn_control.export.c.integer.parts import integer_parts
from snn_control.export.c.literals import REAL
from snn_control.export.c.names import check_prefix
from snn_control.export.c.network_code import INDENT, NetworkCode, indented, loop
from snn_control.export.c.parts import Parts
from snn_control.export.c.shell.code import ShellCode
from snn_control.network.program import Program
from snn_control.network.shell import Order

__all__ = ["PRECISIONS", "CSource", "c_source", "layout_of"]

PRECISIONS = (*REAL, *BITS)
"""Numbers of a source: `float32`, `float64`, or integers named by the bits of a weight."""
MOST_SUB_TICKS = 2**16 - 1
"""Largest number of sub-ticks: spikes are counted in 16 bits."""


@dataclass(frozen=True)
class CSource:
    """Source of a controller."""

    prefix: str
    """Prefix of all names, and stem of the files."""
    precision: str
    """One of `PRECISIONS`."""
    header: str
    """Content of `PREFIX.h`."""
    source: str
    """Content of `PREFIX.c`."""
    form: ProgramFormat | None = None
    """Program in integers, for a precision of integers."""


def layout_of(program: Program, precision: str) -> str:
    """Return precision and lengths of the arrays of a tick."""
    lengths = {
        "in": program.observation_names,
        "out": program.action_names,
        "orders": program.orders,
        "readouts": program.readout_names,
    }
    texts = [f"{len(names)} {name}" for name, names in lengths.items()]
    return ", ".join([precision, *texts, f"{program.n_spiking} spiking"])


def c_source(
    program: Program,
    prefix: str,
    precision: str,
    model_sha256: str = "",
    inputs: Sequence[InputFormat] | None = None,
) -> CSource:
    """Return the source of a controller.

    Args:
        program: controller as plain data.
        prefix: C identifier.
        precision: one of `PRECISIONS`.
        model_sha256: hash of the model's document, 64 hexadecimal digits or empty.
        inputs: format of each entry of the observation, for integers; see `program_format`.

    Raises:
        ParameterError: a wrong prefix or precision, a kernel without translation, or see
            `program_format`.
    """
    check_prefix(prefix)
    if precision not in PRECISIONS:
        raise ParameterError(f"precision is {precision!r}; expected one of {', '.join(PRECISIONS)}")
    _require_parts(program)
    form = None
    if precision in BITS:
        form = program_format(program, BITS[precision], inputs)
        parts = integer_parts(form, prefix)
    else:
        parts = float_parts(program, prefix, precision)
    shell = None
    if program.shell is not None:
        shell = ShellCode(program, program.shell, prefix, parts)
    return CSource(
        prefix,
        precision,
        c_header(program, prefix, precision, parts, shell),
        _source(program, prefix, precision, parts, shell, model_sha256),
        form,
    )


def _require_parts(program: Program) -> None:
    if not program.action_names:
        raise ParameterError("a controller without actions has no C")
    for network in program.networks:
        if not network.populations or network.sub_ticks > MOST_SUB_TICKS:
            raise ParameterError(
                f"network {network.name!r}: expected a population, and at most {MOST_SUB_TICKS} "
                "sub-ticks"
            )


def _source(
    program: Program, prefix: str, precision: str, parts: Parts, shell: ShellCode | None,
    model_sha256: str,
) -> str:  # fmt: skip
    upper, codes = prefix.upper(), parts.codes
    functions = [code.functions() for code in codes] + ([shell.functions()] if shell else [])
    initial = "\n".join(
        f"{INDENT}{{\n{INDENT * 2}{code.prefix}_state *const s = &state->n{k};\n"
        f"{code.initial()}\n{INDENT}}}"
        for k, code in enumerate(codes)
        if code.initial()
    )
    start = _lines(shell.start if shell else [])
    tick, spikes = _lines(_tick(program, parts, shell)), _lines(_spikes(codes))
    values = _lines(_values(parts, shell))
    tables = [table for code in codes for table in code.tables.definitions]
    tables += shell.tables if shell else []
    helpers = helper_functions("\n".join([*functions, tick, spikes, values]))
    texts = {"model_sha256": model_sha256, "layout": layout_of(program, precision)}
    named = [f'const char {prefix}_{name}[] = "{text}";' for name, text in texts.items()]
    blocks = [parts.preamble, "\n".join(named), *tables]
    before = "\n\n".join(block for block in [*blocks, helpers, *functions] if block)
    return f"""#include "{prefix}.h"

{before}

void {prefix}_init({prefix}_state *state)
{{
    uint8_t *const bytes = (uint8_t *)state;
    for (uint32_t k = 0; k < (uint32_t)sizeof *state; ++k) bytes[k] = 0;
{initial}
    state->fresh = 1;
{start}}}

int {prefix}_step({prefix}_state *state, const {prefix}_input in[{upper}_N_IN],
{" " * (len(prefix) + 10)}{prefix}_output out[{upper}_N_OUT])
{{
{parts.refusal}{tick}    return {upper}_OK;
}}

{_orders(program.orders, prefix)}\
void {prefix}_readouts(const {prefix}_state *state, {prefix}_output values[])
{{
    (void)state;
    (void)values;
{values}}}

void {prefix}_spikes(const {prefix}_state *state, uint16_t counts[])
{{
    (void)state;
    (void)counts;
{spikes}}}

{parts.functions}uint32_t {prefix}_state_bytes(void)
{{
    return (uint32_t)sizeof({prefix}_state);
}}
"""


def _lines(lines: list[str]) -> str:
    """Return lines of a function, each with its end."""
    return "".join(f"{INDENT}{line}\n" for line in lines)


def _tick(program: Program, parts: Parts, shell: ShellCode | None) -> list[str]:
    """Return the lines from the inputs of a tick to its outputs."""
    networks = [*_steps(program, parts), "state->fresh = 0;"]
    return shell.step(networks) if shell else [*networks, *parts.sums]


def _values(parts: Parts, shell: ShellCode | None) -> list[str]:
    """Return the lines that write the named values of the last tick."""
    if shell:
        return shell.readout_lines()
    return [f"values[{k}] = {text};" for k, text in enumerate(parts.readouts)]


def _orders(orders: tuple[Order, ...], prefix: str) -> str:
    """Return the function that takes the additional inputs."""
    if not orders:
        return ""
    upper = prefix.upper()
    nan = ", ".join(str(int(order.may_be_nan)) for order in orders)
    return f"""int {prefix}_take_orders({prefix}_state *state, const real orders[{upper}_N_ORDERS])
{{
    static const uint8_t may_be_nan[{upper}_N_ORDERS] = {{{nan}}};
    for (uint32_t k = 0; k < {upper}_N_ORDERS; ++k) {{
        const real zero = orders[k] - orders[k];
        if (!(zero == 0) && !(may_be_nan[k] && orders[k] != orders[k])) return {upper}_NOT_FINITE;
    }}
    for (uint32_t k = 0; k < {upper}_N_ORDERS; ++k) state->orders[k] = (double)orders[k];
    return {upper}_OK;
}}

"""


def _steps(program: Program, parts: Parts) -> list[str]:
    """Return the lines that advance all networks."""
    lines = []
    for k, (code, feed) in enumerate(zip(parts.codes, program.feeds, strict=True)):
        network = code.network
        values = ", ".join(parts.feeds[index] for index in feed)
        lines += [
            "{",
            f"    {code.prefix}_state *const s = &state->n{k};",
            f"    const {code.input_number} x[{len(feed)}] = {{{values}}};",
        ]
        if code.counts:
            lines += indented(loop(network.n_spiking, ["s->spikes[k] = 0;"]))
        if code.settles:
            lines.append(f"    if (state->fresh) {code.prefix}_settle(s, x);")
        tick = [f"{code.prefix}_tick(s, x);", *(code.count_lines() if code.counts else [])]
        if network.sub_ticks > 1:
            tick = loop(network.sub_ticks, tick, "t")
        lines += [*indented(tick), "}"]
    return lines


def _spikes(codes: tuple[NetworkCode, ...]) -> list[str]:
    """Return the lines that copy the spikes of all networks."""
    lines, first = [], 0
    for k, code in enumerate(codes):
        if code.network.n_spiking:
            state = f"    const {code.prefix}_state *const s = &state->n{k};"
            lines += ["{", state, *indented(code.spike_lines(first)), "}"]
        first += code.network.n_spiking
    return lines
