"""Query images beside the matched and the true place."""

from __future__ import annotations

from snn_control.report.inputs import ReportInputs, Trace
from snn_control.report.png import png
from snn_control.report.section import Card, Gallery, Image, Section
from snn_control.report.sections.precision_recall import frames

_TITLE = "Queries and answers"


def applies(inputs: ReportInputs) -> bool:
    """Return True if the run has query images."""
    return "strip_images" in inputs.place


def make(inputs: ReportInputs) -> Section:
    """Return the section from eval/place.npz: correct with high or low probability, and wrong."""
    arrays = inputs.place
    correct = [k for k in range(len(arrays["strip_query"])) if _is_correct(arrays, k)]
    wrong = [k for k in range(len(arrays["strip_query"])) if not _is_correct(arrays, k)]
    half = (len(correct) + 1) // 2
    groups = {
        "Correct, highest probabilities": correct[:half],
        "Correct, lowest probabilities": correct[half:],
        "Wrong, highest probabilities": wrong,
    }
    galleries = [
        Gallery(title, [_card(arrays, k) for k in which])
        for title, which in groups.items()
        if which
    ]
    lead = (
        f"Answers after {frames(int(arrays['strip_length']))} with the highest and the lowest "
        "probabilities of being correct. Known: the place is classified as being on the map."
    )
    if not wrong:
        lead += " No answer was wrong."
    return Section("queries", _TITLE, lead, galleries=galleries)


def _is_correct(arrays: Trace, k: int) -> bool:
    return bool(arrays["strip_answer"][k] == arrays["strip_truth"][k])


def _card(arrays: Trace, k: int) -> Card:
    query, matched, true = (png(image) for image in arrays["strip_images"][k])
    answer, truth = int(arrays["strip_answer"][k]), int(arrays["strip_truth"][k])
    query_image = Image(f"query {int(arrays['strip_query'][k])}", query)
    rating = f"probability {arrays['strip_probability'][k]:.3f}, "
    rating += "known" if arrays["strip_known"][k] else "unknown"
    if answer == truth:
        images = [query_image, Image(f"answer and truth: place {answer}", matched)]
        return Card(images, f"correct, {rating}", "ahead")
    images = [
        query_image,
        Image(f"answer: place {answer}", matched),
        Image(f"truth: place {truth}", true),
    ]
    off = abs(answer - truth)
    return Card(images, f"{off} {'place' if off == 1 else 'places'} off, {rating}", "behind")
