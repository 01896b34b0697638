"""The table and the figures of a study."""

from __future__ import annotations

import plotly.graph_objects as go

from snn_control.errors import RunError
from snn_control.report import style
from snn_control.report.inputs import ReportInputs
from snn_control.report.section import Figure, Section, Table
from snn_control.report.study_file import STUDY_FILE, study_table


def make(given: ReportInputs) -> Section:
    """Return the section; `missing` where the run is no study."""
    study = given.study
    if study is None:
        return Section("study", "Study", missing=f"This run is no study: it has no {STUDY_FILE}.")
    figures = []
    for k, plain in enumerate(study["figures"]):
        try:
            figure = go.Figure(data=plain["data"], layout=plain["layout"])
            style.layout(figure, plain["layout"].get("height", 420), colorway=list(style.SERIES))
            figures.append(Figure(f"plot-study-{k}", figure, plain["title"]))
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise RunError(f"{given.folder / STUDY_FILE}: figure {k} is none ({exc})") from exc
    columns, rows = study_table(study["rows"])
    caption = "Means ± half of the 95 % confidence interval"
    question = study["question"][:1].upper() + study["question"][1:]
    return Section(
        "study",
        question,
        study["summary"],
        figures,
        [Table(columns, rows, caption=caption)],
    )
