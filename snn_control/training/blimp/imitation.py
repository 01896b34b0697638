"""Open-loop imitation: agreement of a network's output with the PID's on sequences of errors.

Published fitness (Burgers, Stroobants and de Croon, 2023, arXiv:2309.12937): with MA the moving
average over 4 ticks,

    fit = mean |MA(y) - MA(target)| + 1 - r(MA(y), MA(target)).

MA hides chatter of periods 2 and 4 and most of period 3, so `imitation_cost` adds the same terms of
the raw output. The target of the P + D network has a slope of 1/18 beyond 15 motor units.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from snn_control.controllers.blimp.pid import PID, PIDConfig
from snn_control.controllers.controller import Controller
from snn_control.errors import ParameterError
from snn_control.network import Network

FloatArray = npt.NDArray[np.floating]
WINDOW = 4
COMPRESS_ABOVE = 15.0
COMPRESSION = 5.0 / 90.0


def pid_targets(errors: FloatArray, config: PIDConfig | None = None) -> dict[str, FloatArray]:
    """Return the imitation targets for a sequence of height errors in m, shape (n_ticks,).

    Returns:
        `pd` (compressed P + D) and `i`, motor units, each of shape (n_ticks,).
    """
    pid = PID(config)
    rows = []
    for error in errors:
        pid.step(np.array([error]))
        rows.append((pid.readouts["pd"], pid.readouts["i"]))
    pd, i = np.array(rows).T
    beyond = np.maximum(np.abs(pd) - COMPRESS_ABOVE, 0.0)
    return {"pd": pd - np.sign(pd) * beyond * (1.0 - COMPRESSION), "i": i}


def moving_average(values: FloatArray) -> FloatArray:
    """Average over 4 ticks along the last axis, shape (..., n_ticks - 3)."""
    sums = np.cumsum(values, axis=-1)
    sums[..., WINDOW:] = sums[..., WINDOW:] - sums[..., :-WINDOW]
    return sums[..., WINDOW - 1 :] / WINDOW


def correlation(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return Pearson's r along the last axis; 0 if one of the two is constant."""
    a = a - a.mean(axis=-1, keepdims=True)
    b = b - b.mean(axis=-1, keepdims=True)
    scale = np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    return np.divide((a * b).sum(axis=-1), scale, out=np.zeros_like(scale), where=scale > 1e-12)


def mae_and_r(outputs: FloatArray, targets: FloatArray) -> FloatArray:
    """Return mean absolute error plus 1 - r along the last axis."""
    return np.abs(outputs - targets).mean(axis=-1) + 1.0 - correlation(outputs, targets)


def published_fit(outputs: FloatArray, targets: FloatArray) -> FloatArray:
    """Return the published fitness along the last axis; 0 is perfect."""
    return mae_and_r(moving_average(outputs), moving_average(targets))


def imitation_cost(outputs: FloatArray, targets: FloatArray) -> FloatArray:
    """Return the published fitness plus its raw terms along the last axis; 0 is perfect."""
    return published_fit(outputs, targets) + mae_and_r(outputs, targets)


def pd_network(controller: Controller, name: str) -> Network:
    """Return the network of a controller that imitates P + D.

    Raises:
        ParameterError: the controller, called `name`, has none.
    """
    for network in controller.networks:
        named = [readout.name for readout in network.readouts]
        if network.inputs == ("height_error_m",) and "pd" in named:
            return network
    raise ParameterError(f"{name} has no network with a read-out `pd`: name an altitude model")
