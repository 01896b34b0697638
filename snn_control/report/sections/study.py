"""The table and the figures of a study."""

from __future__ import annotations

import plotly.graph_objects as go

from snn_control.errors import RunError
from snn_control.report import style
from snn_control.report.inputs import ReportInputs
from snn_control.report.section import Figure, Section, Table
from snn_control.report.study_file import STUDY_FILE, PartTable, part_tables

_LONG = 16
"""Rows from which a further table is folded away."""


def applies(given: ReportInputs) -> bool:
    """Return True for a study."""
    return given.study is not None


def make(given: ReportInputs) -> Section:
    """Return the tables and figures of study.json."""
    study = given.study
    assert study is not None
    figures = []
    for k, plain in enumerate(study["figures"]):
        try:
            figure = go.Figure(data=plain["data"], layout=plain["layout"])
            style.layout(figure, plain["layout"].get("height", 420), colorway=list(style.SERIES))
            figures.append(Figure(f"plot-study-{k}", figure, plain["title"]))
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise RunError(f"{given.folder / STUDY_FILE}: figure {k} is none ({exc})") from exc
    try:
        parts = part_tables(study["rows"], study.get("parts") or ())
    except (KeyError, TypeError, AttributeError) as exc:
        raise RunError(f"{given.folder / STUDY_FILE}: its parts are none ({exc!r})") from exc
    question = study["question"][:1].upper() + study["question"][1:]
    return Section(
        "study",
        question,
        study["summary"],
        figures,
        [_table(k, part) for k, part in enumerate(parts)],
    )


def _table(k: int, part: PartTable) -> Table:
    caption = part.title
    if not k:
        means = "means ± half of the 95 % confidence interval"
        caption = f"{caption}; {means}" if caption else means.capitalize()
    return Table(part.columns, part.rows, caption=caption, folded=k > 0 and len(part.rows) > _LONG)
