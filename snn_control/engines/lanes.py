"""Vectors of neighbouring array entries as single values in kernels.

`lanes(array, k)` and `block(array, k)` are indices like the integer `k`, but refer to the 64 or 256
bytes of the array that begin at `k`. For them the accessors of `flat_access` return a `Lanes`
value; `+ - *` and the functions below act on each of its entries as on a plain number. Each
equation is thus written once, for whole vectors and for remaining single entries. The compiler
splits the vectors into registers of the processor.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import PrimitiveModel, register_default
from numba.core.extending import intrinsic, lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature

Intrinsic = Any
_intrinsic: Any = intrinsic

LANES_BYTES, BLOCK_BYTES = 64, 256


class LanesType(types.Type):  # type: ignore[misc]
    """Type of a vector of `n` numbers."""

    def __init__(self, dtype: Any, n: int) -> None:
        self.dtype, self.n = dtype, n
        super().__init__(name=f"Lanes({dtype} x {n})")


class LanesIndex(types.Type):  # type: ignore[misc]
    """Numba type of an index to `n` adjacent entries."""

    def __init__(self, n: int) -> None:
        self.n = n
        super().__init__(name=f"LanesIndex({n})")


@register_default(LanesType)
class _LanesModel(PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: LanesType) -> None:
        element = manager.lookup(kind.dtype).get_value_type()
        super().__init__(manager, kind, ir.VectorType(element, kind.n))


@register_default(LanesIndex)
class _IndexModel(PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: LanesIndex) -> None:
        super().__init__(manager, kind, ir.IntType(64))


def _indexer(n_bytes: int) -> Intrinsic:
    @intrinsic
    def index(typing_context: Any, array: Any, k: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return arguments[1]

        return LanesIndex(n_bytes * 8 // array.dtype.bitwidth)(array, types.intp), generate

    return index


def _counter(n_bytes: int) -> Intrinsic:
    @intrinsic
    def count(typing_context: Any, array: Any) -> Any:
        n = n_bytes * 8 // array.dtype.bitwidth

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return context.get_constant(types.intp, n)

        return types.intp(array), generate

    return count


lanes, lane_count = _indexer(LANES_BYTES), _counter(LANES_BYTES)
block, block_count = _indexer(BLOCK_BYTES), _counter(BLOCK_BYTES)


def _broadcast(builder: Any, value: Any, n: int) -> Any:
    """Broadcast a number to all lanes."""
    vector = ir.VectorType(value.type, n)
    first = builder.insert_element(
        ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
    )
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), n), None)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)


def _arithmetic(symbol: Callable[..., Any], instruction: str) -> None:
    @infer_global(symbol)
    class Template(AbstractTemplate):  # type: ignore[misc]
        def generic(self, args: Any, kws: Any) -> Any:
            lanes_right = len(args) == 2 and isinstance(args[1], LanesType)
            if lanes_right and args[0] in (args[1], args[1].dtype):
                return signature(args[1], *args)
            return None

    def lower(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        left, right = arguments
        if not isinstance(sig.args[0], LanesType):
            left = _broadcast(builder, left, sig.return_type.n)
        return getattr(builder, instruction)(left, right)

    lower_builtin(symbol, LanesType, LanesType)(lower)
    lower_builtin(symbol, types.Float, LanesType)(lower)


_arithmetic(operator.add, "fadd")
_arithmetic(operator.sub, "fsub")
_arithmetic(operator.mul, "fmul")


@infer_global(operator.add)
class _ShiftedIndex(AbstractTemplate):  # type: ignore[misc]
    def generic(self, args: Any, kws: Any) -> Any:
        index_right = len(args) == 2 and isinstance(args[1], LanesIndex)
        if index_right and isinstance(args[0], types.Integer):
            return signature(args[1], types.intp, args[1])
        return None


@lower_builtin(operator.add, types.Integer, LanesIndex)
def _shift_index(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
    return builder.add(*arguments)


@_intrinsic
def zero_like(typing_context: Any, x: Any) -> Any:
    """Return 0 in the type of `x`."""

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return ir.Constant(arguments[0].type, None if isinstance(x, LanesType) else 0.0)

    return x(x), generate


@_intrinsic
def above(typing_context: Any, x: Any, limit: Any) -> Any:
    """Return 1 where `x` > `limit`, else 0, in the type of `x`."""

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        one = ir.Constant(kind, [1.0] * x.n if isinstance(x, LanesType) else 1.0)
        zero = ir.Constant(kind, None if isinstance(x, LanesType) else 0.0)
        return builder.select(builder.fcmp_ordered(">", *arguments), one, zero)

    return x(x, x), generate


@_intrinsic
def where_positive(typing_context: Any, x: Any, chosen: Any, other: Any) -> Any:
    """Return `chosen` where `x` > 0, else `other`."""

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        zero = ir.Constant(arguments[0].type, None if isinstance(x, LanesType) else 0.0)
        return builder.select(builder.fcmp_ordered(">", arguments[0], zero), *arguments[1:])

    return x(x, x, x), generate


def _extreme(comparison: str) -> Intrinsic:
    @intrinsic
    def extreme(typing_context: Any, x: Any, y: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            a, b = arguments
            keep = builder.or_(
                builder.fcmp_ordered(comparison, a, b), builder.fcmp_unordered("uno", a, a)
            )
            return builder.select(keep, a, b)

        return x(x, x), generate

    return extreme


larger, smaller = _extreme(">="), _extreme("<=")
"""Larger (smaller) of two values; NaN if one of them is NaN, as in NumPy."""
