"""Precision-recall curves of the place recognition methods, one panel per length."""

from __future__ import annotations

from plotly.subplots import make_subplots

from snn_control.report import style
from snn_control.report.inputs import ReportInputs
from snn_control.report.place_file import curves_of
from snn_control.report.section import Figure, Section

_TITLE = "Precision and recall"
_COLUMNS = 2
_DASHES = ("solid", "dash", "dot", "dashdot")


def applies(inputs: ReportInputs) -> bool:
    """Return True if the run has precision-recall curves."""
    return bool(curves_of(inputs.place)[0])


def make(inputs: ReportInputs) -> Section:
    """Return the section from the curves in eval/place.npz."""
    methods, lengths = curves_of(inputs.place)
    rows = -(-len(lengths) // _COLUMNS)
    figure = make_subplots(
        rows=rows,
        cols=min(_COLUMNS, len(lengths)),
        shared_xaxes="all",
        shared_yaxes="all",
        subplot_titles=[frames(length) for length in lengths],
        vertical_spacing=0.18 / rows,
        horizontal_spacing=0.05,
    )
    for k, method in enumerate(methods):
        for panel, length in enumerate(lengths):
            if f"recall:{method}:{length}" in inputs.place:
                figure.add_scatter(
                    x=inputs.place[f"recall:{method}:{length}"],
                    y=inputs.place[f"precision:{method}:{length}"],
                    name=method,
                    legendgroup=method,
                    showlegend=panel == 0,
                    mode="lines",
                    line={
                        "color": style.SERIES[k % len(style.SERIES)],
                        "dash": _DASHES[k % len(_DASHES)],
                        "width": 2,
                    },
                    hovertemplate="recall %{x:.3f}, precision %{y:.3f}",
                    row=panel // _COLUMNS + 1,
                    col=panel % _COLUMNS + 1,
                )
    style.layout(figure, 60 + 300 * rows, margin={"l": 64, "r": 24, "t": 64, "b": 48})
    figure.update_layout(legend={"y": 1.0 + 30.0 / (300 * rows)})
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_yaxes(range=[-0.02, 1.05])
    for row in range(1, rows + 1):
        figure.update_yaxes(title="precision", row=row, col=1)
    for panel in range(max(0, len(lengths) - _COLUMNS), len(lengths)):
        row, column = divmod(panel, _COLUMNS)
        figure.update_xaxes(title="recall", showticklabels=True, row=row + 1, col=column + 1)
    lead = (
        "Precision (correct fraction of the accepted answers) over recall (fraction of all queries "
        "with a correct accepted answer), for a decreasing threshold of the lead over the best "
        "rival. A curve ends where all answers are accepted. The map contains the tested places "
        "only."
    )
    label = f"{_TITLE} of {', '.join(methods)} after {', '.join(map(frames, lengths))}"
    return Section(
        "precision-recall", _TITLE, lead, [Figure("plot-precision-recall", figure, label)]
    )


def frames(length: int) -> str:
    """Return "one frame" or "N frames"."""
    return "one frame" if length == 1 else f"{length} frames"
