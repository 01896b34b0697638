"""Arrays passed to kernels by address instead of as arguments.

Numba spends about 40 ns on each array argument of a call, and does not support lists of arrays of a
foreign library.
"""

from __future__ import annotations

from typing import Any

from numba import carray
from numba.core import types
from numba.core.extending import intrinsic

from snn_control.compiled import kernel

Array = Any
_intrinsic: Any = intrinsic


@_intrinsic
def _pointer(typing_context: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    return types.voidptr(types.int64), generate


@kernel(forceinline=True)
def array_at(address: int, size: int, dtype: Any) -> Array:
    """Return the array of `size` numbers at an address; the caller keeps its memory alive."""
    return carray(_pointer(address), (size,), dtype)
