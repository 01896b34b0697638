"""Format of `eval/place.npz`, the data of the report sections on place recognition."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from snn_control.errors import RunError

PLACE_FILE = Path("eval") / "place.npz"
CURVES = ("precision", "recall")

# By prefix: type of the data (u8: bytes, empty: any number) and axes; equal letters, equal sizes.
_GROUPS = {
    "similarity": {
        "similarity": ("u8", "LQP"),
        "similarity_length": ("", "L"),
        "similarity_range": ("", "L2"),
        "similarity_query": ("", "Q"),
        "similarity_place": ("", "P"),
        "similarity_truth": ("", "Q"),
        "similarity_block": ("", "2"),
    },
    "strip": {
        "strip_images": ("u8", "K3hw"),
        "strip_query": ("", "K"),
        "strip_answer": ("", "K"),
        "strip_truth": ("", "K"),
        "strip_probability": ("", "K"),
        "strip_known": ("", "K"),
        "strip_length": ("", ""),
    },
    "module": {
        "module_places": ("", "2M"),
        "module_mean": ("", "2M"),
        "module_spread": ("", "2M"),
        "module_wins": ("", "2M"),
        "module_due": ("", "M"),
    },
}
_HINT = "run the study again"


def check_place(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Check the arrays of the file; whole groups of them are optional.

    Raises:
        RunError: a missing array, or a wrong type or shape.
    """
    for group, expected in _GROUPS.items():
        if any(key.split("_")[0] == group for key in arrays):
            _check_group(path, arrays, expected)
    for key in arrays:
        kind, *rest = key.split(":")
        if kind not in CURVES:
            continue
        other = ":".join([CURVES[kind == CURVES[0]], *rest])
        if len(rest) != 2 or not rest[1].isdecimal() or other not in arrays:
            raise RunError(f"{path}: {key} has no {other} beside it; {_HINT}")
        if arrays[key].ndim != 1 or arrays[key].shape != arrays[other].shape:
            raise RunError(f"{path}: {key} and {other} have different lengths; {_HINT}")
        _check_numbers(path, key, arrays[key])


def curves_of(arrays: dict[str, np.ndarray]) -> tuple[list[str], list[int]]:
    """Return the methods, in the order of the file, and the lengths with curves."""
    names = [key.split(":")[1:] for key in arrays if key.startswith(f"{CURVES[0]}:")]
    methods = list(dict.fromkeys(method for method, _ in names))
    return methods, sorted({int(length) for _, length in names})


def _check_group(
    path: Path, arrays: dict[str, np.ndarray], expected: dict[str, tuple[str, str]]
) -> None:
    sizes = {"2": 2, "3": 3}
    for key, (kind, axes) in expected.items():
        if key not in arrays:
            raise RunError(f"{path} lacks {key}; {_HINT}")
        array = arrays[key]
        fits = array.ndim == len(axes) and all(
            sizes.setdefault(axis, n) == n for axis, n in zip(axes, array.shape, strict=True)
        )
        if not fits:
            shape = ", ".join(str(sizes.get(axis, axis)) for axis in axes)
            raise RunError(f"{path}: {key} has shape {array.shape}, expected ({shape}); {_HINT}")
        if kind == "u8" and array.dtype != np.uint8:
            raise RunError(f"{path}: {key} is {array.dtype}, expected uint8; {_HINT}")
        _check_numbers(path, key, array)


def _check_numbers(path: Path, key: str, array: np.ndarray) -> None:
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise RunError(f"{path}: {key}: expected finite numbers; {_HINT}")
