"""A place map with the poses that its places were seen from, and both on disk.

Poses lie beside the map, in `<map>.poses.npz`: `version` 1, `map_sha256` of the map's document,
`numbers` (n,) of places, `poses` (n, 7) as x, y, z in m and the quaternion x, y, z, w, and `frame`,
the frame_id that they are in. No array holds objects.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from snn_control.controllers.place import PlaceRecognizer
from snn_control.errors import ConfigError, ModelFileError
from snn_control.loops.place.odometry import Pose
from snn_control.runs import atomic

__all__ = ["VERSION", "PosedMap", "document_hash", "document_of", "poses_path"]

VERSION = 1


class PosedMap:
    """A recogniser and what is known of its places.

    Args:
        recognizer: of the places.
        poses: of places by their number; those without odometry have none.
        frame: frame_id of the poses.
    """

    def __init__(
        self,
        recognizer: PlaceRecognizer,
        poses: dict[int, Pose] | None = None,
        frame: str = "",
    ) -> None:
        self.recognizer = recognizer
        self.poses: dict[int, Pose] = poses or {}
        self.frame = frame
        self.changed = False
        """Whether there are places that are not on the disk."""
        self.path: Path | None = None
        """Document that it was read from or written to."""
        self.digest = ""
        """SHA-256 of that document."""
        self.note = ""
        """Why the poses of a map were left out."""

    def __len__(self) -> int:
        return len(self.recognizer)

    @property
    def unsaved(self) -> str:
        """What to say of it where it gets lost; empty where it lies on the disk."""
        return f"a map of {len(self)} places was not saved" if self.changed else ""

    def place(self, number: int, pose: Pose | None, frame: str) -> None:
        """Remember where a new place was seen from."""
        self.changed = True
        if pose is None:
            return
        if not self.poses:
            self.frame = frame
        if frame == self.frame:  # a pose in another frame says nothing here
            self.poses[number] = pose

    def save(self, path: str) -> Path:
        """Write map and poses; return the document.

        Raises:
            ConfigError: no path, or nothing to save.
            RunError: it cannot be written; a map that was there stays.
        """
        if not path:
            raise ConfigError("parameter map is empty; set it to the path to save to")
        if not len(self):
            raise ConfigError("the map is empty; start a mapping first")
        document = self.recognizer.save(path)
        beside, digest = poses_path(document), document_hash(document)
        if self.poses:
            numbers = sorted(self.poses)
            arrays = {
                "version": np.int64(VERSION),
                "map_sha256": np.str_(digest),
                "numbers": np.array(numbers, np.int64),
                "poses": np.array([self.poses[k] for k in numbers], np.float64),
                "frame": np.str_(self.frame),
            }
            atomic.write_arrays(beside, arrays)
        else:
            with atomic.writing(beside):
                beside.unlink(missing_ok=True)
        self.path, self.digest, self.changed, self.note = document, digest, False, ""
        return document

    @classmethod
    def empty(cls, seed: int) -> PosedMap:
        """Return a map without places."""
        return cls(PlaceRecognizer(seed))

    @classmethod
    def load(cls, path: str) -> PosedMap:
        """Read a map, and its poses where there are any that belong to it.

        Raises:
            ModelFileError: a broken map, or none.
        """
        document = document_of(path)
        found = cls(PlaceRecognizer.load(document))
        found.path, found.digest = document, document_hash(document)
        beside = poses_path(document)
        if beside.exists():
            try:
                found.poses, found.frame = _read_poses(beside, found.digest)
            except ModelFileError as exc:
                found.note = f"poses are left out: {exc}"
        numbers = set(found.recognizer.places.tolist())
        found.poses = {k: pose for k, pose in found.poses.items() if k in numbers}
        return found


def document_of(path: str) -> Path:
    """Return the document of a map that is named with or without suffix."""
    given = Path(path)
    if given.suffix in (".json", ".safetensors"):
        return given.with_suffix(".json")
    return given.with_name(given.name + ".json")


def poses_path(document: Path) -> Path:
    """Return where the poses of a map lie."""
    return document.with_name(f"{document.stem}.poses.npz")


def document_hash(document: Path) -> str:
    """Return the SHA-256 of a document, which holds that of its arrays; none of what is gone."""
    try:
        return hashlib.sha256(document.read_bytes()).hexdigest()
    except OSError:
        return ""


def _read_poses(path: Path, digest: str) -> tuple[dict[int, Pose], str]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as exc:  # whatever unpacking a damaged file raises
        raise ModelFileError(f"{path}: no file of arrays ({exc})") from exc
    missing = {"version", "map_sha256", "numbers", "poses", "frame"} - arrays.keys()
    if missing:
        raise ModelFileError(f"{path}: {sorted(missing)[0]} is missing")
    if arrays["version"].shape or arrays["version"] != VERSION:
        raise ModelFileError(f"{path}: version {arrays['version']}; this one reads {VERSION}")
    if str(arrays["map_sha256"]) != digest:
        raise ModelFileError(f"{path} belongs to another map; save the map again from the node")
    numbers, poses = arrays["numbers"], arrays["poses"]
    if numbers.dtype != np.int64 or numbers.ndim != 1 or poses.shape != (len(numbers), 7):
        raise ModelFileError(f"{path}: expected numbers (n,) and poses (n, 7)")
    if poses.dtype != np.float64 or not np.isfinite(poses).all():
        raise ModelFileError(f"{path}: poses are not all finite numbers")
    found = {int(k): tuple(pose) for k, pose in zip(numbers, poses.tolist(), strict=True)}
    return found, str(arrays["frame"])  # type: ignore[return-value]
