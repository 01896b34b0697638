"""Health of the node `place_recognizer`, as tasks of `/diagnostics`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from snn_control.loops.place.loop import PlaceLoop
from snn_control.loops.place.posed_map import document_hash
from snn_control.ros.base.controller_health import age, quantiles
from snn_control.ros.base.diagnostics import ERROR, STALE, WARN, Status
from snn_control.supervision.rolling import Rolling


class PlaceHealth:
    """Tells what a loop has counted."""

    def __init__(self) -> None:
        self.loop: PlaceLoop | None = None
        self.latency_s = Rolling()
        self.incompatible_topics = 0
        self._refused_before = 0

    def tasks(self) -> Mapping[str, Callable[[], Status]]:
        """Return the tasks by name."""
        return {
            "images": self._of(self._images),
            "odometry": self._of(self._odometry),
            "queries": self._of(self._queries),
            "map": self._of(self._map),
        }

    def watch(self, loop: PlaceLoop | None) -> None:
        """Report on this loop from now on."""
        self.loop = loop
        self.reset()

    def reset(self) -> None:
        """Start counting anew."""
        self.latency_s.reset()
        self._refused_before = 0

    def incompatible(self, _: object) -> None:
        """Take the event of a peer with incompatible quality of service."""
        self.incompatible_topics += 1

    def _of(self, task: Callable[[PlaceLoop], Status]) -> Callable[[], Status]:
        def ask() -> Status:
            return Status(message="not configured") if self.loop is None else task(self.loop)

        return ask

    def _images(self, loop: PlaceLoop) -> Status:
        age_s, refused = age(loop.image_s, time.monotonic()), sum(loop.refused.values())
        status = Status(values={"images": loop.images, "refused images": refused})
        status.values |= {f"refused: {kind}": n for kind, n in sorted(loop.refused.items())}
        status.values |= {
            "last refusal": loop.refusal or "none",
            "image age (s)": age_s,
            "incompatible peers": self.incompatible_topics,
        }
        if loop.image_s is None:
            status.say(STALE, "no usable image yet")
        elif age_s > loop.config.image_max_age_s:
            status.say(ERROR, f"no usable image for {age_s:.1f} s")
        if refused > self._refused_before:
            status.say(WARN, loop.refusal)
            if status.level != WARN:
                status.message += f"; {loop.refusal}"
        self._refused_before = refused
        if self.incompatible_topics:
            status.say(ERROR, "a peer offers or asks for another quality of service")
        return status

    def _odometry(self, loop: PlaceLoop) -> Status:
        travel, now_s = loop.travel, time.monotonic()
        if not travel.used:
            return Status(message=f"none: {loop.config.step:g} places an image")
        status = Status(values={
            "odometry age (s)": age(travel.heard_s, now_s),
            "way (m)": travel.way_m,
            "backwards (m)": travel.back_m,
            "refused": travel.refused,
            "jumps": travel.jumps,
        })  # fmt: skip
        if travel.lost(now_s):
            status.say(WARN, "odometry lost: each image stands alone, none is mapped")
        return status

    def _queries(self, loop: PlaceLoop) -> Status:
        status = Status(values=quantiles("query time (s)", loop.query_s))
        status.values |= quantiles("latency (s)", self.latency_s)
        unknown = loop.unknown
        share = sum(unknown) / len(unknown) if unknown else float("nan")
        status.values |= {"queries": loop.query_s.n, "unknown share": share}
        return status

    def _map(self, loop: PlaceLoop) -> Status:
        posed, mapper = loop.posed, loop.mapper
        status = Status(values={
            "places": len(posed),
            "poses": len(posed.poses),
            "mapping": mapper.state,
            "map": posed.path or "none",
            "sha256": posed.digest[:16],
            "saved": not posed.changed,
            "dropped images": mapper.dropped,
            "gaps": mapper.spacing.gaps,
        })  # fmt: skip
        status.message = f"mapping: {mapper.progress()}" if mapper.on else f"{len(posed)} places"
        if mapper.failure:
            status.say(ERROR, mapper.failure)
        if not len(posed) and not mapper.on:
            status.say(WARN, "the map is empty: load one, or start a mapping")
        if mapper.dropped:
            status.say(WARN, f"{mapper.dropped} images came while too many waited")
        if gaps := mapper.spacing.gaps:
            far = "lie further apart than place_spacing_m, or it is unknown how far"
            status.say(WARN, f"{gaps} places {far}")
        if posed.note:
            status.say(WARN, posed.note)
        if posed.path is not None and document_hash(posed.path) != posed.digest:
            status.say(WARN, "the map's file has changed: call ~/load")
        return status
