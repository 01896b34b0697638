"""Forward model of a motion along one axis, learned from its prediction errors.

    z' = v,   v' = k p(t) + b - drag(v) v

with position z (m), speed v (m/s), modelled push p of the actuators by the commands that were sent
(between 0 and 1), and two parameters to learn: gain k (m/s^2) and bias b (m/s^2). A hypothesis is a
row of `SIZE` numbers, several of them follow each other in one array. Its mean is advanced by the
vehicle's own model; this module has the rest, as pure functions on such a row at `at`:

- `spread` and `correct`: extended Kalman filter. The covariance takes the interval of h seconds in
  one step, without drag, with the mean push p of the interval,

      F = [[1, h, h^2 p / 2, h^2 / 2], [0, 1, h p, h], [0, 0, 1, 0], [0, 0, 0, 1]],
      Q = h diag(0, speed_walk^2, gain_walk^2, bias_walk^2),

  and the position is measured. Parameters that do not learn keep mean and variance, while their
  uncertainty still counts for z and v (S. Schmidt 1966, consider filter).
- `correct_locally`: fixed gains, two multiplications per learned number, for a neural substrate:

      z += l_z y,   v += l_v y r,   b += l_b y r,   k += l_k y r p,   r = h / h_nominal

  a delta rule on the prediction error y, as PES with the features 1 and p (D. MacNeil and C.
  Eliasmith, PLoS ONE 6 (2011) e22885, doi:10.1371/journal.pone.0022885).

A shadow of each hypothesis is its state at the last measurement that was certainly fresh, advanced
without corrections since then: what a frozen sensor taught can be withdrawn.
"""

from __future__ import annotations

from typing import Any

from snn_control.plasticity.optional_kernel import kernel

__all__ = [
    "BIAS",
    "GAIN",
    "POSITION",
    "SHADOW",
    "SIZE",
    "SPEED",
    "VARIANCE",
    "correct",
    "correct_locally",
    "mirror_gain",
    "relocate",
    "spread",
    "start",
]

POSITION, SPEED, GAIN, BIAS = range(4)
"""Indices of the mean in a row."""
VARIANCE = 4
"""Index of the upper triangle of the covariance, row by row, 10 numbers."""
ZZ, ZV, ZK, ZB, VV, VK, VB, KK, KB, BB = range(VARIANCE, VARIANCE + 10)
SHADOW = VARIANCE + 10
"""Index of position, speed, gain and bias of the shadow."""
SIZE = SHADOW + 4
"""Length of a row."""


@kernel(nogil=True)
def start(
    row: Any, at: int, position_m: float, gain: float, bias: float, sd_m: float, sd_m_s: float,
    sd_gain: float, sd_bias: float,
) -> None:  # fmt: skip
    """Start a hypothesis at a measured position, at rest.

    Args:
        row: array of the hypotheses.
        at: index of the first number of this one.
        position_m: measured position, m.
        gain: gain, m/s^2.
        bias: bias, m/s^2.
        sd_m: standard deviation of the position, m.
        sd_m_s: that of the speed, m/s.
        sd_gain: that of the gain, m/s^2.
        sd_bias: that of the bias, m/s^2.
    """
    for k in range(SIZE):
        row[at + k] = 0.0
    row[at + POSITION], row[at + GAIN], row[at + BIAS] = position_m, gain, bias
    row[at + ZZ], row[at + VV] = sd_m * sd_m, sd_m_s * sd_m_s
    row[at + KK], row[at + BB] = sd_gain * sd_gain, sd_bias * sd_bias
    for k in range(4):
        row[at + SHADOW + k] = row[at + k]


@kernel(nogil=True)
def mirror_gain(row: Any, at: int) -> None:
    """Change the sign of the gain of a hypothesis, with its covariances and its shadow."""
    row[at + GAIN], row[at + SHADOW + GAIN] = -row[at + GAIN], -row[at + SHADOW + GAIN]
    row[at + ZK], row[at + VK], row[at + KB] = -row[at + ZK], -row[at + VK], -row[at + KB]


