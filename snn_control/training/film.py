"""Films and pictures of seeded episodes."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.envs.renderer import DISABLED, no_renderer
from snn_control.errors import MissingExtraError, ParameterError, SnnControlError, require
from snn_control.report.episode_picture import N_FRAMES, episode_picture
from snn_control.runs import atomic
from snn_control.training.environment import make_environment
from snn_control.training.evaluate import run_episode
from snn_control.training.rollout import Episode
from snn_control.training.system import WHOLE, FilmWindow
from snn_control.training.systems import system_of

__all__ = ["FRAMES_PER_S", "SIZE", "WHOLE", "Filmed", "can_film", "film", "picture"]

FRAMES_PER_S = 8
SIZE = {"width": 640, "height": 480}
"""Default frame size, pixels. Without a GPU, rendering larger frames takes minutes."""


class Filmed(gymnasium.Wrapper):
    """Wrapper that passes the frames of a window to `take` and ends the episode with the window.

    Frames are due every `period_s` of the environment's `info["time_s"]`; an environment without it
    is filmed once a step.
    """

    def __init__(
        self,
        env: gymnasium.Env,
        take: Callable[[np.ndarray], Any],
        window: FilmWindow = WHOLE,
        period_s: float = 1.0 / FRAMES_PER_S,
    ) -> None:
        super().__init__(env)
        self._take, self._window, self._period_s = take, window, period_s
        self.frames = 0

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        """Start the episode and take the first frame if it is due."""
        observation, info = self.env.reset(**options)
        self._due_s = self._window.start_s
        self._film(info)
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Advance one tick and take the frames that are due."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        if "time_s" in info and info["time_s"] >= self._window.stop_s:
            return observation, reward, terminated, True, info
        if not (terminated or truncated):
            self._film(info)
        return observation, reward, terminated, truncated, info

    def _film(self, info: dict[str, Any]) -> None:
        time_s = info.get("time_s", self._due_s)
        while self._due_s <= time_s:
            self._take(self._frame())
            self.frames += 1
            self._due_s += self._period_s

    def _frame(self) -> np.ndarray:
        try:
            return np.asarray(self.env.render())
        except SnnControlError:
            raise
        except Exception as exc:  # graphics drivers raise exceptions of any type
            if self.frames:
                raise
            raise no_renderer(exc) from exc


def film(
    controller: Controller,
    path: Path,
    *,
    seed: int,
    environment: str,
    preset: str = "default",
    window: FilmWindow = WHOLE,
    preferred: dict[str, Any] | None = None,
    on_frame: Callable[[int], None] = lambda _: None,
    **options: Any,
) -> Episode:
    """Write an MP4 film of part of an episode, in real time.

    Args:
        controller: controller to film.
        path: path of the film; ends in `.mp4`.
        seed: seed of the episode.
        environment: id of a registered environment.
        preset: preset of the environment.
        window: part of the episode; default: all of it.
        preferred: options that are passed only to environments that accept them.
        on_frame: called with the number of frames after each one.
        options: options of the environment.

    Returns:
        The episode up to the end of the window.

    Raises:
        MissingExtraError: imageio-ffmpeg or a renderer is missing.
        ParameterError: the episode ends before the window, or `path` does not end in `.mp4`.
        RunError: the file cannot be written.
    """
    if path.suffix.lower() != ".mp4":
        raise ParameterError(
            f"{path}: films are MP4 and pictures PNG; choose a name that ends in .mp4 or .png"
        )
    require("imageio_ffmpeg", "report")
    import imageio.v2 as imageio

    options["render_mode"] = "rgb_array"
    env = make_environment(
        environment, preset=preset, preferred=SIZE | (preferred or {}), **options
    )
    partial = path.with_name(f".{path.name}.partial.mp4")
    try:
        with atomic.writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        movie: Any
        with (
            atomic.writing(path),
            imageio.get_writer(partial, fps=FRAMES_PER_S, macro_block_size=1) as movie,
        ):

            def take(frame: np.ndarray) -> None:
                movie.append_data(frame)
                on_frame(filmed.frames + 1)

            filmed = Filmed(env, take, window)
            episode = run_episode(controller, filmed, seed)
        if not filmed.frames:
            raise ParameterError(f"start_s is {window.start_s:g}; the episode ended before it")
        with atomic.writing(path):
            partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink()
        env.close()
    return episode


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
        ParameterError: `path` does not end in `.png`, the system of the controller declares no
            response, or the environment does not report it.
        RunError: the file cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise ParameterError(f"{path}: pictures are PNG; choose a name that ends in .png")
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
    if "time_s" not in subject.trace:
        raise ParameterError(f"{environment} reports no `time_s` in `info`: there is no picture")
    frame_s = (np.arange(N_FRAMES) + 0.5) * (float(subject.trace["time_s"][-1]) / N_FRAMES)
    frames = _frames(controller, env(render_mode="rgb_array"), seed, frame_s)
    png = episode_picture(response, {name: subject.trace, **rivals}, frames, frame_s)
    with atomic.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_bytes(path, png)
    return subject


def _frames(
    controller: Controller, env: Any, seed: int, frame_s: npt.NDArray[np.floating[Any]]
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


def can_film() -> bool:
    """Return True if imageio-ffmpeg is installed and rendering is not disabled."""
    try:
        require("imageio_ffmpeg", "report")
    except MissingExtraError:
        return False
    return os.environ.get("MUJOCO_GL", "").lower().strip() not in DISABLED
