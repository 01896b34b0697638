"""Recurrent altitude controller of one GRU layer: the network adapts by its state, not its weights.

The size follows the policy of J. Eschmann, D. Albani and G. Loianno, RAPTOR: a foundation policy
for quadrotor control, arXiv:2509.11481: at most 2100 parameters, which one network keeps for all
vehicles.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller

__all__ = ["HIDDEN", "N_INPUTS", "GRUController", "n_multiplications", "n_parameters"]

FloatArray = npt.NDArray[np.float64]

HIDDEN = 23
"""Cells of the layer."""
N_INPUTS = 4
ERROR_M, RATE_M_S, COMMAND, HEIGHT_M = 0.5, 0.5, 5.0, 1.0
"""Scales of the inputs: height error, its rate of change, last command, reference less 1 m."""
FULL = 10.0
"""Largest command, motor units."""


class GRUController(Controller):
    """Altitude controller with fixed weights.

    Args:
        weights: arrays by the names of `torch.nn.GRUCell` (`weight_ih`, `weight_hh`, `bias_ih`,
            `bias_hh`), and `weight_out`, shape (1, HIDDEN), and `bias_out`, shape (1,).
    """

    observation_names = ("height_error_m", "height_ref_m", "dt_s")
    action_names = ("motor_command",)
    control_period_s = 0.1

    def __init__(self, weights: Mapping[str, npt.ArrayLike]) -> None:
        arrays = {name: np.asarray(value, np.float64) for name, value in weights.items()}
        self._w_in, self._w_hidden = arrays["weight_ih"], arrays["weight_hh"]
        self._b_in, self._b_hidden = arrays["bias_ih"], arrays["bias_hh"]
        self._w_out, self._b_out = arrays["weight_out"][0], float(arrays["bias_out"][0])
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Set the state to 0."""
        self._hidden = np.zeros(HIDDEN)
        self._error_m: float | None = None
        self._command = 0.0

    def _step(self, observation: FloatArray) -> FloatArray:
        error_m, reference_m, dt_s = observation.tolist()
        before_m = error_m if self._error_m is None else self._error_m
        rate_m_s = (error_m - before_m) / dt_s if dt_s > 0.0 else 0.0
        inputs = np.array(
            [
                error_m / ERROR_M,
                rate_m_s / RATE_M_S,
                self._command / COMMAND,
                (reference_m - 1.0) / HEIGHT_M,
            ]
        )
        driven = self._w_in @ inputs + self._b_in
        kept = self._w_hidden @ self._hidden + self._b_hidden
        gates = 1.0 / (1.0 + np.exp(-(driven[: 2 * HIDDEN] + kept[: 2 * HIDDEN])))
        reset, update = gates[:HIDDEN], gates[HIDDEN:]
        new = np.tanh(driven[2 * HIDDEN :] + reset * kept[2 * HIDDEN :])
        self._hidden = new + update * (self._hidden - new)
        self._error_m = error_m
        self._command = FULL * float(np.tanh(self._w_out @ self._hidden + self._b_out))
        return np.array([self._command])

    @property
    def readouts(self) -> dict[str, float]:
        """No read-outs."""
        return {}


def n_parameters() -> int:
    """Return the number of weights and biases."""
    return 3 * HIDDEN * (N_INPUTS + HIDDEN + 2) + HIDDEN + 1


def n_multiplications() -> int:
    """Return the multiplications of a control tick, without those inside exp and tanh."""
    return 3 * HIDDEN * (N_INPUTS + HIDDEN) + 2 * HIDDEN + HIDDEN
