"""Section of the report with the tables and figures of `study.json`."""

from __future__ import annotations

import plotly.graph_objects as go

from snn_control.errors import RunError
from snn_control.report import style
from snn_control.report.inputs import ReportInputs
from snn_control.report.section import Figure, Section, Table
from snn_control.report.study_file import STUDY_FILE, PartTable, part_tables

_LONG = 16
"""Number of rows above which tables after the first are collapsed."""


def applies(inputs: ReportInputs) -> bool:
    """Return True for a study."""
    return inputs.study is not None


def make(inputs: ReportInputs) -> Section:
    """Return the tables and figures of study.json."""
    study = inputs.study
    assert study is not None
    figures = []
    for k, plain in enumerate(study["figures"]):
        try:
            figure = go.Figure(data=plain["data"], layout=plain["layout"])
            style.layout(figure, plain["layout"].get("height", 420), colorway=list(style.SERIES))
            title = plain["title"] if len(study["figures"]) > 1 else ""
            figures.append(Figure(f"plot-study-{k}", figure, plain["title"], title=title))
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            path = inputs.folder / STUDY_FILE
            message = f"{path}: figure {k} is malformed ({exc}); run the study again"
            raise RunError(message) from exc
    try:
        parts = part_tables(study["rows"], study.get("parts") or ())
    except (KeyError, TypeError, AttributeError) as exc:
        path = inputs.folder / STUDY_FILE
        message = f"{path}: rows or parts are malformed ({exc!r}); run the study again"
        raise RunError(message) from exc
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
        means = "means ± half width of the 95 % confidence interval"
        caption = f"{caption}; {means}" if caption else means.capitalize()
    return Table(part.columns, part.rows, caption=caption, folded=k > 0 and len(part.rows) > _LONG)
