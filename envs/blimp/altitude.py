"""`snn_control/BlimpAltitude-v0`: hold an indoor blimp at a height with two motors and a lidar."""

from __future__ import annotations

from typing import Any

import gymnasium
import mujoco
import numpy as np
from numpy.typing import NDArray

from snn_control.copies import Copied
from snn_control.envs.actions import NEEDS_RESET, finite_action
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.body import BlimpBody
from snn_control.envs.blimp.metrics import (
    REWARD_MARGIN_M,
    REWARD_WITHIN_M,
    altitude_metrics,
)
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import Scenario, draw_scenario
from snn_control.envs.renderer import make_renderer, require_same_process
from snn_control.envs.rewards import tolerance
from snn_control.errors import ParameterError
from snn_control.seeds import whole_seed

__all__ = ["BlimpAltitude", "action_space", "observation_space"]


class BlimpAltitude(Copied, gymnasium.Env):
    """Hold a blimp at a commanded height.

    ## Description
    A helium blimp of 0.84 m with two small motors on a servo that turns them over for downward
    thrust. It models the blimp of T. Burgers, S. Stroobants, G. de Croon, arXiv 2309.12937 (2023);
    the vertical dynamics are calibrated on the public flight logs: transport delay, motor lag, dead
    zone, integer PWM, servo flip, drag, and a hover command of about 3 motor units. By default the
    blimp leaks helium, its battery sags and gusts push it; its lidar has a resolution of 1 cm and a
    blind zone below 0.3 m; its 10 Hz control ticks jitter, arrive in bursts after gaps, and one in
    five is missed. One `step` lasts until the next called tick; missed ticks in between hold the
    command.

    ## Action Space
    `Box(-10, 10, (1,), float64)`

    | Num | Name | Min | Max | Unit |
    |---|---|---|---|---|
    | 0 | motor_command | -10 | 10 | motor units; positive is up, clipped to the bounds |

    ## Observation Space
    `Box(float64)`; measured values are rounded to float32, as the ROS messages carry them.

    | Num | Name | Min | Max | Unit |
    |---|---|---|---|---|
    | 0 | height_error_m | -12 | 12 | m, height_ref_m - range_m |
    | 1 | height_ref_m | 0 | 12 | m |
    | 2 | range_m | 0 | 12 | m, lidar |
    | 3 | dt_s | 0 | 600 | s since the last called tick; the control period at the first |
    | 4 | battery_v | 0 | 20 | V |

    ## Rewards
    In [0, 1] per step: 1 while the true height is within 2 cm of the reference, falling as a
    Gaussian to 0.1 at 0.5 m beyond that.

    ## Starting State
    Hovering at 0.45 to 0.55 m, level, at rest, motors at the hover command. The seed draws the
    parameters of the blimp from the ranges of `parameters.BlimpParameters`. `reset(seed=s)` uses
    `draw_scenario(parameters, s, duration_s)`, as the native plant does;
    `reset(options={"scenario": scenario})` uses the scenario passed.

    ## Episode End
    Truncated after `duration_s`; never terminated. The reference is 0.5, 1.0, 1.5, 1.0 m for 70 s
    each, the last one until the end. `info` contains dt_s, time_s, height_m (true), speed_m_s and
    missed_ticks; `trace()` returns the time series so far and `metrics()` its metrics.

    ## Arguments
    | Name | Default | Meaning |
    |---|---|---|
    | preset | "default" | `default`, `clean`, `missed`, `leak` or `stress` |
    | parameters | None | dict of `BlimpParameters` fields that override the preset |
    | duration_s | 300.0 | length of the episode, s |
    | render_mode | None | "rgb_array" or None |
    | camera | "chase" | `chase`, `side`, `room` or `down` |
    | width, height | 960, 720 | size of a frame, pixels; at most 1280, 960 |

    ## Version History
    * v0: first version.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012
    observation_names = ("height_error_m", "height_ref_m", "range_m", "dt_s", "battery_v")
    action_names = ("motor_command",)

    def __init__(
        self,
        preset: str = "default",
        parameters: dict[str, Any] | None = None,
        duration_s: float = 300.0,
        render_mode: str | None = None,
        camera: str = "chase",
        width: int = 960,
        height: int = 720,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise ParameterError(f"render_mode is {render_mode!r}; expected 'rgb_array' or None")
        self.parameters = blimp_parameters(preset, parameters)
        self.duration_s = duration_s
        self.render_mode = render_mode
        self.camera, self.width, self.height = camera, width, height
        self.observation_space = observation_space()
        self.action_space = action_space()
        self.body = BlimpBody()
        self._renderer: mujoco.Renderer | None = None
        self._scenario: Scenario | None = None
        self._tick = 0
        self._substeps: list[int] = []

    @property
    def control_period_s(self) -> float:
        """Nominal control period in s."""
        return self.parameters.control_period_s

    @property
    def scenario(self) -> Scenario:
        """Scenario of the current episode.

        Raises:
            gymnasium.error.ResetNeeded: before the first `reset`.
        """
        if self._scenario is None:
            raise gymnasium.error.ResetNeeded("call reset() before step(), render() or trace()")
        return self._scenario

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Start the episode of `seed`; None draws the next seed from the last one passed."""
        seed = None if seed is None else whole_seed(seed)
        super().reset(seed=seed)
        scenario = (options or {}).get("scenario")
        if scenario is None:
            drawn = int(self.np_random.integers(2**31)) if seed is None else seed
            scenario = draw_scenario(self.parameters, drawn, self.duration_s)
        self._scenario = scenario
        self._references_m = [*scenario.reference_m.tolist(), float(scenario.reference_m[-1])]
        self._missed = [*scenario.missed.tolist(), 0]
        self._substeps = scenario.substeps.tolist()
        self._sag_v_per_s = scenario.constants.item(plant.SAG_PER_S) * scenario.battery_start_v
        self.body.reset(scenario.constants, scenario.gust_m_s2)
        self._tick = 0
        self._step = 0
        self._heights_m = np.empty(scenario.n_steps + 1)
        self._heights_m[0] = self.body.height_m
        self._commands = np.empty(scenario.substeps.size)
        return self._observe(self.parameters.control_period_s), self._info(0.0)

    def step(
        self, action: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float, bool, bool, dict[str, Any]]:
        """Hold `action` until the next called tick.

        Raises:
            ParameterError: `action` is not one finite number.
            gymnasium.error.ResetNeeded: the episode is over or not started.
        """
        command = finite_action(action, 1).item()
        if self._tick == len(self._substeps):
            raise gymnasium.error.ResetNeeded(NEEDS_RESET)
        n_substeps = self._substeps[self._tick]
        self._commands[self._tick] = command
        self.body.advance(command, n_substeps, self._heights_m, self._step + 1)
        self._tick += 1
        self._step += n_substeps
        dt_s = n_substeps * plant.PHYSICS_STEP_S
        observation = self._observe(dt_s)
        reward = tolerance(
            self._references_m[self._tick] - self.body.height_m,
            -REWARD_WITHIN_M,
            REWARD_WITHIN_M,
            margin=REWARD_MARGIN_M,
        )
        truncated = self._tick == len(self._substeps)
        return observation, reward, False, truncated, self._info(dt_s)

    def render(self) -> NDArray[np.uint8] | None:
        """Return a frame, uint8 (height, width, 3), or None without a render mode."""
        if self.render_mode is None:
            return None
        self.refresh_scene()
        require_same_process()
        if self._renderer is None:
            self._renderer = make_renderer(self.body.model, self.width, self.height)
        self._renderer.update_scene(self.body.data, self.camera)
        return self._renderer.render()

    def refresh_scene(self) -> None:
        """Update the target ring and the poses in `body.data` for a renderer or a viewer."""
        reference_m = self.scenario.reference_m
        self.body.show_target(float(reference_m[min(self._tick, len(reference_m) - 1)]))
        mujoco.mj_kinematics(self.body.model, self.body.data)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_renderer": None}  # a copy makes its own

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def trace(self) -> dict[str, NDArray[np.float64]]:
        """Return the time series so far, one sample per physics step (0.01 s), of equal lengths.

        Keys: time_s, height_m (true), height_ref_m, motor_command (held from that instant).
        """
        scenario, ticks = self.scenario, self._tick
        substeps = scenario.substeps[:ticks]
        reference_m = np.repeat(scenario.reference_m[:ticks], substeps)
        return {
            "time_s": np.arange(self._step) * plant.PHYSICS_STEP_S,
            "height_m": self._heights_m[: self._step].copy(),
            "height_ref_m": reference_m,
            "motor_command": np.repeat(self._commands[:ticks], substeps),
        }

    def metrics(self) -> dict[str, float]:
        """Return `metrics.altitude_metrics` of the true height so far."""
        trace = self.trace()
        return altitude_metrics(trace["time_s"], trace["height_ref_m"], trace["height_m"])

    def _observe(self, dt_s: float) -> NDArray[np.float64]:
        reference_m, range_m = self._references_m[self._tick], self.body.range_m
        drop_v = self._sag_v_per_s * self._step * plant.PHYSICS_STEP_S
        battery_v = float(np.float32(self.scenario.battery_start_v - drop_v))
        return np.array([reference_m - range_m, reference_m, range_m, dt_s, battery_v])

    def _info(self, dt_s: float) -> dict[str, Any]:
        return {
            "dt_s": dt_s,
            "time_s": self._step * plant.PHYSICS_STEP_S,
            "height_m": self.body.height_m,
            "speed_m_s": self.body.speed_m_s,
            "missed_ticks": self._missed[self._tick],
        }


def observation_space() -> gymnasium.spaces.Box:
    """Return the bounds of `BlimpAltitude.observation_names`."""
    low, high = [-12.0, 0.0, 0.0, 0.0, 0.0], [12.0, 12.0, 12.0, 600.0, 20.0]
    return gymnasium.spaces.Box(np.array(low), np.array(high), dtype=np.float64)


def action_space() -> gymnasium.spaces.Box:
    """Return the bounds of the motor command."""
    return gymnasium.spaces.Box(-plant.COMMAND_LIMIT, plant.COMMAND_LIMIT, (1,), np.float64)
