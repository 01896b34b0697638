"""Configuration of the place loop: parameters of its node."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.loops.field import parameter

__all__ = ["PlaceNodeConfig"]


@dataclass(frozen=True)
class PlaceNodeConfig:
    """Parameters of `place_recognizer`."""

    map: str = parameter("", live=True)
    """Saved place map, with or without suffix, that is loaded and saved; empty: none yet."""
    seed: int = parameter(0, 0, 2**31 - 1)
    """Seed of a new map."""
    sequence: int = parameter(10, 1, 200, live=True)
    """Images whose evidence is summed along the way; 1: each image alone."""
    step: float = parameter(1.0, -1000.0, 1000.0, live=True)
    """Places from one image to the next where there is no odometry."""
    place_spacing_m: float = parameter(1.0, 1e-3, 1e4)
    """Distance between places, m, by odometry; as when the map was made."""
    odometry_max_age_s: float = parameter(1.0, 0.01, 3600.0)
    """Age of the last odometry at which it is lost, s; images then stand alone."""
    odometry_jump_m: float = parameter(10.0, 1e-3, 1e4)
    """Change of position between two odometry messages that is no movement but a jump, m."""
    reverse: bool = parameter(True)
    """Whether odometry that goes backwards leads back along the route; else all of it goes on."""
    query_deadline_s: float = parameter(0.0, 0.0, 10.0, live=True)
    """Time for which spikes of an image are waited for, s; 0: for all of them."""
    n_candidates: int = parameter(5, 0, 1000, live=True)
    """Best places that are published for each image; 0: none."""

    first_places: int = parameter(50, 10, 100000)
    """Places that a new map is fitted on, before it grows place by place."""
    extend: bool = parameter(False, live=True)
    """Whether a mapping goes on with the map in use, in the same light; else it makes a new one."""
    map_loops: bool = parameter(False, live=True)
    """Whether a mapping that has closed a loop maps the known stretch again."""
    loop_recent_places: int = parameter(30, 1, 100000, live=True)
    """Places mapped last that a mapping does not take for a loop."""
    loop_probability: float = parameter(0.95, 0.0, 1.0, live=True)
    """Probability from which an earlier place counts for a loop."""
    loop_places: int = parameter(10, 1, 1000, live=True)
    """Places mapped in a row that must agree on a loop."""

    reliable_images: bool = parameter(False)
    """Reliable transport of images, from a camera that offers it; else lost images stay lost."""
    image_max_age_s: float = parameter(2.0, 0.01, 3600.0, live=True)
    """Age of the last usable image at which the camera is reported as lost, s."""
    stamp_future_s: float = parameter(0.1, 0.0, 10.0)
    """How far a stamp may be ahead of the node's clock, s."""
    stamp_max_age_s: float = parameter(0.0, 0.0, 3600.0)
    """How far a stamp may be behind the node's clock, s; 0: any, where clocks differ."""
    stamp_restart_s: float = parameter(1.0, 0.01, 3600.0)
    """Jump back of stamps that means that time began again, s; the sequence begins anew."""
