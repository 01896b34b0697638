"""Assignment of neurons to places, and the scores of the places.

Standard assignment: a neuron is assigned to the place with its highest mean spike count in
training, the lower of equal ones; -1 if it never spiked. The score of a place v is the mean of the
spikes c_n of its neurons N_v for the query image,

    s_v = (1 / |N_v|) sum over n in N_v of c_n.

Weighted assignment: with c_n(v) training spikes of neuron n on place v, all neurons with a fraction
q = c_n(v) / sum_u c_n(u) above 0.1 are assigned to v; K_n is the number of places that neuron n
spiked on,

    s_v = (sum over N_v of q c_n / K_n) (sum over those in N_v that fired of c_n(v))
          / (sum over N_v of c_n(v)),

without the division by K_n if K_n is below 2 % of the number of places.

Arrays of scores have one column per place, also for places without neurons, whose score is
`missing`; so column indices are place numbers. Sources: arXiv:2209.08723 and arXiv:2109.06452, the
latter for the weights, and github.com/QVPR/VPRSNN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError

__all__ = [
    "LEAST_PLACES",
    "LEAST_SHARE",
    "UNASSIGNED",
    "assign",
    "scores",
    "spikes_by_place",
    "weighted_scores",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LEAST_SHARE = 0.1
"""Fraction of a neuron's training spikes above which it is assigned to a place."""
LEAST_PLACES = 0.02
"""Fraction of all places from which a neuron's spikes are divided by the number of its places."""
UNASSIGNED = -1
"""Place of a neuron that never spiked."""


def spikes_by_place(counts: npt.ArrayLike, places: npt.ArrayLike, n_places: int) -> FloatArray:
    """Return the sums of training spikes c_n(v), shape (n_places, n).

    Args:
        counts: spikes of each neuron in each presentation, shape (presentations, n).
        places: place of each presentation, 0 to n_places - 1, shape (presentations,).
        n_places: number of places.

    Raises:
        ParameterError: wrong shapes, or a place out of range.
    """
    spikes, shown = _checked(counts, places, n_places)
    totals = np.zeros((n_places, spikes.shape[1]))
    np.add.at(totals, shown, spikes)
    return totals


def assign(counts: npt.ArrayLike, places: npt.ArrayLike, n_places: int) -> IntArray:
    """Return the place of each neuron, -1 for none, shape (n,); arguments as in `spikes_by_place`.

    Raises:
        ParameterError: wrong shapes, or a place out of range.
    """
    _, shown = _checked(counts, places, n_places)
    totals = spikes_by_place(counts, places, n_places)
    times = np.bincount(shown, minlength=n_places)[:, np.newaxis]
    means = np.divide(totals, times, out=np.zeros_like(totals), where=times > 0)
    best = np.argmax(means, axis=0)  # first of equal maxima
    return np.where(means.max(axis=0) > 0.0, best, UNASSIGNED)


def scores(
    responses: npt.ArrayLike, assigned: npt.ArrayLike, n_places: int, missing: float = 0.0
) -> FloatArray:
    """Return the mean response of the neurons of each place, shape (images, n_places).

    Args:
        responses: response of each neuron to each image, shape (images, n).
        assigned: place of each neuron, -1 for none, shape (n,).
        n_places: number of places.
        missing: score of a place without neurons.

    Raises:
        ParameterError: wrong shapes, or a place out of range.
    """
    x, owner = np.asarray(responses, np.float64), np.asarray(assigned)
    if x.ndim != 2 or owner.shape != x.shape[1:]:
        raise ParameterError(
            f"responses of shape {x.shape} and assigned of shape {owner.shape}; expected "
            "(images, n) and (n,)"
        )
    if np.any((owner < UNASSIGNED) | (owner >= n_places)):
        raise ParameterError(
            f"assigned places {owner.min()} to {owner.max()}; expected -1 to {n_places - 1}"
        )
    member = owner == np.arange(n_places)[:, np.newaxis]
    size = member.sum(axis=1)
    result = np.full((len(x), n_places), missing)
    assigned_places = size > 0
    result[:, assigned_places] = (x @ member.T)[:, assigned_places] / size[assigned_places]
    return result


def weighted_scores(
    responses: npt.ArrayLike, learnt: npt.ArrayLike, missing: float = 0.0
) -> FloatArray:
    """Return the scores with the weighted assignment, shape (images, n_places).

    Args:
        responses: spikes of each neuron to each image, shape (images, n).
        learnt: result of `spikes_by_place`, shape (n_places, n).
        missing: score of a place without neurons.

    Raises:
        ParameterError: wrong shapes.
    """
    x, c = np.asarray(responses, np.float64), np.asarray(learnt, np.float64)
    if x.ndim != 2 or c.ndim != 2 or x.shape[1] != c.shape[1]:
        raise ParameterError(
            f"responses of shape {x.shape} and learnt of shape {c.shape}; expected (images, n) and "
            "(n_places, n)"
        )
    total = c.sum(axis=0)
    fraction = np.divide(c, total, out=np.zeros_like(c), where=total > 0.0)
    n_learnt = (c > 0.0).sum(axis=0)
    many = n_learnt >= max(LEAST_PLACES * len(c), 1.0)
    weights = np.where(fraction > LEAST_SHARE, fraction, 0.0)
    assigned_spikes = np.where(fraction > LEAST_SHARE, c, 0.0)
    evidence = (x / np.where(many, n_learnt, 1)) @ weights.T
    totals = assigned_spikes.sum(axis=1)
    result = np.full((len(x), len(c)), missing)
    some = totals > 0.0
    fired = (x > 0.0).astype(np.float64) @ assigned_spikes.T
    result[:, some] = evidence[:, some] * fired[:, some] / totals[some]
    return result


def _checked(
    counts: npt.ArrayLike, places: npt.ArrayLike, n_places: int
) -> tuple[FloatArray, IntArray]:
    spikes, shown = np.asarray(counts, np.float64), np.asarray(places)
    if spikes.ndim != 2 or shown.shape != spikes.shape[:1]:
        raise ParameterError(
            f"counts of shape {spikes.shape} and places of shape {shown.shape}; expected "
            "(presentations, n) and (presentations,)"
        )
    if np.any((shown < 0) | (shown >= n_places)):
        raise ParameterError(f"places {shown.min()} to {shown.max()}; expected 0 to {n_places - 1}")
    return spikes, shown.astype(np.int64)
