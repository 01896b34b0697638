"""Reads and writes of the flat arrays in kernels, without index checks.

Numba tests every computed index for being negative, and cannot know that two arrays do not overlap;
both keep the compiler from vectorising. These accessors skip the test and carry the name of the
array as an alias scope: `set_drive(drive, j, x)` never touches what `get_weight(weights, k)` reads.
Arrays must be one-dimensional and contiguous, indices inside; nothing is checked.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.extending import intrinsic

_intrinsic: Any = intrinsic
_SCOPES = ("weights", "coefficients", "values", "memory", "drive", "active", "program", "counts")


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [index], inbounds=True)


def _mark(instruction: Any, module: Any, scope: str) -> None:
    domain = module.add_metadata([ir.MetaDataString(module, "snn_control")])
    nodes = {
        name: module.add_metadata([ir.MetaDataString(module, f"snn_control.{name}"), domain])
        for name in _SCOPES
    }
    others = [node for name, node in nodes.items() if name != scope]
    instruction.set_metadata("alias.scope", module.add_metadata([nodes[scope]]))
    instruction.set_metadata("noalias", module.add_metadata(others))


def _getter(scope: str) -> Any:
    @intrinsic
    def get(typing_context: Any, array: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            value = builder.load(_pointer(context, builder, signature.args[0], *arguments))
            _mark(value, builder.module, scope)
            return value

        return array.dtype(array, types.intp), generate

    return get


def _setter(scope: str) -> Any:
    @intrinsic
    def put(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer = _pointer(context, builder, signature.args[0], *arguments[:2])
            _mark(builder.store(arguments[2], pointer), builder.module, scope)
            return context.get_dummy_value()

        return types.void(array, types.intp, array.dtype), generate

    return put


LANES = 16
"""Values that `active_mask` looks at in one go."""


@_intrinsic
def active_mask(typing_context: Any, values: Any, index: Any) -> Any:
    """Bit k of the result tells whether `values[index + k]` is not 0, for k < LANES."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], *arguments)
        element = pointer.type.pointee
        vector = ir.VectorType(element, LANES)
        loaded = builder.load(builder.bitcast(pointer, vector.as_pointer()))
        loaded.align = context.get_abi_sizeof(element)
        _mark(loaded, builder.module, "values")
        differs = builder.fcmp_unordered("!=", loaded, ir.Constant(vector, None))
        return builder.zext(builder.bitcast(differs, ir.IntType(LANES)), ir.IntType(64))

    return types.int64(values, types.intp), generate


@_intrinsic
def trailing_zeros(typing_context: Any, mask: Any) -> Any:
    """Position of the lowest set bit of a mask that is not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


get_weight = _getter("weights")
get_coefficient = _getter("coefficients")
get_value, set_value = _getter("values"), _setter("values")
get_memory, set_memory = _getter("memory"), _setter("memory")
get_drive, set_drive = _getter("drive"), _setter("drive")
get_active, set_active = _getter("active"), _setter("active")
get_program = _getter("program")
get_count, set_count = _getter("counts"), _setter("counts")
