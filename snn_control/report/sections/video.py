"""The films of the seeded episode, side by side."""

from __future__ import annotations

from snn_control.report.inputs import ReportInputs
from snn_control.report.section import Section, Video

_TITLE = "Video"


def applies(given: ReportInputs) -> bool:
    """Return True unless the page omits sections without data."""
    return not given.only_data or bool(given.videos)


def make(given: ReportInputs) -> Section:
    """Return the films, the controller's first."""
    names = given.ordered(list(given.videos))
    if not names:
        return Section("video", _TITLE, missing="No episode was filmed: videos/ is empty.")
    films = [Video(name, f"../videos/{given.videos[name].name}") for name in names]
    lead = "The same episode for every controller; playing one plays all."
    return Section("video", _TITLE, lead if len(films) > 1 else "", videos=films)
