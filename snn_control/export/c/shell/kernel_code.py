"""C functions of kernels, from their Python source.

A kernel is a module-level function of numbers and one-dimensional arrays: annotations `int`,
`float` and `bool` are numbers, all others arrays. Its body may have assignments, `if`, `while`,
`for` over `range` or a tuple, arithmetic, comparisons, calls of other kernels and of `min`, `max`,
`abs`, `int`, `float`, `bool`, `math.floor`, `math.sqrt`, `math.copysign`, `math.isnan` and
`math.isfinite`. Global numbers become constants. Numbers are doubles and 32-bit integers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from snn_control.export.c.shell.expressions import HELPERS, Array, Expression
from snn_control.export.c.shell.kernel import Kernel

__all__ = ["KernelCode"]


class KernelCode:
    """C functions of kernels and of all that they call, each once for the lengths of its arrays.

    Args:
        prefix: prefix of their names.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._definitions: dict[str, str] = {}
        self._known: dict[Any, Kernel] = {}

    @property
    def definitions(self) -> str:
        """Definitions of all functions, in the order in which C needs them."""
        return "\n\n".join(self._definitions.values())

    def call(self, function: Callable[..., Any], arguments: list[Array | Expression]) -> str:
        """Return the C call of a kernel.

        Raises:
            ParameterError: it has no translation, or writes a constant array.
        """
        return self.translated(function, arguments).call(arguments)

    def helper(self, key: str) -> str:
        """Return the name of a helper, which is defined from then on."""
        name = f"{self._prefix}_{key}"
        self._definitions.setdefault(name, HELPERS[key].format(name))
        return name

    def translated(
        self, function: Callable[..., Any], arguments: list[Array | Expression]
    ) -> Kernel:
        """Return the translation of a kernel for the lengths of its arrays."""
        sizes = tuple(each.size if isinstance(each, Array) else None for each in arguments)
        if (function, sizes) not in self._known:
            kernel = Kernel(function, sizes, self)
            name, k = f"{self._prefix}_{function.__name__}", 2
            while name in self._definitions:
                name, k = f"{self._prefix}_{function.__name__}_{k}", k + 1
            kernel.name = name
            self._definitions[name] = kernel.definition()
            self._known[function, sizes] = kernel
        return self._known[function, sizes]