@kernel(nogil=True)
def spread(
    row: Any, at: int, h: float, push: float, speed_walk: float, gain_walk: float, bias_walk: float
) -> None:
    """Advance the covariance by an interval; random walks are zero without learning.

    Args:
        row: array of the hypotheses.
        at: index of this one.
        h: interval, s.
        push: mean push in it.
        speed_walk: random walk of the speed, m/s per root second.
        gain_walk: that of the gain, m/s^2 per root second.
        bias_walk: that of the bias, m/s^2 per root second.
    """
    g = 0.5 * h * h
    vk, vb, kk = row[at + VK], row[at + VB], row[at + KK]
    kb, bb = row[at + KB], row[at + BB]
    # Rows z and v of F P, then times the columns of F.
    z_v = row[at + ZV] + h * row[at + VV] + g * (push * vk + vb)
    z_k = row[at + ZK] + h * vk + g * (push * kk + kb)
    z_b = row[at + ZB] + h * vb + g * (push * kb + bb)
    z_z = row[at + ZZ] + h * row[at + ZV] + g * (push * row[at + ZK] + row[at + ZB])
    v_v = row[at + VV] + h * (push * vk + vb)
    v_k = vk + h * (push * kk + kb)
    v_b = vb + h * (push * kb + bb)
    row[at + ZZ] = z_z + h * z_v + g * (push * z_k + z_b)
    row[at + ZV] = z_v + h * (push * z_k + z_b)
    row[at + ZK], row[at + ZB] = z_k, z_b
    row[at + VV] = v_v + h * (push * v_k + v_b) + h * speed_walk * speed_walk
    row[at + VK], row[at + VB] = v_k, v_b
    row[at + KK] = kk + h * gain_walk * gain_walk
    row[at + BB] = bb + h * bias_walk * bias_walk


@kernel(nogil=True)
def correct(
    row: Any, at: int, measured_m: float, sd_m: float, learns: float, gain_limit: float,
    bias_limit: float,
) -> None:  # fmt: skip
    """Correct a hypothesis by a measured position.

    Args:
        row: array of the hypotheses.
        at: index of this one.
        measured_m: measured position, m.
        sd_m: standard deviation of its noise, m.
        learns: 1 to correct the parameters as well, 0 to keep them.
        gain_limit: largest magnitude of the gain, m/s^2.
        bias_limit: that of the bias, m/s^2.
    """
    zz, zv, zk, zb = row[at + ZZ], row[at + ZV], row[at + ZK], row[at + ZB]
    s = zz + sd_m * sd_m
    y = measured_m - row[at + POSITION]
    g_z, g_v, g_k, g_b = zz / s, zv / s, learns * zk / s, learns * zb / s
    row[at + POSITION] += g_z * y
    row[at + SPEED] += g_v * y
    row[at + GAIN] = min(max(row[at + GAIN] + g_k * y, -gain_limit), gain_limit)
    row[at + BIAS] = min(max(row[at + BIAS] + g_b * y, -bias_limit), bias_limit)
    # Any gains g: P - g c' - c g' + g s g', with c the first column of P.
    row[at + ZZ] = zz - g_z * zz
    row[at + ZV] = zv - g_z * zv
    row[at + ZK] = zk - g_z * zk
    row[at + ZB] = zb - g_z * zb
    row[at + VV] -= g_v * zv
    row[at + VK] -= g_v * zk
    row[at + VB] -= g_v * zb
    row[at + KK] -= g_k * zk
    row[at + KB] -= learns * (zk / s) * zb
    row[at + BB] -= g_b * zb


@kernel(nogil=True)
def correct_locally(
    row: Any, at: int, measured_m: float, push: float, ratio: float, rates: Any, learns: float,
    gain_limit: float, bias_limit: float,
) -> None:  # fmt: skip
    """Correct a hypothesis by a measured position with fixed gains.

    Args:
        row: array of the hypotheses.
        at: index of this one.
        measured_m: measured position, m.
        push: mean push since the last measurement.
        ratio: time since the last measurement over the nominal one.
        rates: gains of position, speed, gain and bias, shape (4,).
        learns: 1 to correct the parameters as well, 0 to keep them.
        gain_limit: largest magnitude of the gain, m/s^2.
        bias_limit: that of the bias, m/s^2.
    """
    y = measured_m - row[at + POSITION]
    learned = learns * y * ratio
    row[at + POSITION] += rates[POSITION] * y
    row[at + SPEED] += rates[SPEED] * y * ratio
    gain = row[at + GAIN] + rates[GAIN] * learned * push
    bias = row[at + BIAS] + rates[BIAS] * learned
    row[at + GAIN] = min(max(gain, -gain_limit), gain_limit)
    row[at + BIAS] = min(max(bias, -bias_limit), bias_limit)


@kernel(nogil=True)
def relocate(row: Any, at: int, measured_m: float, sd_m: float, sd_m_s: float) -> None:
    """Move a hypothesis to a measured position after a time without measurements.

    Speed and parameters keep their means; the position is known to `sd_m`, the speed to `sd_m_s`.
    """
    row[at + POSITION] = measured_m
    row[at + ZZ], row[at + VV] = sd_m * sd_m, sd_m_s * sd_m_s
    for k in (ZV, ZK, ZB, VK, VB):
        row[at + k] = 0.0
