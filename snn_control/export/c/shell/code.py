"""C code of the shell of a controller: kernels around its networks, in double precision."""

from __future__ import annotations

import numpy as np

from snn_control.export.c.literals import reals
from snn_control.export.c.names import identifiers
from snn_control.export.c.network_code import INDENT, indented
from snn_control.export.c.parts import Parts
from snn_control.export.c.shell.expressions import Array, Expression, constant
from snn_control.export.c.shell.kernel_code import KernelCode
from snn_control.network.program import Program
from snn_control.network.shell import KernelCall, Shell

__all__ = ["ShellCode"]


class ShellCode:
    """Source of a shell.

    Args:
        program: controller with a shell.
        shell: its shell.
        prefix: prefix of all names.
        parts: parts that depend on the numbers of the networks.

    Raises:
        ParameterError: a kernel has no translation.
    """

    def __init__(self, program: Program, shell: Shell, prefix: str, parts: Parts) -> None:
        self._program, self._shell, self._prefix, self._parts = program, shell, prefix, parts
        self._names = identifiers([*shell.state, *shell.constants])
        sizes = {
            "observation": len(program.observation_names),
            "orders": len(shell.orders),
            "signals": shell.n_signals,
            "readouts": program.n_network_readouts,
            "spikes": program.n_spiking,
            "actions": len(program.action_names),
        }
        self._buffers = {
            name: Array("counts" if name == "spikes" else name, max(n, 1), name)
            for name, n in sizes.items()
        }
        kernels = KernelCode(f"{prefix}_k")
        self._start = self._call(kernels, shell.start) if shell.start else ""
        self._before = self._call(kernels, shell.before)
        self._after = self._call(kernels, shell.after)
        self._functions = kernels.definitions

    def _call(self, kernels: KernelCode, call: KernelCall) -> str:
        """Return the C call of a kernel in a function with `state` and the buffers in scope."""
        return kernels.call(call.function, [self._argument(each) for each in call.arguments])

    def _argument(self, value: str | float) -> Array | Expression:
        if not isinstance(value, str):
            return constant(value)
        if value == "orders":
            return Array("state->orders", len(self._shell.orders), "orders")
        if value in self._buffers:
            return self._buffers[value]
        if value in self._shell.state:
            text = f"state->shell.{self._names[value]}"
            return Array(text, self._shell.state[value], value)
        return Array(self._table(value), int(np.size(self._shell.constants[value])))

    def _table(self, name: str) -> str:
        return f"{self._prefix}_c_{self._names[name]}"

    def functions(self) -> str:
        """Return the functions of all kernels."""
        return self._functions

    @property
    def tables(self) -> list[str]:
        """Definitions of the constant arrays."""
        return [
            f"static const double {self._table(name)}[{np.size(values)}] = {{\n"
            f"{reals(values, 'float64')}\n}};"
            for name, values in self._shell.constants.items()
        ]

    @property
    def members(self) -> str:
        """Members of the state."""
        lines = [
            f"{INDENT * 2}double {self._names[name]}[{size}];"
            for name, size in self._shell.state.items()
        ]
        kept = [f"{INDENT}struct {{", *lines, f"{INDENT}}} shell;"] if lines else []
        orders = len(self._shell.orders)
        return "\n".join([*kept, *([f"{INDENT}double orders[{orders}];"] if orders else [])])

    @property
    def start(self) -> list[str]:
        """Lines that set the state before the first tick, which is zeros."""
        lines = [
            f"state->orders[{k}] = {constant(order.default).text};"
            for k, order in enumerate(self._shell.orders)
            if order.default != 0.0
        ]
        return [*lines, f"{self._start};"] if self._start else lines

    def step(self, networks: list[str]) -> list[str]:
        """Return the lines of a tick around `networks`, the lines that step the networks."""
        called = {*self._shell.before.arguments, *self._shell.after.arguments}
        if self._parts.codes:
            called.add("signals")
        used = {
            name: array
            for name, array in self._buffers.items()
            if name != "orders" and name in called
        }
        lines = [f"double {array.text}[{array.size}] = {{0.0}};" for array in used.values()]
        if "observation" in used:
            lines += _for_all(used["observation"], "observation[k] = (double)in[k];")
        if self._gives_bool():
            lines += [f"if ({self._before}) {{", *indented(networks), "}"]
        else:
            lines += [f"{self._before};", *networks]
        if "readouts" in used:
            texts = enumerate(self._parts.readouts)
            lines += [f"readouts[{k}] = (double){text};" for k, text in texts]
        if "spikes" in used:
            lines += [
                f"uint16_t fired[{max(self._program.n_spiking, 1)}];",
                f"{self._prefix}_spikes(state, fired);",
                *_for_all(used["spikes"], "counts[k] = (double)fired[k];"),
            ]
        return [
            *lines,
            f"{self._after};",
            *_for_all(used["actions"], "out[k] = as_real(actions[k]);"),
        ]

    def _gives_bool(self) -> bool:
        function = self._shell.before.function
        python = getattr(function, "py_func", function)
        return str(python.__annotations__.get("return")) in ("bool", "<class 'bool'>")

    def readout_lines(self) -> list[str]:
        """Return the lines that write the named values of the last tick."""
        return [
            f"values[{k}] = as_real(state->shell.{self._names[array]}[{index}]);"
            for k, (array, index) in enumerate(self._shell.readouts.values())
        ]


def _for_all(array: Array, line: str) -> list[str]:
    return [f"for (uint32_t k = 0; k < {array.size}u; ++k) {line}"]
