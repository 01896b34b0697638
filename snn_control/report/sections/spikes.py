"""Spike raster and population rates, on the time axis of the response."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from snn_control.report import style
from snn_control.report.inputs import ReportInputs, Trace
from snn_control.report.metric_names import number
from snn_control.report.section import Figure, Section

_TITLE = "Spikes"
_KEYS = ("time_s", "spike_tick", "spike_neuron", "population_names", "population_sizes")
RATE_WINDOW_S = 2.0


def applies(inputs: ReportInputs) -> bool:
    """Return True unless the page omits sections without data."""
    return not inputs.only_data or inputs.has_trace(_KEYS)


def make(inputs: ReportInputs) -> Section:
    """Return the raster of the first controller with recorded spikes."""
    names = inputs.ordered(list(inputs.traces))
    name = next((n for n in names if all(key in inputs.traces[n] for key in _KEYS)), None)
    if name is None:
        return Section("spikes", _TITLE, missing="No spikes were recorded: no trace contains any.")
    trace = inputs.traces[name]
    sizes = trace["population_sizes"].astype(int)
    raster = spike_matrix(trace)
    figure = make_subplots(
        rows=2, shared_xaxes=True, row_heights=[0.62, 0.38], vertical_spacing=0.06
    )
    _add_raster(figure, trace["time_s"], raster, sizes, [str(n) for n in trace["population_names"]])
    ends = np.cumsum(sizes)
    for k, (population, end, size) in enumerate(
        zip(trace["population_names"], ends, sizes, strict=True)
    ):
        rate = population_rate(trace["time_s"], raster[end - size : end])
        figure.add_scatter(
            x=trace["time_s"],
            y=rate,
            name=str(population),
            mode="lines",
            line={"color": style.SERIES[k % len(style.SERIES)], "width": 1.5},
            row=2,
            col=1,
        )
    style.layout(figure, 560)
    figure.update_yaxes(title="neuron", row=1, col=1, showgrid=False)
    figure.update_yaxes(title="rate per neuron, 1/s", row=2, col=1, rangemode="tozero")
    figure.update_xaxes(title="time, s", row=2, col=1)
    return Section(
        "spikes",
        _TITLE,
        _lead(name, trace, raster),
        [Figure("plot-spikes", figure, _TITLE, "time")],
    )


def spike_matrix(trace: Trace) -> np.ndarray:
    """Return the number of spikes of each neuron in each tick, shape (neurons, T)."""
    counts = np.zeros((int(trace["population_sizes"].sum()), len(trace["time_s"])), np.uint16)
    np.add.at(counts, (trace["spike_neuron"], trace["spike_tick"]), 1)
    return counts


def population_rate(time_s: np.ndarray, raster: np.ndarray) -> np.ndarray:
    """Return the mean rate per neuron over a centred window of 2 s, 1/s, shape (T,)."""
    dt_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1.0
    width = max(1, min(len(time_s), round(RATE_WINDOW_S / dt_s)))
    window = np.ones(width)
    covered = np.convolve(np.ones(len(time_s)), window, "same")
    return np.convolve(raster.mean(axis=0), window, "same") / (covered * dt_s)


def _add_raster(
    figure: go.Figure, time_s: np.ndarray, raster: np.ndarray, sizes: np.ndarray, names: list[str]
) -> None:
    population = np.repeat(np.arange(1, len(sizes) + 1, dtype=np.uint8), sizes)
    shades = ["rgba(0,0,0,0)", *(style.SERIES[k % len(style.SERIES)] for k in range(len(sizes)))]
    edges = np.linspace(0, 1, len(shades) + 1)
    scale = [[float(e), s] for k, s in enumerate(shades) for e in (edges[k], edges[k + 1])]
    figure.add_heatmap(
        x=time_s,
        y=np.arange(len(raster)),
        z=(raster > 0) * population[:, None],
        zmin=-0.5,
        zmax=len(sizes) + 0.5,
        colorscale=scale,
        showscale=False,
        hovertemplate="neuron %{y}, %{x:.1f} s<extra></extra>",
        row=1,
        col=1,
    )
    for edge in np.cumsum(sizes)[:-1]:
        figure.add_hline(y=edge - 0.5, line={"color": style.REFERENCE, "width": 0.7}, row=1, col=1)


def _lead(name: str, trace: Trace, raster: np.ndarray) -> str:
    neurons, ticks = raster.shape
    seconds = float(trace["time_s"][-1] - trace["time_s"][0]) or 1.0
    spikes = int(raster.sum())
    silent = int((raster.sum(axis=1) == 0).sum())
    return (
        f"{name}: {neurons} neurons, {number(spikes / seconds)} spikes per second, "
        f"{number(spikes / ticks)} per tick; {silent} neurons are silent. "
        f"Rates are moving averages over {RATE_WINDOW_S:g} s."
    )
