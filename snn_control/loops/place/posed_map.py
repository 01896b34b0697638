"""Place map with the poses of its places, and their files.

Poses are stored beside the map, in `<map>.poses.npz`: `version` 1, `map_sha256` of the document of
the map, `numbers` (n,) of places, `poses` (n, 7) as x, y, z in m and the quaternion x, y, z, w, and
`frame`, their frame_id. No array contains objects.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from snn_control.controllers.place import PlaceRecognizer
from snn_control.copies import Copied
from snn_control.errors import ConfigError, ModelFileError
from snn_control.loops.place.odometry import Pose
from snn_control.runs import atomic
from snn_control.runs.checksums import read_arrays

__all__ = ["VERSION", "PosedMap", "document_hash", "document_of", "poses_path"]

VERSION = 1


class PosedMap(Copied):
    """Recogniser with the poses of its places.

    Args:
        recognizer: recogniser of the places.
        poses: poses by place number; places mapped without odometry have none.
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
        """True if there are unsaved places."""
        self.path: Path | None = None
        """Document that the map was read from or written to."""
        self.digest = ""
        """SHA-256 of that document."""
        self.note = ""
        """Reason for ignoring the poses of a map; empty otherwise."""

    def __len__(self) -> int:
        return len(self.recognizer)

    @property
    def unsaved(self) -> str:
        """Warning about unsaved places; empty if the map is saved."""
        return f"a map of {len(self)} places was not saved" if self.changed else ""

    def place(self, number: int, pose: Pose | None, frame: str) -> None:
        """Store the pose of a new place."""
        self.changed = True
        if pose is None:
            return
        if not self.poses:
            self.frame = frame
        if frame == self.frame:  # poses in other frames are not comparable
            self.poses[number] = pose

    def save(self, path: str) -> Path:
        """Write map and poses; return the document.

        Raises:
            ConfigError: no path, or an empty map.
            RunError: writing failed; an existing map is kept.
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
        """Read a map and its poses, if there are any.

        Raises:
            ModelFileError: a missing or broken map.
        """
        document = document_of(path)
        posed = cls(PlaceRecognizer.load(document))
        posed.path, posed.digest = document, document_hash(document)
        beside = poses_path(document)
        if beside.exists():
            try:
                posed.poses, posed.frame = _read_poses(beside, posed.digest)
            except ModelFileError as exc:
                posed.note = f"poses are ignored: {exc}"
        numbers = set(posed.recognizer.places.tolist())
        posed.poses = {k: pose for k, pose in posed.poses.items() if k in numbers}
        return posed


def document_of(path: str) -> Path:
    """Return the document of a map for a path with or without suffix.

    Raises:
        ModelFileError: the path has no name.
    """
    document = Path(path)
    if not document.name:
        raise ModelFileError(f"{path!r} names no file; expected the path of a map")
    if document.suffix in (".json", ".safetensors"):
        return document.with_suffix(".json")
    return document.with_name(document.name + ".json")


def poses_path(document: Path) -> Path:
    """Return the path of the poses of a map."""
    return document.with_name(f"{document.stem}.poses.npz")


def document_hash(document: Path) -> str:
    """Return the SHA-256 of a document, or an empty string if it cannot be read."""
    try:
        return hashlib.sha256(document.read_bytes()).hexdigest()
    except OSError:
        return ""


def _read_poses(path: Path, digest: str) -> tuple[dict[int, Pose], str]:
    arrays = read_arrays(path, ModelFileError)
    missing = {"version", "map_sha256", "numbers", "poses", "frame"} - arrays.keys()
    if missing:
        raise ModelFileError(f"{path}: {sorted(missing)[0]} is missing")
    if arrays["version"].shape or arrays["version"] != VERSION:
        raise ModelFileError(f"{path}: version {arrays['version']}; expected {VERSION}")
    if str(arrays["map_sha256"]) != digest:
        raise ModelFileError(f"{path} belongs to another map; save the map again from the node")
    numbers, poses = arrays["numbers"], arrays["poses"]
    if numbers.dtype != np.int64 or numbers.ndim != 1 or poses.shape != (len(numbers), 7):
        raise ModelFileError(f"{path}: expected numbers (n,) and poses (n, 7)")
    if poses.dtype != np.float64 or not np.isfinite(poses).all():
        raise ModelFileError(f"{path}: expected poses of finite float64 numbers")
    by_number = {int(k): tuple(pose) for k, pose in zip(numbers, poses.tolist(), strict=True)}
    return by_number, str(arrays["frame"])  # type: ignore[return-value]
