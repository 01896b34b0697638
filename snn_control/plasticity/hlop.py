"""Hebbian learning of subspaces, and orthogonal projection that protects them (HLOP).

Lateral weights H, shape (k, n), of k neurons on a layer's inputs x, shape (batch, n), learn the
leading subspace of x by the subspace rule of Oja with momentum:

    y = x H^T,   dH = clip(y^T (x - y H) / batch, +-10),   M <- 0.9 M + 0.1 dH,   H <- H + rate M

Rows of earlier tasks are frozen but take part in y H, so that new rows learn the remainder. In
later tasks a weight matrix W on x learns from projected inputs only,

    dW = -rate_W error^T (x - x P^T P)    with P the rows of earlier tasks,

which leaves W v unchanged for every v in the span of P. Source: M. Xiao, Q. Meng, Z. Zhang, D. He
and Z. Lin, Hebbian learning based orthogonal projection for continual learning of spiking neural
networks, ICLR 2024, arXiv:2402.11984. Spiking lateral neurons: `levels` bounds y to +-20 and
quantises it in steps of 20 / levels.

Differences to the source: `protect` makes the rows of a finished task orthonormal, which keeps
their span (the source leaves them approximately orthonormal), and new rows are refused when the
inputs have no free dimension left: a layer whose inputs are all protected learns nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.plasticity.optional_kernel import kernel

__all__ = ["CHANGE_LIMIT", "KEPT", "RESPONSE_LIMIT", "HebbianProjection", "extract", "project"]

FloatArray = npt.NDArray[np.float64]

CHANGE_LIMIT = 10.0
"""Largest magnitude of an entry of dH."""
KEPT = 0.9
"""Decay factor of the momentum per update."""
RESPONSE_LIMIT = 20.0
"""Largest magnitude of the response of a spiking lateral neuron."""
_DEPENDENT = 1e-6
"""Norm of the remainder of a row of about unit length below which it adds no dimension."""


@kernel(nogil=True)
def extract(
    lateral: Any, momentum: Any, inputs: Any, n_frozen: int, rate: float, levels: int, work: Any
) -> None:
    """Update lateral weights by one batch in place.

    Args:
        lateral: H, shape (k, n).
        momentum: M, shape (k, n).
        inputs: x, shape (batch, n).
        n_frozen: number of leading rows that keep their weights and momentum.
        rate: learning rate per update.
        levels: levels of a response of one sign, 0 for responses without bound and quantisation.
        work: memory, shape (k + 1, batch + n) or larger; its content is overwritten.
    """
    k, n = lateral.shape
    batch = inputs.shape[0]
    # work: columns from 0 on, y^T; from batch on, dH, and in the last row the remainder x - y H.
    for r in range(k):
        for i in range(n):
            work[r, batch + i] = 0.0
        for b in range(batch):
            y = 0.0
            for i in range(n):
                y += lateral[r, i] * inputs[b, i]
            if levels > 0:
                y = min(max(y, -RESPONSE_LIMIT), RESPONSE_LIMIT)
                y = math.floor(y * levels / RESPONSE_LIMIT + 0.5) * RESPONSE_LIMIT / levels
            work[r, b] = y
    for b in range(batch):
        for i in range(n):
            work[k, batch + i] = inputs[b, i]
        for r in range(k):
            for i in range(n):
                work[k, batch + i] -= work[r, b] * lateral[r, i]
        for r in range(n_frozen, k):
            for i in range(n):
                work[r, batch + i] += work[r, b] * work[k, batch + i]
    for r in range(n_frozen, k):
        for i in range(n):
            change = min(max(work[r, batch + i] / batch, -CHANGE_LIMIT), CHANGE_LIMIT)
            momentum[r, i] = KEPT * momentum[r, i] + (1.0 - KEPT) * change
            lateral[r, i] += rate * momentum[r, i]


@kernel(nogil=True)
def project(lateral: Any, n_protected: int, inputs: Any, projected: Any) -> None:
    """Write inputs without their part in the protected subspace to `projected`.

    Args:
        lateral: H, shape (k, n).
        n_protected: number of leading rows that are protected.
        inputs: x, shape (batch, n).
        projected: x - x P^T P, shape (batch, n).
    """
    n = inputs.shape[1]
    for b in range(inputs.shape[0]):
        for i in range(n):
            projected[b, i] = inputs[b, i]
        for r in range(n_protected):
            y = 0.0
            for i in range(n):
                y += lateral[r, i] * inputs[b, i]
            for i in range(n):
                projected[b, i] -= y * lateral[r, i]


class HebbianProjection:
    """Lateral weights of one layer over several tasks.

    Args:
        n: number of inputs of the layer.
        seed: seed of the initial weights of new rows.
        rate: learning rate of `learn` per update.
        levels: levels of spiking lateral neurons, see `extract`; 0: neurons with real responses.

    Raises:
        ParameterError: out of range.
    """

    def __init__(self, n: int, *, seed: int = 0, rate: float = 0.01, levels: int = 0) -> None:
        if n < 1 or levels < 0 or not 0.0 < rate < math.inf:
            raise ParameterError(
                f"n {n}, rate {rate:g}, levels {levels}: expected n and rate above 0, levels of at "
                "least 0"
            )
        self.lateral: FloatArray = np.zeros((0, n))
        """Lateral weights H, shape (k, n)."""
        self.n_protected = 0
        """Number of leading rows that are protected."""
        self._momentum: FloatArray = np.zeros((0, n))
        self._rate, self._levels = rate, levels
        self._random = np.random.default_rng(seed)

    @property
    def free_rank(self) -> int:
        """Number of input dimensions that no row takes."""
        n = self.lateral.shape[1]
        return n - (int(np.linalg.matrix_rank(self.lateral)) if len(self.lateral) else 0)

    @property
    def orthonormality_error(self) -> float:
        """Largest singular value of H H^T - I; 0 without rows."""
        if not len(self.lateral):
            return 0.0
        gram = self.lateral @ self.lateral.T
        return float(np.linalg.norm(gram - np.eye(len(gram)), 2))

    def add(self, rows: int) -> None:
        """Add rows for a new task, orthonormal to each other and to all others.

        Args:
            rows: number of rows, at least 1.

        Raises:
            ParameterError: fewer free dimensions; nothing is changed.
        """
        free = self.free_rank
        if not 1 <= rows <= free:
            remedy = (
                f"expected 1 to {free}"
                if free
                else "no dimension is left for a further task; widen the layer"
            )
            raise ParameterError(
                f"{rows} new rows for {self.lateral.shape[1]} inputs, {free} of them free: {remedy}"
            )
        drawn = self._random.standard_normal((rows, self.lateral.shape[1]))
        new = _orthonormal(self.lateral, drawn)
        self.lateral = np.ascontiguousarray(np.vstack([self.lateral, new]))
        self._momentum = np.vstack([self._momentum, np.zeros_like(new)])

    def learn(self, inputs: FloatArray, updates: int = 5) -> None:
        """Update the rows of the present task by a batch.

        Args:
            inputs: inputs of the layer, for spikes their weighted rates, shape (batch, n).
            updates: number of updates by this batch.

        Raises:
            ParameterError: a wrong shape, or not finite; nothing is changed.
        """
        batch = self._checked(inputs)
        k, n = self.lateral.shape
        work = np.zeros((k + 1, len(batch) + n))
        for _ in range(updates):
            extract(
                self.lateral, self._momentum, batch, self.n_protected, self._rate, self._levels,
                work,
            )  # fmt: skip

    def protect(self) -> None:
        """Protect the rows of the present task; rows that add no dimension are removed."""
        old = self.lateral[: self.n_protected]
        new = _orthonormal(old, self.lateral[self.n_protected :])
        self.lateral = np.ascontiguousarray(np.vstack([old, new]))
        self._momentum = np.zeros_like(self.lateral)
        self.n_protected = len(self.lateral)

    def apply(self, inputs: FloatArray) -> FloatArray:
        """Return inputs without their part in the protected subspace, shape (batch, n).

        Raises:
            ParameterError: a wrong shape, or not finite.
        """
        batch = self._checked(inputs)
        projected = np.empty_like(batch)
        project(self.lateral, self.n_protected, batch, projected)
        return projected

    def _checked(self, inputs: FloatArray) -> FloatArray:
        batch = np.ascontiguousarray(inputs, np.float64)
        n = self.lateral.shape[1]
        if batch.ndim != 2 or batch.shape[1] != n or not batch.size:
            raise ParameterError(f"inputs of shape {batch.shape}; expected (batch, {n})")
        if not np.isfinite(batch).all():
            raise ParameterError("inputs: expected finite numbers")
        return batch


def _orthonormal(base: FloatArray, rows: FloatArray) -> FloatArray:
    """Return orthonormal rows with the span of `rows`, orthogonal to `base`.

    Args:
        base: linearly independent rows.
        rows: rows of about unit length; dependent ones are left out.
    """
    basis = np.linalg.qr(base.T)[0].T
    kept: list[FloatArray] = []
    for row in rows:
        remainder = row
        for _ in range(2):  # the second round removes the rounding error of the first
            remainder = remainder - (remainder @ basis.T) @ basis
        norm = float(np.linalg.norm(remainder))
        if norm > _DEPENDENT:
            kept.append(remainder / norm)
            basis = np.vstack([basis, kept[-1]])
    return np.array(kept).reshape(-1, rows.shape[1])
