"""Parts of a C source in integers, with the bits of `IntegerProgram`."""

from __future__ import annotations

import math

from snn_control.engines.integer.arithmetic import LIMIT
from snn_control.engines.integer.formats import InputFormat
from snn_control.engines.integer.program import ProgramFormat
from snn_control.export.c.float_parts import REFUSAL, float_preamble, float_types
from snn_control.export.c.integer.code import IntegerCode
from snn_control.export.c.literals import integers, real, reals
from snn_control.export.c.parts import Parts, readouts_of

__all__ = ["integer_parts"]


def integer_parts(form: ProgramFormat, prefix: str) -> Parts:
    """Return the parts of a program in integers; a shell around the networks stays in double.

    Args:
        form: program in integers.
        prefix: prefix of all names.
    """
    program = form.program
    codes = tuple(IntegerCode(each, f"{prefix}_n{k}") for k, each in enumerate(form.networks))
    if program.shell is not None:
        return _shell_parts(form, codes, prefix)
    return Parts(
        codes=codes,
        types=f"typedef int16_t {prefix}_input;\ntypedef int32_t {prefix}_output;",
        preamble="",
        refusal="",
        feeds=tuple(
            f"(int16_t)saturate(in[{k}], {each.largest})" for k, each in enumerate(form.inputs)
        ),
        readouts=tuple(readouts_of(codes)),
        sums=_sums(form, codes),
        input_units=tuple(f"multiples of {each.lsb:.9g}" for each in form.inputs),
        output_units=_multiples(form.exponents),
        readout_units=_multiples(form.readout_exponents),
        declarations=_declarations(prefix),
        functions=_quantise(form.inputs, prefix)
        + _unit_table(prefix, "output", form.exponents)
        + _unit_table(prefix, "readout", form.readout_exponents),
    )


def _shell_parts(form: ProgramFormat, codes: tuple[IntegerCode, ...], prefix: str) -> Parts:
    """Return the parts with inputs and outputs in single precision."""
    pairs = zip(readouts_of(codes), form.readout_exponents, strict=True)
    return Parts(
        codes=codes,
        types=float_types(prefix, "float32"),
        preamble=float_preamble(prefix, "float32"),
        refusal=REFUSAL.format(upper=prefix.upper()),
        feeds=tuple(
            f"quantised(signals[{k}], {real(each.lsb, 'float64')}, {each.largest})"
            for k, each in enumerate(form.inputs)
        ),
        readouts=tuple(
            f"((double){text} * {real(2.0**-exponent, 'float64')})" for text, exponent in pairs
        ),
    )


def _multiples(exponents: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(f"multiples of 2^{-exponent}" for exponent in exponents)


def _sums(form: ProgramFormat, codes: tuple[IntegerCode, ...]) -> tuple[str, ...]:
    lines, readouts = [], readouts_of(codes)
    for action, indices in enumerate(form.program.sums):
        total = "0"
        for k, index in enumerate(indices):
            down = form.readout_exponents[index] - form.exponents[action]
            term = readouts[index]
            if down > 0:
                term = f"rescale({term}, 1u, {down}u, {LIMIT})"
            elif down < 0:
                term = f"({term} ? {min(2**-down, LIMIT)} : 0)"
            total = f"saturate({total} + {term}, {LIMIT})" if k else term
        lines.append(f"out[{action}] = {total};")
    return tuple(lines)


def _declarations(prefix: str) -> str:
    upper = prefix.upper()
    return f"""/* Convert a number to input `index`: the nearest multiple of its unit, saturated.
 * Returns {upper}_OK, or {upper}_NOT_FINITE or {upper}_NO_INPUT; *input is then unchanged. */
int {prefix}_quantise(float value, uint32_t index, {prefix}_input *input);

/* Values of a unit of each output, and of each named value. */
extern const float {prefix}_output_units[];
extern const float {prefix}_readout_units[];

"""


def _unit_table(prefix: str, name: str, exponents: tuple[int, ...]) -> str:
    units = reals([2.0**-exponent for exponent in exponents], "float32")
    return f"const float {prefix}_{name}_units[] = {{\n{units}\n}};\n\n"


def _quantise(inputs: tuple[InputFormat, ...], prefix: str) -> str:
    upper = prefix.upper()
    exact = all(math.frexp(each.lsb)[0] == 0.5 and each.lsb > 2.0**-100 for each in inputs)
    kind, precision = ("float", "float32") if exact else ("double", "float64")
    units = reals([1.0 / each.lsb if exact else each.lsb for each in inputs], precision)
    quotient = "value * units[index]" if exact else "(double)value / units[index]"
    limits = integers([each.largest for each in inputs])
    return f"""int {prefix}_quantise(float value, uint32_t index, {prefix}_input *input)
{{
    static const {kind} units[{upper}_N_IN] = {{
{units}
    }};
    static const int16_t limits[{upper}_N_IN] = {{
{limits}
    }};
    const float zero = value - value;
    if (!(zero == 0)) return {upper}_NOT_FINITE;
    if (index >= {upper}_N_IN) return {upper}_NO_INPUT;
    {{
        const {kind} number = {quotient};
        const {kind} size = number < 0 ? -number : number;
        const int32_t limit = limits[index];
        int32_t whole = size < ({kind})limit ? (int32_t)size : limit;
        if (whole < limit && size - ({kind})whole >= ({kind})0.5) ++whole;
        *input = (int16_t)(number < 0 ? -whole : whole);
    }}
    return {upper}_OK;
}}

"""
