"""Agreement of both engines, and proof that rounding causes each departure.

A spike is a comparison. Two engines that round float32 sums differently give different spikes when
a potential is within rounding of the threshold, and their states differ from then on. Such a
departure is accepted only if in float64 the potential of some neuron lies within `ROUNDING_ULPS` of
the threshold at the tick of the departure or the tick before. For two random ticks the probability
of that is 3e-4. In a closed loop only costs are compared, so the potential may come that close at
any tick, which happens in 2 to 5 % of all networks. In float64 no departure is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from snn_control.bench.workload import N_NEURONS, FloatArray, Genomes
from snn_control.errors import SnnControlError

AGREEMENT = 2e-6
"""Largest accepted difference of float32 outputs to the peer, relative to the peak output."""
AGREEMENT_TICKS = 1000
ROUNDING_ULPS = 4.0
"""Largest accepted distance to the threshold, units of 2**-23 (float32 spacing just above 1)."""
AGREEMENT_FLOAT64 = 1e-12


class Exact:
    """One network of the workload in float64, computed from the equations in `workload`."""

    def __init__(self, pool: Genomes, index: int) -> None:
        self._w_in, self._w_out = pool.w_in[index].astype(float), pool.w_out[index].astype(float)
        self._w_rec = None if pool.w_rec is None else pool.w_rec[index].astype(float)
        self._i = self._v = self._z = np.zeros(N_NEURONS)
        self._i_o = self.output = 0.0
        self.ulps = np.inf
        """Distance between the threshold and the closest potential of the last tick, ulps."""

    def step(self, x: FloatArray) -> float:
        """Advance one tick; return the output."""
        a = self._i + x.astype(float) @ self._w_in
        if self._w_rec is not None:
            a += self._z @ self._w_rec
        v = self._v + 0.1 * (a - self._v)
        self.ulps = float(np.abs(v - 1.0).min() * 2.0**23)
        self._z = (v > 1.0).astype(float)
        self._v, self._i = v * (1.0 - self._z), 0.8 * a
        j = self._i_o + self._z @ self._w_out
        self.output += 0.1 * (j - self.output)
        self._i_o = 0.8 * j
        return self.output


def compare(
    ours: FloatArray, theirs: FloatArray, pool: Genomes, inputs: FloatArray
) -> dict[str, Any]:
    """Compare float32 outputs of shape (n_networks, n_ticks) to the same inputs.

    Returns:
        Number of networks and of departing networks; the largest difference before a departure,
        relative to the peak; for each departure the network, the tick, and the distance of the
        closest potential to the threshold, ulps.
    """
    difference = np.abs(ours - theirs) / np.abs(theirs).max()
    departed = difference > AGREEMENT
    first = np.where(departed.any(axis=1), departed.argmax(axis=1), ours.shape[1])
    before = np.arange(ours.shape[1]) < first[:, None]
    departures = []
    for index in np.flatnonzero(departed.any(axis=1)).tolist():
        exact, closest = Exact(pool, index), []
        for x in inputs[: first[index] + 1]:
            exact.step(x)
            closest.append(exact.ulps)
        departures.append(_departure(index, first[index], min(closest[-2:])))
    return _summary(len(ours), float(difference[before].max()), departures)


def compare_costs(ours: FloatArray, theirs: FloatArray, closest: Iterable[Any]) -> dict[str, Any]:
    """Compare costs of closed loops, shape (n_networks,).

    Args:
        ours: costs of this package.
        theirs: costs of the peer.
        closest: for each network, a function that returns the smallest distance of a potential to
            the threshold in float64, ulps, and its tick.
    """
    difference = np.abs(ours - theirs) / np.abs(theirs).max()
    departed = difference > AGREEMENT
    departures = [
        _departure(index, *call()[::-1]) for index, call in enumerate(closest) if departed[index]
    ]
    return _summary(len(ours), float(difference[~departed].max(initial=0.0)), departures)


def require(measurement: str, agreement: dict[str, Any], peer: str = "Norse") -> None:
    """Raise an error unless both engines agree up to departures explained by rounding.

    Args:
        measurement: what is to be timed.
        agreement: result of `compare` or `compare_costs`.
        peer: name of the other engine.

    Raises:
        SnnControlError: the engines compute different results, so times cannot be compared.
    """
    for departure in agreement["departures"]:
        if not departure["ulps"] <= ROUNDING_ULPS:
            raise SnnControlError(
                f"{measurement}: network {departure['network']} departs from {peer} at tick "
                f"{departure['tick']}, where its closest potential is {departure['ulps']:.0f} ulps "
                f"from the threshold; rounding explains {ROUNDING_ULPS:.0f}. The engines compute "
                "different results, so their times cannot be compared"
            )
    if not agreement.get("largest_float64", 0.0) <= AGREEMENT_FLOAT64:
        raise SnnControlError(
            f"{measurement}: float64 outputs differ from {peer} by "
            f"{agreement['largest_float64']:.2g} of the peak; expected at most "
            f"{AGREEMENT_FLOAT64:.0e}. The engines compute different results, so their times "
            "cannot be compared"
        )
    if agreement["departing"] > max(1, agreement["networks"] / 20):
        raise SnnControlError(
            f"{measurement}: {agreement['departing']} of {agreement['networks']} networks depart "
            f"from {peer}; expected at most 5 % or one, because rounding rarely causes a departure"
        )


def _departure(network: Any, tick: Any, ulps: float) -> dict[str, Any]:
    return {"network": int(network), "tick": int(tick), "ulps": round(float(ulps), 2)}


def _summary(networks: int, largest: float, departures: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "networks": networks,
        "departing": len(departures),
        "largest": largest,
        "departures": departures,
    }
