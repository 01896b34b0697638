"""Reference and query traverse of the same places, from files or rendered by Route-v0."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from snn_control.array_file import read_npz
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.training.place.evaluation import QueryTraverse

_LENGTH_M = 1200.0


@dataclass(frozen=True)
class Traverses:
    """Reference images and a query traverse."""

    reference: npt.NDArray[np.uint8]
    """Images of the reference traverse, one per place in route order, (n, h, w)."""
    query: QueryTraverse
    frames: npt.NDArray[np.int64]
    """Index of each image in its source, (n,)."""
    names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Files of the reference and of the query source, if they are folders."""
    notes: tuple[str, ...] = ()
    """Notes on the sources, for example skipped files."""

    def part(self, kept: npt.NDArray[np.int64]) -> Traverses:
        """Return the places at some positions, numbered from 0; the steps across gaps stay."""
        query = QueryTraverse(self.query.images[kept], np.arange(len(kept)), self.query.steps[kept])
        return replace(self, reference=self.reference[kept], query=query, frames=self.frames[kept])


def read_traverses(reference: str, query: str, select: str) -> Traverses:
    """Read a reference and a query traverse.

    Args:
        reference: folder of images or FILE.npz:ARRAY; empty, together with `query`: Route-v0.
        query: likewise, with the same number of images.
        select: boolean array FILE.npz:ARRAY of the images to use; empty: all.

    Raises:
        ParameterError: different numbers of images, or unreadable files.
    """
    if not reference:
        return _rendered()
    mapped, mapped_names, mapped_notes = _source(reference)
    queries, query_names, query_notes = _source(query)
    if len(mapped) != len(queries):
        raise ParameterError(
            f"{len(mapped)} images in {reference}, {len(queries)} in {query}; expected image k of "
            "both to show place k"
        )
    n = len(mapped)
    traverses = Traverses(
        mapped, QueryTraverse(queries, np.arange(n), np.ones(n)), np.arange(n),
        (mapped_names, query_names), mapped_notes + query_notes,
    )  # fmt: skip
    return traverses.part(np.flatnonzero(_selected(select, n))) if select else traverses


def _source(source: str) -> tuple[npt.NDArray[np.uint8], tuple[str, ...], tuple[str, ...]]:
    """Return the images of a source, their files and the notes on them."""
    from snn_control.envs.route.sources import images_from_folder, images_from_npz

    path, _, key = source.rpartition(":")
    if path.endswith(".npz"):
        return images_from_npz(path, key).images, (), ()
    traverse = images_from_folder(source)
    return traverse.images, traverse.names, traverse.notes


def _selected(source: str, n: int) -> npt.NDArray[np.bool_]:
    path, _, key = source.rpartition(":")
    try:
        selected = read_npz(path, ParameterError, [key])[key]
    except (ParameterError, UnknownNameError) as exc:
        raise ParameterError(f"select {source!r} cannot be read as FILE.npz:ARRAY: {exc}") from exc
    if selected.shape != (n,) or selected.dtype != bool:
        raise ParameterError(
            f"select {source!r} is {selected.dtype} of shape {selected.shape}; expected bool of "
            f"shape ({n},)"
        )
    return np.asarray(selected, np.bool_)


def _rendered() -> Traverses:
    from snn_control.envs.route.drive import drive

    by_day, in_stress = (
        drive(preset, seed=seed, length_m=_LENGTH_M)
        for seed, preset in enumerate(("day", "stress"))
    )
    n = int(min(by_day.places.max(), in_stress.places.max())) + 1
    reference = by_day.images[_nearest(by_day.places, n)]
    traverse = QueryTraverse(in_stress.images, in_stress.place_index, in_stress.steps)
    query = traverse.part(_nearest(in_stress.places, n))
    numbers = np.arange(n)
    return Traverses(reference, QueryTraverse(query.images, numbers, query.steps), numbers)


def _nearest(positions: npt.NDArray[np.float64], n_places: int) -> npt.NDArray[np.int64]:
    """Return the index of the nearest frame to each place, (n_places,)."""
    distances = np.abs(positions[None] - np.arange(n_places)[:, None])
    return np.asarray(distances.argmin(axis=1), np.int64)
