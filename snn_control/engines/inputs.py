"""Shape checks of engine inputs; inputs of a wrong shape are refused, not broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.network import Network


def tick_inputs(inputs: npt.ArrayLike, network: Network) -> npt.NDArray[Any]:
    """Return the inputs of one tick as an array, shape (n_inputs,).

    Raises:
        ParameterError: the inputs have another shape.
    """
    array = np.asarray(inputs)
    if array.shape != (len(network.inputs),):
        raise _shape_error(array.shape, "(n_inputs,)", network)
    return array


def run_inputs(inputs: npt.ArrayLike, network: Network, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return the inputs of many ticks as an array in C order, shape (n_ticks, n_inputs).

    Raises:
        ParameterError: the inputs have another shape.
    """
    array = np.ascontiguousarray(inputs, dtype)
    if array.ndim != 2 or array.shape[1] != len(network.inputs):
        raise _shape_error(np.shape(inputs), "(n_ticks, n_inputs)", network)
    return array


def population_inputs(
    inputs: npt.ArrayLike, network: Network, n_networks: int, dtype: npt.DTypeLike
) -> npt.NDArray[Any]:
    """Return inputs of a population, shape (1 or n_networks, n_ticks, n_inputs).

    Inputs without the first axis apply to all networks.

    Raises:
        ParameterError: the inputs have another shape.
    """
    array = np.ascontiguousarray(inputs, dtype)
    rows = array[None] if array.ndim == 2 else array
    fits = rows.ndim == 3 and rows.shape[0] in (1, n_networks)
    if not fits or rows.shape[2] != len(network.inputs):
        raise _shape_error(array.shape, f"([1 or {n_networks},] n_ticks, n_inputs)", network)
    return rows


def check_batch(shape: tuple[int, ...], network: Network) -> None:
    """Refuse a batch whose shape is not (n_ticks, batch, n_inputs).

    Raises:
        ParameterError: the batch has another shape.
    """
    if len(shape) != 3 or shape[2] != len(network.inputs):
        raise _shape_error(tuple(shape), "(n_ticks, batch, n_inputs)", network)


def _shape_error(shape: tuple[int, ...], expected: str, network: Network) -> ParameterError:
    n = len(network.inputs)
    return ParameterError(
        f"inputs of shape {shape} for network {network.name!r}; expected {expected} "
        f"with n_inputs = {n}: {', '.join(network.inputs)}"
    )
