"""Parts of a C source in floating point, with the bits of `NativeEngine` of its precision."""

from __future__ import annotations

from snn_control.export.c.float_code import FloatCode
from snn_control.export.c.network_code import NetworkCode
from snn_control.export.c.parts import Parts
from snn_control.network.program import Program

__all__ = ["float_parts", "readouts_of"]

_PREAMBLE = """#if defined(__FAST_MATH__)
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
    kind, upper = "float" if precision == "float32" else "double", prefix.upper()
    readouts = readouts_of(codes)
    return Parts(
        codes=codes,
        types=f"typedef {kind} {prefix}_real;\ntypedef {prefix}_real {prefix}_input;\n"
        f"typedef {prefix}_real {prefix}_output;",
        input_notes=program.observation_names,
        output_notes=program.action_names,
        declarations="",
        preamble=f"{_PREAMBLE}typedef {prefix}_real real;",
        refusal=f"""    for (uint32_t k = 0; k < {upper}_N_IN; ++k) {{
        const real zero = in[k] - in[k];
        if (!(zero == 0)) return {upper}_NOT_FINITE;
    }}
""",
        inputs=tuple(f"in[{k}]" for k in range(len(program.observation_names))),
        sums=tuple(
            f"out[{action}] = {' + '.join(readouts[index] for index in indices) or '0'};"
            for action, indices in enumerate(program.sums)
        ),
        functions="",
    )


def readouts_of(codes: tuple[NetworkCode, ...]) -> list[str]:
    """Return the expressions of all read-outs from `state`."""
    return [
        code.readout(k).replace("s->", f"state->n{n}.")
        for n, code in enumerate(codes)
        for k in range(len(code.network.readouts))
    ]
