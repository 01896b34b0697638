"""Picture of a seeded episode: the response beside the baselines', above a strip of film frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.errors import ParameterError, require
from snn_control.runs import atomic
from snn_control.training.environment import make_environment
from snn_control.training.evaluate import run_episode
from snn_control.training.film import SIZE, Filmed
from snn_control.training.rollout import Episode
from snn_control.training.system import FilmWindow, Response
from snn_control.training.systems import system_of

__all__ = ["N_FRAMES", "picture"]

FloatArray = npt.NDArray[np.floating[Any]]
N_FRAMES = 6
_WIDTH, _PLOT_HEIGHT, _LEFT, _TOP, _BOTTOM = 1200, 300, 70, 44, 34
_OVERSAMPLING = 2
_INK, _FAINT, _REFERENCE = "#333333", "#d8d8d8", "#888888"
_COLOURS = ("#2b4bd6", "#e07b00", "#1a9850", "#7b3fa0")


def picture(
    controller: Controller,
    name: str,
    path: Path,
    *,
    seed: int,
    environment: str,
    preset: str = "default",
    preferred: dict[str, Any] | None = None,
    **options: Any,
) -> Episode:
    """Write a PNG of the episode of `seed`: response, baselines on the same seed, film frames.

    Args:
        controller: subject of the picture.
        name: its name in the legend.
        path: file to write.
        seed: seed of the episode.
        environment: id of a registered environment.
        preset: preset of the environment.
        preferred: options for environments that accept them.
        options: options of the environment.

    Returns:
        The episode.

    Raises:
        InterfaceMismatchError: no system accepts the controller.
        MissingExtraError: Pillow or a renderer is missing.
        ParameterError: the system of the controller declares no response, or the episode ends
            before there are frames.
        RunError: the file cannot be written.
    """
    require("PIL", "report")
    system = system_of(controller)
    response = system.response
    if response is None:
        raise ParameterError(f"system {system.name!r} declares no `response`: there is no picture")

    def env(**rendering: Any) -> Any:
        return make_environment(
            environment, preset=preset, preferred=SIZE | (preferred or {}), **options, **rendering
        )

    plain = env()
    try:
        subject = run_episode(controller, plain, seed)
        rivals = {
            rival: run_episode(other, plain, seed).trace
            for rival, other in system.rivals(controller).items()
        }
    finally:
        plain.close()
    time_s = subject.trace["time_s"]
    frame_s = (np.arange(N_FRAMES) + 0.5) * (float(time_s[-1]) / N_FRAMES)
    frames = _frames(controller, env(render_mode="rgb_array"), seed, frame_s)
    image = _drawn(response, {name: subject.trace, **rivals}, frames, frame_s)
    with atomic.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, optimize=True)
    return subject


def _frames(
    controller: Controller, env: Any, seed: int, frame_s: FloatArray
) -> list[npt.NDArray[np.uint8]]:
    """Return the frames at equally spaced times."""
    frames: list[npt.NDArray[np.uint8]] = []
    window = FilmWindow(start_s=float(frame_s[0]))
    filmed = Filmed(env, frames.append, window, float(frame_s[1] - frame_s[0]))
    try:
        run_episode(controller, filmed, seed)
    finally:
        env.close()
    return frames[:N_FRAMES]


def _drawn(
    response: Response,
    traces: dict[str, dict[str, FloatArray]],
    frames: list[npt.NDArray[np.uint8]],
    frame_s: FloatArray,
) -> Any:
    """Return the image: plot above, frames below, 256 colours."""
    from PIL import Image

    strip_width = _WIDTH // N_FRAMES
    sizes = [(strip_width - 4, round((strip_width - 4) * f.shape[0] / f.shape[1])) for f in frames]
    height = _PLOT_HEIGHT + max((size[1] for size in sizes), default=0)
    whole = Image.new("RGB", (_WIDTH, height), "white")
    plot = _plot(response, traces, frame_s)
    whole.paste(plot.resize((_WIDTH, _PLOT_HEIGHT), Image.Resampling.LANCZOS), (0, 0))
    for k, (frame, size) in enumerate(zip(frames, sizes, strict=True)):
        scaled = Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS)
        whole.paste(scaled, (k * strip_width + 2, _PLOT_HEIGHT))
    return whole.quantize(256, dither=Image.Dither.NONE)


def _plot(response: Response, traces: dict[str, dict[str, FloatArray]], frame_s: FloatArray) -> Any:
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
    low, high = low - 0.06 * (high - low), high + 0.06 * (high - low)
    end_s = float(subject["time_s"][-1])

    def x(time_s: Any) -> Any:
        return zoom * (_LEFT + (_WIDTH - _LEFT - 12) * np.asarray(time_s) / end_s)

    def y(value: Any) -> Any:
        inner = _PLOT_HEIGHT - _TOP - _BOTTOM
        return zoom * (_TOP + inner * (high - np.asarray(value)) / (high - low))

    for value in _ticks(low, high):
        draw.line([(x(0.0), y(value)), (x(end_s), y(value))], _FAINT, zoom)
        draw.text((x(0.0) - 8 * zoom, y(value)), f"{value:g}", _INK, font, anchor="rm")
    for time_s in _ticks(0.0, end_s):
        draw.text((x(time_s), y(low) + 6 * zoom), f"{time_s:g} s", _INK, font, anchor="mt")
    for time_s in frame_s:
        draw.line([(x(time_s), y(low)), (x(time_s), y(high))], _FAINT, zoom)
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
    """Return four to nine round values in a range."""
    step = 10.0 ** np.floor(np.log10((high - low) / 3.0))
    step *= next(factor for factor in (5.0, 2.0, 1.0) if (high - low) / (factor * step) >= 3.0)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
