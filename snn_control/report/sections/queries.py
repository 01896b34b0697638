"""Queries as images, beside the place that was answered and the true one."""

from __future__ import annotations

from snn_control.report.inputs import ReportInputs, Trace
from snn_control.report.png import png
from snn_control.report.section import Card, Gallery, Image, Section
from snn_control.report.sections.precision_recall import frames

_TITLE = "Queries and answers"


def applies(given: ReportInputs) -> bool:
    """Return True where images were kept."""
    return "strip_images" in given.place


def make(given: ReportInputs) -> Section:
    """Return the images of eval/place.npz: right and sure, right and unsure, wrong."""
    found = given.place
    right = [k for k in range(len(found["strip_query"])) if _right(found, k)]
    wrong = [k for k in range(len(found["strip_query"])) if not _right(found, k)]
    half = (len(right) + 1) // 2
    groups = {
        "Right, and surest": right[:half],
        "Right, and least sure": right[half:],
        "Wrong, and surest: the dangerous ones": wrong,
    }
    galleries = [
        Gallery(title, [_card(found, k) for k in which]) for title, which in groups.items() if which
    ]
    lead = (
        f"Answers after {frames(int(found['strip_length']))}, of the highest and of the lowest "
        "probability of being right. Known: the place is taken to be on the map."
    )
    if not wrong:
        lead += " No answer was wrong."
    return Section("queries", _TITLE, lead, galleries=galleries)


def _right(found: Trace, k: int) -> bool:
    return bool(found["strip_answer"][k] == found["strip_truth"][k])


def _card(found: Trace, k: int) -> Card:
    query, answered, true = (png(image) for image in found["strip_images"][k])
    answer, truth = int(found["strip_answer"][k]), int(found["strip_truth"][k])
    asked = Image(f"query {int(found['strip_query'][k])}", query)
    said = f"probability {found['strip_probability'][k]:.3f}, "
    said += "known" if found["strip_known"][k] else "taken for unknown"
    if answer == truth:
        images = [asked, Image(f"answer, and truth: place {answer}", answered)]
        return Card(images, f"right, {said}", "ahead")
    images = [
        asked,
        Image(f"answer: place {answer}", answered),
        Image(f"truth: place {truth}", true),
    ]
    off = abs(answer - truth)
    return Card(images, f"{off} {'place' if off == 1 else 'places'} off, {said}", "behind")
