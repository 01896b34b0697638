"""Configuration of the place loop, which is also the parameters of its node."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.loops.field import parameter

__all__ = ["PlaceNodeConfig"]


@dataclass(frozen=True)
class PlaceNodeConfig:
    """Parameters of `place_recognizer`."""

    map: str = parameter("", live=True)
    """Path of the place map to load and save, with or without suffix; empty: none."""
    seed: int = parameter(0, 0, 2**31 - 1)
    """Seed of a new map."""
    sequence: int = parameter(10, 1, 200, live=True)
    """Length of the matched sequence, images; 1: each image alone."""
    step: float = parameter(1.0, -1000.0, 1000.0, live=True)
    """Distance between images without odometry, places."""
    place_spacing_m: float = parameter(1.0, 1e-3, 1e4)
    """Odometry distance between places, m; the same as when the map was made."""
    odometry_max_age_s: float = parameter(1.0, 0.01, 3600.0)
    """Age at which odometry counts as lost, s; images are then matched alone."""
    odometry_jump_m: float = parameter(10.0, 1e-3, 1e4)
    """Change of position between two odometry messages that counts as a jump, m."""
    reverse: bool = parameter(True)
    """Follow backward odometry back along the route; if false, all movement counts as forward."""
    query_deadline_s: float = parameter(0.0, 0.0, 10.0, live=True)
    """Time limit for the spikes of an image, s; 0: no limit."""
    n_candidates: int = parameter(5, 0, 1000, live=True)
    """Number of best places published for each image; 0: none."""

    recalibrate: bool = parameter(False, live=True)
    """Recalibrate the probabilities of single images in operation, by labels from certain
    sequences of 20 images; false returns to the calibration of the map."""
    recalibration_frozen: bool = parameter(False, live=True)
    """Keep the recalibration in force, without new labels."""

    first_places: int = parameter(50, 10, 100000)
    """Places that a new map is fitted on before it grows place by place."""
    extend: bool = parameter(False, live=True)
    """Extend the map in use, in the same light; if false, mapping makes a new map."""
    map_loops: bool = parameter(False, live=True)
    """Map known stretches again after a loop closure."""
    loop_recent_places: int = parameter(30, 1, 100000, live=True)
    """Most recently mapped places that are excluded from loop closures."""
    loop_probability: float = parameter(0.95, 0.0, 1.0, live=True)
    """Minimum probability of a match for a loop closure."""
    loop_places: int = parameter(10, 1, 1000, live=True)
    """Consecutive places that must agree for a loop closure."""

    reliable_images: bool = parameter(False)
    """Reliable transport of images, if the camera offers it; otherwise best effort."""
    image_max_age_s: float = parameter(2.0, 0.01, 3600.0, live=True)
    """Age of the last usable image at which the camera is reported as lost, s."""
    stamp_future_s: float = parameter(0.1, 0.0, 10.0)
    """Maximum lead of a stamp over the clock of the node, s."""
    stamp_max_age_s: float = parameter(0.0, 0.0, 3600.0)
    """Maximum age of a stamp by the clock of the node, s; 0: no limit, for differing clocks."""
    stamp_restart_s: float = parameter(1.0, 0.01, 3600.0)
    """Backward jump of stamps that counts as a restart of time, s; it resets the sequence."""
