"""Plugin of pytest: the kernels of networks in plain Python, with `NUMBA_DISABLE_JIT=1`.

The accessors of `flat_access`, `lanes` and `addresses` exist only in compiled code. Here an index
of several lanes is an array of positions, and a vector of lanes is an array of numbers.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from snn_control import addresses
from snn_control.engines import flat_access, lanes


def _get(array: Any, index: Any) -> Any:
    return array[index]


def _set(array: Any, index: Any, value: Any) -> None:
    array[index] = value


def _list_group(values: Any, index: int, active: Any, at: int, first: int) -> int:
    positions = np.flatnonzero(values[index : index + flat_access.GROUP])
    active[at : at + flat_access.GROUP] = first
    active[at : at + len(positions)] += positions.astype(active.dtype)
    return len(positions)


def _count(n_bytes: int) -> Any:
    return lambda array: n_bytes // array.itemsize


def _index(n_bytes: int) -> Any:
    return lambda array, k: k + np.arange(n_bytes // array.itemsize)


def _array_at(address: Any, size: Any, dtype: Any) -> Any:
    memory = (ctypes.c_byte * (int(size) * np.dtype(dtype).itemsize)).from_address(int(address))
    return np.frombuffer(memory, dtype)


_PARTS: dict[Any, dict[str, Any]] = {
    flat_access: {
        name: _get if name.startswith("get_") else _set
        for name in vars(flat_access)
        if name.startswith(("get_", "set_"))
    }
    | {"list_group": _list_group},
    lanes: {
        "lanes": _index(lanes.LANES_BYTES),
        "lane_count": _count(lanes.LANES_BYTES),
        "block": _index(lanes.BLOCK_BYTES),
        "block_count": _count(lanes.BLOCK_BYTES),
        "zero_like": lambda x: np.zeros_like(x)[()],
        "above": lambda x, limit: (x > limit) * np.ones_like(x),
        "where_positive": lambda x, chosen, other: np.asarray(np.where(x > 0, chosen, other))[()],
        "larger": np.maximum,
        "smaller": np.minimum,
    },
    addresses: {"array_at": _array_at},
}
np.seterr(all="ignore")  # as compiled code
for _module, _replaced in _PARTS.items():
    vars(_module).update(_replaced)
