"""Film a stretch of a seeded episode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

import snn_control.envs  # noqa: F401 - registers the environments
from snn_control.controllers.controller import Controller
from snn_control.errors import MissingExtraError, require
from snn_control.training.evaluate import ENVIRONMENT
from snn_control.training.rollout import match

FRAMES_PER_S = 8


def film(
    controller: Controller,
    path: Path,
    *,
    seed: int,
    preset: str = "default",
    start_s: float = 67.0,
    stop_s: float = 87.0,
    environment: str = ENVIRONMENT,
    **options: Any,
) -> Path:
    """Write an MP4 of [start_s, stop_s) of the episode of `seed`, in real time; return its path.

    The defaults show the first reference step, at 70 s.

    Raises:
        MissingExtraError: imageio-ffmpeg is missing.
    """
    require("imageio_ffmpeg", "report")
    import imageio.v2 as imageio

    env = gymnasium.make(environment, preset=preset, render_mode="rgb_array", **options)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial.mp4")
    try:
        pick = match(controller, env)
        controller.reset(seed)
        observation, info = env.reset(seed=seed)
        due_s, done = start_s, False
        with imageio.get_writer(partial, fps=FRAMES_PER_S, macro_block_size=1) as movie:
            while not done and info["time_s"] < stop_s:
                while info["time_s"] >= due_s:
                    movie.append_data(np.asarray(env.render()))  # type: ignore[attr-defined]
                    due_s += 1.0 / FRAMES_PER_S
                action = controller.step(np.asarray(observation, np.float64)[pick])
                observation, _, terminated, truncated, info = env.step(action)
                done = terminated or truncated
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
        env.close()
    return path


def can_film() -> bool:
    """Whether the parts that write a video are installed."""
    try:
        require("imageio_ffmpeg", "report")
    except MissingExtraError:
        return False
    return True
