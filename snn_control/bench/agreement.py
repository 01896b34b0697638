"""Check that both sides compute the same, and that rounding is why they part where they do.

A spike is a comparison. Two engines that round float32 sums differently give different spikes where
a potential comes within their rounding of the threshold, and part for good there. Such a departure
is accepted only with its proof: in float64 the potential of some neuron lies within `ROUNDING_ULPS`
of the threshold at the tick where the outputs part, or the tick before. For two ticks picked at
random that has a chance of 3e-4. Of a closed loop only costs are compared, so the potential may
come that close at any tick, as it does in 2 to 5 % of all networks. In float64 nothing may depart.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from snn_control.bench.workload import N_NEURONS, FloatArray, Genomes
from snn_control.errors import SnnControlError

AGREEMENT = 2e-6
"""Largest difference to the peer, relative to the peak output, for a float32 row to count."""
AGREEMENT_TICKS = 1000
ROUNDING_ULPS = 4.0
"""In units of 2**-23, the spacing of float32 just above the threshold of 1."""
AGREEMENT_FLOAT64 = 1e-12


class Exact:
    """One network of the workload in float64, from its equations; see `workload`."""

    def __init__(self, pool: Genomes, index: int) -> None:
        self._w_in, self._w_out = pool.w_in[index].astype(float), pool.w_out[index].astype(float)
        self._w_rec = None if pool.w_rec is None else pool.w_rec[index].astype(float)
        self._i = self._v = self._z = np.zeros(N_NEURONS)
        self._i_o = self.output = 0.0
        self.ulps = np.inf
        """Distance of the closest potential of the last tick to the threshold."""

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
        Number of networks and of those that depart; the largest difference relative to the peak up
        to the departure; for each departure network, tick, and how many ulps the closest potential
        is from the threshold then.
    """
    apart = np.abs(ours - theirs) / np.abs(theirs).max()
    parted = apart > AGREEMENT
    first = np.where(parted.any(axis=1), parted.argmax(axis=1), ours.shape[1])
    before = np.arange(ours.shape[1]) < first[:, None]
    departures = []
    for index in np.flatnonzero(parted.any(axis=1)).tolist():
        exact, closest = Exact(pool, index), []
        for x in inputs[: first[index] + 1]:
            exact.step(x)
            closest.append(exact.ulps)
        departures.append(_departure(index, first[index], min(closest[-2:])))
    return _summary(len(ours), float(apart[before].max()), departures)


def compare_costs(ours: FloatArray, theirs: FloatArray, closest: Iterable[Any]) -> dict[str, Any]:
    """Compare costs of closed loops, shape (n_networks,).

    Args:
        ours: costs.
        theirs: the peer's.
        closest: for every network a function that returns the closest approach of a potential to
            the threshold in float64, in ulps, and its tick.
    """
    apart = np.abs(ours - theirs) / np.abs(theirs).max()
    parted = apart > AGREEMENT
    departures = [
        _departure(index, *call()[::-1]) for index, call in enumerate(closest) if parted[index]
    ]
    return _summary(len(ours), float(apart[~parted].max(initial=0.0)), departures)


def require(what: str, agreement: dict[str, Any]) -> None:
    """Raise unless both sides agree up to departures that rounding explains.

    Raises:
        SnnControlError: otherwise; times would compare different things.
    """
    for departure in agreement["departures"]:
        if not departure["ulps"] <= ROUNDING_ULPS:
            raise SnnControlError(
                f"{what}: network {departure['network']} departs from Norse at tick "
                f"{departure['tick']}, where its closest potential is {departure['ulps']:.0f} ulps "
                f"from the threshold; rounding explains {ROUNDING_ULPS:.0f}. The engines compute "
                "different things, their times cannot be compared"
            )
    if not agreement.get("largest_float64", 0.0) <= AGREEMENT_FLOAT64:
        raise SnnControlError(
            f"{what}: in float64 outputs differ from Norse by {agreement['largest_float64']:.2g} "
            f"of the peak, expected {AGREEMENT_FLOAT64:.0e} at most: the engines compute different "
            "things, their times cannot be compared"
        )
    if agreement["departing"] > max(1, agreement["networks"] / 20):
        raise SnnControlError(
            f"{what}: {agreement['departing']} of {agreement['networks']} networks depart from "
            "Norse, expected 5 % or one at most; rounding should do that rarely"
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
