"""Videos of the seeded episode, side by side."""

from __future__ import annotations

from snn_control.report.inputs import ReportInputs
from snn_control.report.section import Section, Video

_TITLE = "Video"


def applies(inputs: ReportInputs) -> bool:
    """Return True unless the page omits sections without data."""
    return not inputs.only_data or bool(inputs.videos)


def make(inputs: ReportInputs) -> Section:
    """Return the videos, those of the controller first."""
    names = inputs.ordered(list(inputs.videos))
    if not names:
        return Section("video", _TITLE, missing="No video was recorded: videos/ is empty.")
    videos = [Video(name, f"../videos/{inputs.videos[name].name}") for name in names]
    lead = "The same episode for every controller. Playing one video plays all."
    return Section("video", _TITLE, lead if len(videos) > 1 else "", videos=videos)
