"""Diagnostics of the node `place_recognizer`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from snn_control.loops.place.loop import PlaceLoop
from snn_control.loops.place.posed_map import document_hash
from snn_control.ros.base.controller_health import age, quantiles
from snn_control.ros.base.diagnostics import ERROR, STALE, WARN, Status
from snn_control.supervision.rolling import Rolling


class PlaceHealth:
    """Tasks of `/diagnostics` that report the counters of a place loop."""

    def __init__(self) -> None:
        self.loop: PlaceLoop | None = None
        self.latency_s = Rolling()
        self._refused_before = 0

    def tasks(self) -> Mapping[str, Callable[[], Status]]:
        """Return the tasks by name."""
        return {
            "images": self._if_configured(self._images),
            "odometry": self._if_configured(self._odometry),
            "queries": self._if_configured(self._queries),
            "map": self._if_configured(self._map),
        }

    def watch(self, loop: PlaceLoop | None) -> None:
        """Set the loop to report on, or None."""
        self.loop = loop
        self.reset()

    def reset(self) -> None:
        """Reset the counters."""
        self.latency_s.reset()
        self._refused_before = 0

    def _if_configured(self, task: Callable[[PlaceLoop], Status]) -> Callable[[], Status]:
        def run() -> Status:
            return Status(message="not configured") if self.loop is None else task(self.loop)

        return run

    def _images(self, loop: PlaceLoop) -> Status:
        age_s, refused = age(loop.image_s, time.monotonic()), sum(loop.refused.values())
        status = Status(values={"images": loop.images, "refused images": refused})
        status.values |= {f"refused: {kind}": n for kind, n in sorted(loop.refused.items())}
        status.values |= {
            "last refusal": loop.refusal or "none",
            "image age (s)": age_s,
        }
        if loop.image_s is None:
            status.escalate(STALE, "no usable image yet")
        elif age_s > loop.config.image_max_age_s:
            status.escalate(ERROR, f"no usable image for {age_s:.1f} s")
        if refused > self._refused_before:
            status.escalate(WARN, loop.refusal)
            if status.level != WARN:
                status.message += f"; {loop.refusal}"
        self._refused_before = refused
        return status

    def _odometry(self, loop: PlaceLoop) -> Status:
        travel, now_s = loop.travel, time.monotonic()
        if not travel.used:
            return Status(message=f"no odometry: {loop.config.step:g} places per image")
        status = Status(values={
            "odometry age (s)": age(travel.received_s, now_s),
            "way (m)": travel.distance_m,
            "backwards (m)": travel.backward_m,
            "refused": travel.refused,
            "jumps": travel.jumps,
        })  # fmt: skip
        if travel.lost(now_s):
            status.escalate(WARN, "odometry is stale: images are matched alone and not mapped")
        return status

    def _queries(self, loop: PlaceLoop) -> Status:
        status = Status(values=quantiles("query time (s)", loop.query_s))
        status.values |= quantiles("latency (s)", self.latency_s)
        unknown = loop.unknown
        fraction = sum(unknown) / len(unknown) if unknown else float("nan")
        status.values |= {"queries": loop.query_s.n, "unknown share": fraction}
        if (recalibration := loop.recalibration) is not None:
            status.values |= {
                "calibration version": recalibration.version,
                "calibration labels": recalibration.n_labels,
                "calibration reason": recalibration.reason,
            }
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
            status.escalate(ERROR, mapper.failure)
        if not len(posed) and not mapper.on:
            status.escalate(WARN, "the map is empty: load one, or start mapping")
        if mapper.dropped:
            status.escalate(
                WARN, f"{mapper.dropped} images dropped, since the mapping queue was full"
            )
        if gaps := mapper.spacing.gaps:
            far = "further than place_spacing_m, or at an unknown distance, from the last one"
            status.escalate(WARN, f"{gaps} places {far}")
        if posed.note:
            status.escalate(WARN, posed.note)
        if posed.path is not None and document_hash(posed.path) != posed.digest:
            status.escalate(WARN, "the file of the map has changed: call ~/load")
        return status
