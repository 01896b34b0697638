"""Live view of an episode, in real time, on a machine with a display."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

import gymnasium

from snn_control.controllers.controller import Controller
from snn_control.errors import ConfigError
from snn_control.training.environment import make_environment
from snn_control.training.evaluate import run_episode
from snn_control.training.rollout import Episode
from snn_control.training.system import WHOLE, FilmWindow

CLOSING_S = 5.0
"""Longest wait for each thread of the viewer to end, s."""


class Watched(gymnasium.Wrapper):
    """Wrapper that runs part of an episode in MuJoCo's viewer; closing it ends the episode.

    Before the part the episode runs as fast as possible, then in real time.

    The MuJoCo model is read from `model` and `data` of the environment or of its `body`. A method
    `refresh_scene` of the environment is called before each picture.
    """

    def __init__(self, env: gymnasium.Env, window: FilmWindow = WHOLE) -> None:
        super().__init__(env)
        self._window = window
        self._model, self._data = _mujoco(env)
        self._viewer: Any = None

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        """Start the episode and open the window."""
        import mujoco.viewer

        observation, info = self.env.reset(**options)
        if self._viewer is None:
            self._model, self._data = _mujoco(self.env)  # a reset may make another model
            before = set(threading.enumerate())
            self._viewer = mujoco.viewer.launch_passive(self._model, self._data)
            # The viewer renders in separate threads and does not join them: closing the window
            # while one of them renders crashes the process.
            self._drawing = set(threading.enumerate()) - before
        self._started_s: float | None = None
        self._show(info)
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Advance one tick, wait until it is due and show it."""
        with self._viewer.lock():
            observation, reward, terminated, truncated, info = self.env.step(action)
        self._show(info)
        over = info.get("time_s", 0.0) >= self._window.stop_s or not self._viewer.is_running()
        return observation, reward, terminated, truncated or over, info

    def close(self) -> None:
        """Close the window and the environment."""
        if self._viewer is not None:
            self._viewer.close()
            for thread in self._drawing:
                thread.join(CLOSING_S)
            self._viewer = None
        super().close()

    def _show(self, info: dict[str, Any]) -> None:
        inner = self.env.unwrapped
        if inner.has_wrapper_attr("refresh_scene"):
            inner.get_wrapper_attr("refresh_scene")()
        self._viewer.sync()
        time_s = info.get("time_s", self._window.start_s)
        if time_s < self._window.start_s:
            return
        if self._started_s is None:
            self._started_s = time.monotonic() - time_s
        time.sleep(max(0.0, self._started_s + time_s - time.monotonic()))


def watch(
    controller: Controller,
    *,
    seed: int,
    environment: str,
    preset: str = "default",
    window: FilmWindow = WHOLE,
    **options: Any,
) -> Episode:
    """Run the episode of `seed` in a window: the environment's own (`human`), or MuJoCo's viewer.

    MuJoCo's viewer shows the part `window` of the episode in real time.

    Raises:
        ConfigError: the environment supports neither.
    """
    env = make_environment(environment, preset=preset, **options)
    try:
        if "human" in env.metadata.get("render_modes", ()):
            env.close()
            env = make_environment(environment, preset=preset, render_mode="human", **options)
        else:
            env = Watched(env, window)
        return run_episode(controller, env, seed)
    finally:
        env.close()


def has_display() -> bool:
    """Return True if a window can be opened."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return sys.platform == "win32"  # on macOS the viewer runs under mjpython only


def _mujoco(env: gymnasium.Env) -> tuple[Any, Any]:
    inner: Any = env.unwrapped
    if inner.has_wrapper_attr("body"):
        return inner.body.model, inner.body.data
    if inner.has_wrapper_attr("model") and inner.has_wrapper_attr("data"):
        return inner.model, inner.data
    raise ConfigError(
        "the environment has no render mode `human` and no MuJoCo model; film it with --out"
    )
