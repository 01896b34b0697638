"""Parts of a C source in floating point, with the bits of `NativeEngine` of its precision."""

from __future__ import annotations

from snn_control.export.c.float_code import FloatCode
from snn_control.export.c.parts import Parts, readouts_of
from snn_control.network.program import Program

__all__ = ["REFUSAL", "float_parts", "float_preamble", "float_types"]

REFUSAL = """    for (uint32_t k = 0; k < {upper}_N_IN; ++k) {{
        const real zero = in[k] - in[k];
        if (!(zero == 0)) return {upper}_NOT_FINITE;
    }}
"""
_GUARDS = """#if defined(__FAST_MATH__)
#error "-ffast-math changes the results"
#endif
#if defined(__GNUC__) && !defined(__clang__) && !defined(__STRICT_ANSI__) && \\
    !defined(SNN_CONTROL_NO_CONTRACTION)
#error "use -std=c99, or -ffp-contract=off with SNN_CONTROL_NO_CONTRACTION defined"
#endif
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#error "intermediate results of a higher precision change the results"
#endif
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

"""


_AS_REAL = {
    "float64": """
static real as_real(double x)
{
    return x;
}""",
    "float32": """
static real as_real(double x)
{
    const double largest = 0x1.fffffep+127;
    return x > largest ? (real)largest : x < -largest ? (real)-largest : (real)x;
}""",
}
"""Conversion from the shell to the networks; numbers out of range become the largest ones."""


def float_preamble(prefix: str, shell_precision: str = "") -> str:
    """Return the checks of the compiler, the type `real`, and its conversion for a shell."""
    return f"{_GUARDS}typedef {prefix}_real real;\n{_AS_REAL.get(shell_precision, '')}".rstrip()


def float_types(prefix: str, precision: str) -> str:
    """Return the type definitions of the header."""
    kind = "float" if precision == "float32" else "double"
    return (
        f"typedef {kind} {prefix}_real;\ntypedef {prefix}_real {prefix}_input;\n"
        f"typedef {prefix}_real {prefix}_output;"
    )


def float_parts(program: Program, prefix: str, precision: str) -> Parts:
    """Return the parts of a program.

    Args:
        program: controller as plain data.
        prefix: prefix of all names.
        precision: `float32` or `float64`.
    """
    codes = tuple(
        FloatCode(network, f"{prefix}_n{k}", precision)
        for k, network in enumerate(program.networks)
    )
    readouts = readouts_of(codes)
    feed = "as_real(signals[{}])" if program.shell else "in[{}]"
    return Parts(
        codes=codes,
        types=float_types(prefix, precision),
        preamble=float_preamble(prefix, precision if program.shell else ""),
        refusal=REFUSAL.format(upper=prefix.upper()),
        feeds=tuple(feed.format(k) for k in range(program.n_signals)),
        readouts=tuple(readouts),
        sums=tuple(
            f"out[{action}] = {' + '.join(readouts[index] for index in indices) or '0'};"
            for action, indices in enumerate(program.sums)
        ),
    )
