"""Trust of each sensor, mode, and true, measured and estimated height of a supervised vehicle."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from snn_control.report import style
from snn_control.report.inputs import SUPERVISION_KEYS, ReportInputs, Trace
from snn_control.report.section import Figure, Section, Table

_TITLE = "Supervision"
_TRUSTED, _SILENT, _REFUSED = style.SERIES[2], "#d9b32b", style.SERIES[5]
_ENERGY_MJ = {"lidar": 2.0, "barometer": 0.006, "accelerometer": 0.05}
"""Energy of one measurement, mJ: VL53L0X at 10 Hz (20 mW), BMP390 and ICM-42688 (data sheets)."""
_CORE_W = 1.0
"""Power of one core of a single-board computer, W."""


def applies(inputs: ReportInputs) -> bool:
    """Return True if the loop of a controller had an estimate."""
    return inputs.has_trace(SUPERVISION_KEYS)


def make(inputs: ReportInputs) -> Section:
    """Return heights, trust and modes of the first controller with an estimate."""
    supervised = [
        name
        for name, trace in inputs.traces.items()
        if all(key in trace for key in SUPERVISION_KEYS)
    ]
    name = inputs.ordered(supervised)[0]
    trace = inputs.traces[name]
    sensors = [key.removesuffix("_trusted") for key in trace if key.endswith("_trusted")]
    figure = make_subplots(
        rows=2, shared_xaxes=True, row_heights=[0.62, 0.38], vertical_spacing=0.08
    )
    _add_heights(figure, trace)
    for row, sensor in enumerate(reversed(sensors), 1):
        _add_trust(figure, trace, sensor, row)
    _add_modes(figure, trace)
    style.layout(figure, 460 + 30 * len(sensors), hovermode="x unified")
    figure.update_yaxes(title="height, m", row=1, col=1)
    figure.update_yaxes(
        tickvals=list(range(len(sensors) + 1)),
        ticktext=["mode", *reversed(sensors)],
        range=[-0.6, len(sensors) + 0.6],
        automargin=True,
        row=2,
        col=1,
    )
    figure.update_xaxes(title="time, s", row=2, col=1)
    lead = (
        f"Loop of {name} as a ROS 2 node. The band is twice the standard deviation of the "
        "estimate. A sensor is trusted (green), silent (yellow) or not trusted (red)."
    )
    tables = [_modes_table(trace), _energy_table(trace, sensors)]
    return Section(
        "supervision", _TITLE, lead, [Figure("plot-supervision", figure, _TITLE)], tables
    )


def _add_heights(figure: go.Figure, trace: Trace) -> None:
    time_s, estimate_m = trace["time_s"], trace["estimate_m"]
    band_m = 2.0 * trace["estimate_sd_m"]
    known = np.isfinite(estimate_m)
    around_s = np.concatenate([time_s[known], time_s[known][::-1]])
    around_m = np.concatenate([(estimate_m + band_m)[known], (estimate_m - band_m)[known][::-1]])
    figure.add_scatter(
        x=around_s, y=around_m, fill="toself", line={"width": 0}, hoverinfo="skip",
        fillcolor=style.translucent(style.SERIES[0], 0.2), showlegend=False, row=1, col=1,
    )  # fmt: skip
    if "height_ref_m" in trace:
        figure.add_scatter(
            x=time_s, y=trace["height_ref_m"], name="reference", mode="lines", row=1, col=1,
            line={"color": style.REFERENCE, "dash": "dash", "shape": "hv", "width": 1.5},
        )  # fmt: skip
    lines = {
        "measured": (trace["measured_m"], style.SERIES[1], "markers"),
        "true": (trace.get("height_m"), style.SERIES[2], "lines"),
        "estimated": (estimate_m, style.SERIES[0], "lines"),
    }
    for name, (values, colour, mode) in lines.items():
        if values is not None:
            figure.add_scatter(
                x=time_s, y=values, name=name, mode=mode, row=1, col=1,
                line={"color": colour, "width": 1.8}, marker={"color": colour, "size": 3},
            )  # fmt: skip
    shown = [values for values, _, _ in lines.values() if values is not None]
    heights = np.concatenate([shown[1], shown[-1]]) if len(shown) == 3 else estimate_m
    heights = heights[np.isfinite(heights)]
    if heights.size:  # values of a faulty sensor would hide the others
        figure.update_yaxes(
            range=[min(heights.min() - 0.3, 0.0), heights.max() + 0.7], row=1, col=1
        )


def _add_trust(figure: go.Figure, trace: Trace, sensor: str, row: int) -> None:
    trust = trace[f"{sensor}_trusted"]
    for value, colour, label in (
        (1.0, _TRUSTED, "trusted"),
        (0.5, _SILENT, "silent"),
        (0.0, _REFUSED, "not trusted"),
    ):
        marked = np.where(trust == value, float(row), np.nan)
        if np.isfinite(marked).any():
            figure.add_scatter(
                x=trace["time_s"], y=marked, mode="markers", name=f"{sensor} {label}",
                marker={"color": colour, "size": 7, "symbol": "line-ns-open"},
                showlegend=False, row=2, col=1,
            )  # fmt: skip


def _add_modes(figure: go.Figure, trace: Trace) -> None:
    modes = trace["mode"].astype(int)
    for k in np.unique(modes):
        marked = np.where(modes == k, 0.0, np.nan)
        figure.add_scatter(
            x=trace["time_s"], y=marked, mode="markers", name=str(trace["mode_names"][k]),
            marker={"color": style.SERIES[k % len(style.SERIES)], "size": 7,
                    "symbol": "line-ns-open"},
            row=2, col=1,
        )  # fmt: skip


def _modes_table(trace: Trace) -> Table:
    time_s, modes = trace["time_s"], trace["mode"].astype(int)
    lasts_s = np.diff(time_s, append=time_s[-1])
    switches = np.flatnonzero(np.diff(modes)) + 1
    rows: list[tuple[str, ...]] = []
    for k in np.unique(modes):
        entered = int((modes[switches] == k).sum()) + int(modes[0] == k)
        rows.append((str(trace["mode_names"][k]), f"{lasts_s[modes == k].sum():.1f}", str(entered)))
    return Table(("mode", "time, s", "entered"), rows)


def _energy_table(trace: Trace, sensors: list[str]) -> Table:
    """Return the estimated energy of sensing and computing, mJ in one second."""
    time_s = trace["time_s"]
    duration_s = max(float(time_s[-1] - time_s[0]), 1e-9)
    rate_hz = (len(time_s) - 1) / duration_s
    rows: list[tuple[str, ...]] = []
    for sensor in sensors:
        received_hz = float((trace[f"{sensor}_trusted"] != 0.5).mean()) * rate_hz
        energy = received_hz * _ENERGY_MJ.get(sensor, 0.0)
        rows.append((f"sensing: {sensor}", f"{received_hz:.1f}", f"{energy:.3g}"))
    for key, label in (("filter_s", "checks and estimate"), ("step_s", "controller")):
        if key in trace:
            spent_s = float(np.nansum(trace[key])) / duration_s
            rows.append((f"computing: {label}", f"{rate_hz:.1f}", f"{1e3 * _CORE_W * spent_s:.3g}"))
    caption = (
        "Estimated energy: data sheets of VL53L0X, BMP390 and ICM-42688 for the sensors, a core of "
        f"{_CORE_W:g} W for the computing."
    )
    return Table(("part", "messages a second", "energy, mJ/s"), rows, caption=caption)
