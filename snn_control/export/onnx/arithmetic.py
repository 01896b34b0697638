"""Sums and products that leave out terms without effect; None stands for a tensor of zeros."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from snn_control.export.onnx.builder import Builder

__all__ = ["Tensor", "added", "bounded", "scaled", "selected", "settled_at", "weighted"]

Tensor = str | None
FloatArray = npt.NDArray[np.float64]


def added(builder: Builder, terms: Iterable[Tensor]) -> Tensor:
    """Return the sum of tensors from left to right."""
    total: Tensor = None
    for term in terms:
        if term is not None:
            total = term if total is None else builder.node("Add", total, term)
    return total


def scaled(builder: Builder, factors: FloatArray, tensor: Tensor) -> Tensor:
    """Return a tensor times a factor for each element."""
    if tensor is None or not factors.any():
        return None
    return (
        tensor if np.all(factors == 1.0) else builder.node("Mul", _short(builder, factors), tensor)
    )


def weighted(builder: Builder, tensor: Tensor, weights: FloatArray) -> Tensor:
    """Return a tensor of shape (n,) times a matrix (n, m), or times factors of shape (n,)."""
    if tensor is None or not weights.any():
        return None
    if weights.ndim == 2 and len(weights) > 1:
        return builder.node("MatMul", tensor, builder.constant(weights))
    return builder.node("Mul", tensor, builder.constant(weights.ravel()))


def bounded(builder: Builder, tensor: str, low: FloatArray, high: FloatArray) -> str:
    """Return a tensor within bounds, which may be infinite."""
    if np.any(low > -np.inf):
        tensor = builder.node("Max", tensor, _short(builder, low))
    return builder.node("Min", tensor, _short(builder, high)) if np.any(high < np.inf) else tensor


def selected(builder: Builder, tensor: str, size: int, indices: Iterable[int]) -> str:
    """Return elements of a tensor of shape (size,)."""
    chosen = list(indices)
    if chosen == list(range(size)):
        return tensor
    return builder.node("Gather", tensor, builder.constant(chosen, np.int64))


def settled_at(builder: Builder, tensor: Tensor, decay: FloatArray) -> Tensor:
    """Return the steady state of `x = decay x + tensor`; 0 for a perfect integrator."""
    leaky = decay < 1.0
    if tensor is not None and decay.any():
        tensor = builder.node("Div", tensor, builder.constant(np.where(leaky, 1.0 - decay, 1.0)))
    return scaled(builder, leaky.astype(np.float64), tensor)


def _short(builder: Builder, values: FloatArray) -> str:
    """Return a constant of one element if all are equal."""
    return builder.constant(values[:1] if np.all(values == values[0]) else values)
