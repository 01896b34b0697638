"""Access to flat arrays in kernels without index checks.

Numba tests every computed index for a negative value and has to assume that arrays overlap; both
prevent vectorisation. These accessors skip the test and mark each access with an alias scope: the
compiler may assume that `set_drive(drive, j, x)` does not change the result of
`get_weight(weights, k)`. An index of `engines.lanes` accesses several neighbouring entries at once.
Arrays must be one-dimensional and contiguous and indices in range; nothing is checked.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.extending import intrinsic

from snn_control.engines.lanes import LanesIndex, LanesType

_intrinsic: Any = intrinsic
_SCOPES = ("weights", "coefficients", "values", "memory", "drive", "active", "program", "counts")


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [index], inbounds=True)


def _as_lanes(builder: Any, pointer: Any, n: int) -> Any:
    return builder.bitcast(pointer, ir.VectorType(pointer.type.pointee, n).as_pointer())


def _mark(instruction: Any, module: Any, scope: str) -> None:
    domain = module.add_metadata([ir.MetaDataString(module, "snn_control")])
    nodes = {
        name: module.add_metadata([ir.MetaDataString(module, f"snn_control.{name}"), domain])
        for name in _SCOPES
    }
    others = [node for name, node in nodes.items() if name != scope]
    instruction.set_metadata("alias.scope", module.add_metadata([nodes[scope]]))
    instruction.set_metadata("noalias", module.add_metadata(others))


def _kinds(array: Any, index: Any) -> tuple[Any, Any, int]:
    """Return the types of value and index, and the number of lanes (0 for one element)."""
    if isinstance(index, LanesIndex):
        return LanesType(array.dtype, index.n), index, index.n
    return array.dtype, types.intp, 0


def _getter(scope: str) -> Any:
    @intrinsic
    def get(typing_context: Any, array: Any, index: Any) -> Any:
        kind, place, n = _kinds(array, index)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer = _pointer(context, builder, signature.args[0], *arguments)
            if n:
                pointer = _as_lanes(builder, pointer, n)
            value = builder.load(pointer, align=array.dtype.bitwidth // 8)
            _mark(value, builder.module, scope)
            return value

        return kind(array, place), generate

    return get


def _setter(scope: str) -> Any:
    @intrinsic
    def put(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
        kind, place, n = _kinds(array, index)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer = _pointer(context, builder, signature.args[0], *arguments[:2])
            if n:
                pointer = _as_lanes(builder, pointer, n)
            stored = builder.store(arguments[2], pointer, align=array.dtype.bitwidth // 8)
            _mark(stored, builder.module, scope)
            return context.get_dummy_value()

        return types.void(array, place, kind), generate

    return put


GROUP = 8
"""Number of sources that `list_group` processes at once."""
_POSITIONS = [[k for k in range(GROUP) if mask >> k & 1] for mask in range(1 << GROUP)]


def _positions_table(module: Any) -> Any:
    """Return the constant table of the positions of the set bits of every mask."""
    row = ir.ArrayType(ir.IntType(8), GROUP)
    table = ir.ArrayType(row, 1 << GROUP)
    name = "snn_control.positions"
    if name in module.globals:
        return module.globals[name]
    constant = ir.GlobalVariable(module, table, name)
    constant.linkage, constant.global_constant = "internal", True
    constant.initializer = ir.Constant(
        table, [ir.Constant(row, (p + [0] * GROUP)[:GROUP]) for p in _POSITIONS]
    )
    return constant


@_intrinsic
def list_group(
    typing_context: Any, values: Any, index: Any, active: Any, at: Any, first: Any
) -> Any:
    """Write `first + k` to `active[at:]` for each `values[index + k]` that is not 0, k < GROUP.

    All GROUP entries from `active[at]` are overwritten. Returns the number of valid ones.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds, (_, place, _, target, base) = signature.args, arguments
        i32, i64 = ir.IntType(32), ir.IntType(64)
        pointer = _pointer(context, builder, kinds[0], arguments[0], place)
        loaded = builder.load(_as_lanes(builder, pointer, GROUP), align=values.dtype.bitwidth // 8)
        _mark(loaded, builder.module, "values")
        differs = builder.fcmp_unordered("!=", loaded, ir.Constant(loaded.type, None))
        mask = builder.zext(builder.bitcast(differs, ir.IntType(GROUP)), i64)
        row = builder.gep(
            _positions_table(builder.module), [ir.Constant(i64, 0), mask], inbounds=True
        )
        bytes_ = ir.VectorType(ir.IntType(8), GROUP)
        positions = builder.load(builder.bitcast(row, bytes_.as_pointer()), align=1)
        indices = ir.VectorType(i32, GROUP)
        start = builder.insert_element(
            ir.Constant(indices, ir.Undefined), builder.trunc(base, i32), ir.Constant(i32, 0)
        )
        start = builder.shuffle_vector(
            start, ir.Constant(indices, ir.Undefined), ir.Constant(indices, None)
        )
        sources = builder.add(builder.zext(positions, indices), start)
        pointer = _pointer(context, builder, kinds[2], arguments[2], target)
        stored = builder.store(sources, _as_lanes(builder, pointer, GROUP), align=4)
        _mark(stored, builder.module, "active")
        return builder.ctpop(mask)

    signature = types.int64(values, types.intp, active, types.intp, types.intp)
    return signature, generate


get_weight = _getter("weights")
get_coefficient = _getter("coefficients")
get_value, set_value = _getter("values"), _setter("values")
get_memory, set_memory = _getter("memory"), _setter("memory")
get_drive, set_drive = _getter("drive"), _setter("drive")
get_active, set_active = _getter("active"), _setter("active")
get_program = _getter("program")
get_count, set_count = _getter("counts"), _setter("counts")
