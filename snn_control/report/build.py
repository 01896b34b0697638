"""Rendering of inputs, sections and template into `report/index.html`."""

from __future__ import annotations

import json
from pathlib import Path

import jinja2
from plotly.offline import get_plotlyjs

from snn_control.report import metric_names
from snn_control.report.headline import headlines
from snn_control.report.inputs import ReportInputs, read
from snn_control.report.sections import SECTIONS
from snn_control.runs import atomic

_PAGE = Path(__file__).resolve().parent / "page"


def build(folder: Path) -> Path:
    """Write the page of the run in `folder` and return its path."""
    html = render(folder)
    page = folder / "report" / "index.html"
    with atomic.writing(page):
        page.parent.mkdir(exist_ok=True)
    atomic.write_bytes(page, html.encode())
    return page


def render(folder: Path) -> str:
    """Return the page of the run in `folder`."""
    inputs = read(folder)
    sections = [section.make(inputs) for section in SECTIONS if section.applies(inputs)]
    figures = [figure for section in sections for figure in section.figures]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            title=_title(inputs),
            manifest=inputs.manifest,
            headlines=headlines(inputs),
            sections=sections,
            figures={figure.id: _json(figure.figure) for figure in figures},
            plotly_js=get_plotlyjs() if figures else "",
            style=(_PAGE / "style.css").read_text("utf-8"),
            script=(_PAGE / "page.js").read_text("utf-8"),
            number=metric_names.number,
        )
    )


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _title(inputs: ReportInputs) -> str:
    if inputs.study is not None:
        return str(inputs.study["study"])
    subjects = [e.controller for e in inputs.evaluations if e.role == "subject"]
    return subjects[0] if subjects else inputs.folder.resolve().name


def _json(figure: object) -> str:
    """Return a figure as JSON that is safe inside a script element."""
    text = json.dumps(json.loads(figure.to_json()), separators=(",", ":"))  # type: ignore[attr-defined]
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
