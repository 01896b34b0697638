"""Picture of an episode: plot of the response beside other controllers', above film frames."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError, require

__all__ = ["N_FRAMES", "Response", "episode_picture"]

FloatArray = npt.NDArray[np.floating[Any]]
N_FRAMES = 6
"""Number of film frames in a picture."""
_WIDTH, _PLOT_HEIGHT, _LEFT, _TOP, _BOTTOM = 1200, 300, 70, 44, 34
_OVERSAMPLING = 2
_INK, _FAINT, _REFERENCE = "#333333", "#d8d8d8", "#888888"
_COLOURS = ("#2b4bd6", "#e07b00", "#1a9850", "#7b3fa0")


@dataclass(frozen=True)
class Response:
    """Entry of a trace that shows how well a controller does, for plots."""

    value: str
    """Name of the entry."""
    label: str
    """Label of the axis, with the unit."""
    scale: float = 1.0
    """Factor from the entry's unit to that of the label."""
    reference: str = ""
    """Name of the entry to follow; empty: none."""


def episode_picture(
    response: Response,
    traces: Mapping[str, Mapping[str, FloatArray]],
    frames: list[npt.NDArray[np.uint8]],
    frame_s: FloatArray,
) -> bytes:
    """Return a picture with 256 colours as a PNG.

    Args:
        response: entry of the traces to plot.
        traces: traces by the name of their controller, that of the frames first; entries have
            shape (n_ticks,).
        frames: film frames, uint8 (height, width, 3), `N_FRAMES` of them.
        frame_s: times of the frames, s, shape (N_FRAMES,); marked in the plot.

    Raises:
        MissingExtraError: Pillow is missing.
        ParameterError: another number of frames, more traces than colours, or a trace without
            `time_s` or the entry of the response.
    """
    require("PIL", "report")
    if len(frames) != N_FRAMES or len(traces) > len(_COLOURS):
        raise ParameterError(
            f"{len(frames)} frames of {len(traces)} controllers; expected {N_FRAMES} frames and at "
            f"most {len(_COLOURS)} controllers"
        )
    for name, trace in traces.items():
        if missing := {"time_s", response.value} - trace.keys():
            raise ParameterError(f"the trace of {name} has no {', '.join(sorted(missing))}")
    from PIL import Image

    strip_width = _WIDTH // N_FRAMES
    sizes = [(strip_width - 4, round((strip_width - 4) * f.shape[0] / f.shape[1])) for f in frames]
    height = _PLOT_HEIGHT + max(size[1] for size in sizes)
    whole = Image.new("RGB", (_WIDTH, height), "white")
    plot = _plot(response, traces, frame_s)
    whole.paste(plot.resize((_WIDTH, _PLOT_HEIGHT), Image.Resampling.LANCZOS), (0, 0))
    for k, (frame, size) in enumerate(zip(frames, sizes, strict=True)):
        scaled = Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS)
        whole.paste(scaled, (k * strip_width + 2, _PLOT_HEIGHT))
    png = io.BytesIO()
    whole.quantize(256, dither=Image.Dither.NONE).save(png, "png", optimize=True)
    return png.getvalue()


def _plot(
    response: Response,
    traces: Mapping[str, Mapping[str, FloatArray]],
    frame_s: FloatArray,
) -> Any:
    """Return the plot of the responses, oversampled."""
    from PIL import Image, ImageDraw, ImageFont

    zoom = _OVERSAMPLING
    plot = Image.new("RGB", (_WIDTH * zoom, _PLOT_HEIGHT * zoom), "white")
    draw, font = ImageDraw.Draw(plot), ImageFont.load_default(15 * zoom)
    lines = {name: response.scale * trace[response.value] for name, trace in traces.items()}
    subject = next(iter(traces.values()))
    reference = subject.get(response.reference)
    shown = [*lines.values(), *([] if reference is None else [response.scale * reference])]
    low, high = min(map(np.min, shown)), max(map(np.max, shown))
    margin = 0.06 * (high - low) or 1.0
    low, high = low - margin, high + margin
    end_s = float(subject["time_s"][-1]) or 1.0

    def x(time_s: Any) -> Any:
        return zoom * (_LEFT + (_WIDTH - _LEFT - 12) * np.asarray(time_s) / end_s)

    def y(value: Any) -> Any:
        inner = _PLOT_HEIGHT - _TOP - _BOTTOM
        return zoom * (_TOP + inner * (high - np.asarray(value)) / (high - low))

    for value in _ticks(low, high):
        draw.line([(x(0.0), y(value)), (x(end_s), y(value))], _FAINT, zoom)
        draw.text((x(0.0) - 8 * zoom, y(value)), f"{value:g}", _INK, font, anchor="rm")
    for time_s in _ticks(0.0, end_s):
        draw.line([(x(time_s), y(low)), (x(time_s), y(high))], _FAINT, zoom)
        draw.text((x(time_s), y(low) + 6 * zoom), f"{time_s:g} s", _INK, font, anchor="mt")
    for time_s in frame_s:
        tip, side, base = y(low) + 26 * zoom, 5 * zoom, y(low) + 18 * zoom
        corners = [(x(time_s) - side, base), (x(time_s) + side, base), (x(time_s), tip)]
        draw.polygon(corners, _REFERENCE)
    draw.text((8 * zoom, 10 * zoom), response.label, _INK, font)
    at = float(_LEFT + 140)
    if reference is not None:
        steps = np.repeat(reference, 2)[:-1] * response.scale
        times = np.repeat(subject["time_s"], 2)[1:]
        draw.line(list(zip(x(times), y(steps), strict=True)), _REFERENCE, 2 * zoom)
        at = _legend(draw, font, at, "reference", _REFERENCE)
    for (name, line), colour in reversed([*zip(lines.items(), _COLOURS, strict=False)]):
        times = traces[name]["time_s"]
        draw.line(list(zip(x(times), y(line), strict=True)), colour, 2 * zoom, joint="curve")
        at = _legend(draw, font, at, name, colour)
    return plot


def _legend(draw: Any, font: Any, left: float, name: str, colour: str) -> float:
    """Draw an entry of the legend from `left`, pixels; return the left end of the next one."""
    zoom = _OVERSAMPLING
    draw.line([(zoom * left, 19 * zoom), (zoom * (left + 24), 19 * zoom)], colour, 3 * zoom)
    draw.text((zoom * (left + 32), 10 * zoom), name, _INK, font)
    return left + 56 + draw.textlength(name, font) / zoom


def _ticks(low: float | np.floating[Any], high: float | np.floating[Any]) -> FloatArray:
    """Return three to nine round values in a range, ascending, shape (n,)."""
    step = 10.0 ** np.floor(np.log10((high - low) / 3.0))
    step *= next(factor for factor in (5.0, 2.0, 1.0) if (high - low) / (factor * step) >= 3.0)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
