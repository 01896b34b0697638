"""Two visits to the same places, an image a place: from files, or drawn by Route-v0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.training.place.evaluation import Visit

_LENGTH_M = 1200.0


@dataclass(frozen=True)
class Sights:
    """A map's images, and a visit that asks."""

    mapped: npt.NDArray[np.uint8]
    """One a place, in the order of the route, (n, h, w)."""
    visit: Visit


def read_sights(reference: str, query: str, select: str) -> Sights:
    """Read two visits.

    Args:
        reference: a folder of images, or FILE.npz:ARRAY; empty, with `query`: Route-v0.
        query: likewise, as many images.
        select: boolean array FILE.npz:ARRAY of those to take; empty: all.

    Raises:
        ParameterError: other numbers of images, or files that cannot be read.
    """
    if not reference:
        return _drawn()
    mapped, asked = _images(reference), _images(query)
    if len(mapped) != len(asked):
        raise ParameterError(
            f"{len(mapped)} images in {reference}, {len(asked)} in {query}; expected image k of "
            "both to show place k"
        )
    if select:
        chosen = _chosen(select, len(mapped))
        mapped, asked = mapped[chosen], asked[chosen]
    n = len(mapped)
    return Sights(mapped, Visit(asked, np.arange(n), np.ones(n)))


def _images(source: str) -> npt.NDArray[np.uint8]:
    from snn_control.envs.route.sources import images_from_folder, images_from_npz

    path, _, key = source.rpartition(":")
    if path.endswith(".npz"):
        return images_from_npz(path, key).images
    return images_from_folder(source).images


def _chosen(source: str, n: int) -> npt.NDArray[np.bool_]:
    path, _, key = source.rpartition(":")
    try:
        with np.load(path, allow_pickle=False) as file:
            found = file[key]
    except Exception as exc:  # whatever unpacking a damaged file, or one of another kind, raises
        raise ParameterError(f"select {source!r} cannot be read as FILE.npz:ARRAY: {exc}") from exc
    if found.shape != (n,) or found.dtype != bool:
        raise ParameterError(
            f"select {source!r} is {found.dtype} of shape {found.shape}; expected ({n},) of bool"
        )
    return np.asarray(found, np.bool_)


def _drawn() -> Sights:
    from snn_control.envs.route.drive import drive

    by_day, in_stress = (
        drive(preset, seed=seed, length_m=_LENGTH_M)
        for seed, preset in enumerate(("day", "stress"))
    )
    n = int(min(by_day.places.max(), in_stress.places.max())) + 1
    mapped = by_day.images[_nearest(by_day.places, n)]
    visit = Visit(in_stress.images, in_stress.place_index, in_stress.steps)
    at_places = visit.part(_nearest(in_stress.places, n))
    return Sights(mapped, Visit(at_places.images, np.arange(n), at_places.steps))


def _nearest(positions: npt.NDArray[np.float64], n_places: int) -> npt.NDArray[np.int64]:
    """Return the frame that is nearest to each place, (n_places,)."""
    away = np.abs(positions[None] - np.arange(n_places)[:, None])
    return np.asarray(away.argmin(axis=1), np.int64)
