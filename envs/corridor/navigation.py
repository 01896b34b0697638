"""`snn_control/CorridorNav-v0`: pass a corridor with obstacles, seen by the rays that are fired."""

from __future__ import annotations

from typing import Any

import gymnasium
import mujoco
import numpy as np
from numpy.typing import NDArray

from snn_control.copies import Copied
from snn_control.envs.actions import NEEDS_RESET, finite_action
from snn_control.envs.corridor.body import (
    MAX_SPEED_M_S,
    MAX_TURN_RATE_RAD_S,
    REACH_M,
    CorridorBody,
    ray_angles,
)
from snn_control.envs.corridor.metrics import corridor_metrics
from snn_control.envs.corridor.mjcf import LIDAR_HEIGHT_M
from snn_control.envs.corridor.scenario import (
    CONTROL_PERIOD_S,
    N_RAYS,
    Errors,
    Scenario,
    draw_scenario,
)
from snn_control.envs.corridor.worlds import LENGTH_M
from snn_control.envs.renderer import make_renderer, require_same_process
from snn_control.errors import ParameterError
from snn_control.seeds import whole_seed

__all__ = ["NOT_FIRED_M", "CorridorNav", "action_space", "observation_space"]

NOT_FIRED_M = -1.0
"""Range of a ray that was not fired, m."""
FIRED_ABOVE = 0.5
"""Entry of an action above which its ray is fired."""


class CorridorNav(Copied, gymnasium.Env):
    """Pass a corridor of 20 m without a collision, with any choice of lidar rays.

    ## Description
    A disc of radius 0.2 m drives at most 0.8 m/s along a corridor 2.5 m wide, open at both ends,
    with rows of obstacles every 1.1 to 1.9 m. Its lidar has 72 rays over 360 degrees with a reach
    of 6 m. Speed and turn rate follow their commands with a lag of 0.1 s. The agent may choose the
    rays of each scan: rays that are not fired carry no information. How few rays suffice is the
    question of generative sensing, arXiv 2502.02692 (2025). The worlds are `static` (cylinders),
    `novel` (poles of 4 cm, wall stubs, planks), `moving` (half of the cylinders move across at 0.1
    to 0.3 m/s) and `novel-moving` (`novel`, and two walkers that approach at 1.0 m/s). Train in
    `static` only: the others are for evaluations. A mover stops in front of the robot, 0.2 m from
    its rim, so that a collision is the robot's.

    ## Action Space
    `Box(float64)`, shape (2,)

    | Num | Name | Min | Max | Unit |
    |---|---|---|---|---|
    | 0 | speed_m_s | 0 | 0.8 | m/s, forward, clipped to the bounds |
    | 1 | turn_rate_rad_s | -2 | 2 | rad/s, positive to the left, clipped to the bounds |

    With these two entries every scan has all rays. With `ray_choice` the action has 72 more
    entries, `fire_0` to `fire_71`, in [0, 1]: the next scan has the rays whose entry is above 0.5.

    ## Observation Space
    `Box(float64)`, shape (76,)

    | Num | Name | Min | Max | Unit |
    |---|---|---|---|---|
    | k | ray_k_m | -1 | 6 | m, -1: not fired, 6: no return |
    | 72 | dx_m | -1 | 1 | m, odometry since the last scan, forward |
    | 73 | dy_m | -1 | 1 | m, the same, to the left |
    | 74 | dyaw_rad | -1 | 1 | rad, the same, turn to the left |
    | 75 | dt_s | 0 | 1 | s since the last scan; 0 at the first |

    Ray k is 5 k degrees to the left of straight ahead. Increments are in the frame of the robot at
    the last scan, with an error of scale and a drift of the yaw that are constant in an episode.

    ## Rewards
    In [0, 1] per step: progress along the corridor over that of full speed, clipped.

    ## Starting State
    At rest at x = 0, at most 0.3 m beside the middle, at most 0.1 rad from straight ahead. The seed
    draws obstacles, start and errors: `reset(seed=s)` uses `draw_scenario(world, s, ...)`,
    `reset(options={"scenario": scenario})` the scenario passed. With `ray_choice` the first scan
    has the rays of `options={"fire": mask}`, shape (72,), and none without it.

    ## Episode End
    Terminated at x = 20 m or in a collision, truncated after `duration_s`. `info` contains time_s,
    x_m, y_m, yaw_rad (true), clearance_m, collided, reached and rays_fired.

    ## Arguments
    | Name | Default | Meaning |
    |---|---|---|
    | world | "static" | `static`, `novel`, `moving` or `novel-moving` |
    | preset | "default" | name of a world in place of `world`, as the command line passes it |
    | ray_choice | False | True: the action chooses the rays of the next scan |
    | duration_s | 40.0 | longest episode, s |
    | errors | None | dict of `scenario.Errors` fields: noise of ranges, errors of odometry |
    | render_mode | None | "rgb_array" or None |
    | camera | "above" | `above`, `whole` or `chase` |
    | width, height | 960, 720 | size of a frame, pixels; at most 1280, 960 |

    ## Version History
    * v0: first version.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012
    control_period_s = CONTROL_PERIOD_S
    observation_names = (
        *(f"ray_{k}_m" for k in range(N_RAYS)),
        "dx_m",
        "dy_m",
        "dyaw_rad",
        "dt_s",
    )

    def __init__(
        self,
        world: str = "static",
        preset: str = "default",
        ray_choice: bool = False,
        duration_s: float = 40.0,
        errors: dict[str, float] | None = None,
        render_mode: str | None = None,
        camera: str = "above",
        width: int = 960,
        height: int = 720,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise ParameterError(f"render_mode is {render_mode!r}; expected 'rgb_array' or None")
        self.world = world if preset == "default" else preset
        self.errors, self.duration_s = Errors(**(errors or {})), duration_s
        self.ray_choice, self.render_mode = ray_choice, render_mode
        self.camera, self.width, self.height = camera, width, height
        names = ("speed_m_s", "turn_rate_rad_s")
        self.action_names = (*names, *(f"fire_{k}" for k in range(N_RAYS))) if ray_choice else names
        self.observation_space = observation_space()
        self.action_space = action_space(ray_choice)
        self.body = CorridorBody(draw_scenario(self.world, 0, duration_s, self.errors))
        self._renderer: mujoco.Renderer | None = None
        self._scenario: Scenario | None = None
        self._over = True

    @property
    def scenario(self) -> Scenario:
        """Scenario of the current episode.

        Raises:
            gymnasium.error.ResetNeeded: before the first `reset`.
        """
        if self._scenario is None:
            raise gymnasium.error.ResetNeeded(NEEDS_RESET)
        return self._scenario

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Start the episode of `seed`; None draws the next seed from the last one passed."""
        seed = None if seed is None else whole_seed(seed)
        super().reset(seed=seed)
        if seed is None:
            seed = int(self.np_random.integers(2**31))
        options = options or {}
        scenario = options.get("scenario")
        if scenario is None:
            scenario = draw_scenario(self.world, seed, self.duration_s, self.errors)
        self.close()  # the renderer belongs to the model of the last episode
        self._scenario, self.body = scenario, CorridorBody(scenario)
        self._tick, self._over = 0, False
        self._path_m = np.zeros((scenario.n_ticks + 1, 2))
        self._clearance_m = np.zeros(scenario.n_ticks + 1)
        self._fired = np.zeros(scenario.n_ticks + 1, np.int64)
        self._clearance_m[0] = self.body.clearance_m
        self._path_m[0] = self.body.x_m, self.body.y_m
        fire = options.get("fire")
        rays = self._rays(np.zeros(N_RAYS) if fire is None else np.asarray(fire, np.float64))
        return self._observe(rays, (0.0, 0.0, 0.0, 0.0)), self._info()

    def step(
        self, action: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float, bool, bool, dict[str, Any]]:
        """Hold speed and turn rate for a control period, then fire the chosen rays.

        Raises:
            ParameterError: `action` is not one finite number for each of `action_names`.
            gymnasium.error.ResetNeeded: the episode is over or not started.
        """
        values = finite_action(action, len(self.action_names))
        if self._over:
            raise gymnasium.error.ResetNeeded(NEEDS_RESET)
        body = self.body
        x_m, y_m, yaw_rad = body.x_m, body.y_m, body.yaw_rad
        clearance_m = body.advance(values[0].item(), values[1].item())
        self._tick += 1
        tick = self._tick
        self._path_m[tick] = body.x_m, body.y_m
        self._clearance_m[tick] = min(clearance_m, float(self._clearance_m[tick - 1]))
        odometry = self._odometry(body.x_m - x_m, body.y_m - y_m, yaw_rad)
        observation = self._observe(self._rays(values[2:]), odometry)
        terminated = clearance_m < 0.0 or body.x_m >= LENGTH_M
        truncated = not terminated and tick >= self.scenario.n_ticks
        self._over = terminated or truncated
        progress = (body.x_m - x_m) / (MAX_SPEED_M_S * CONTROL_PERIOD_S)
        return observation, min(max(progress, 0.0), 1.0), terminated, truncated, self._info()

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the episode so far, see `corridor.metrics`.

        Raises:
            gymnasium.error.ResetNeeded: before the first `reset`.
        """
        _, n = self.scenario, self._tick + 1
        return corridor_metrics(
            self._path_m[:n], self._clearance_m[:n], self._fired[:n], CONTROL_PERIOD_S
        )

    def render(self) -> NDArray[np.uint8] | None:
        """Return a frame with the fired rays, uint8 (height, width, 3), or None without a mode."""
        if self.render_mode is None:
            return None
        require_same_process()
        if self._renderer is None:
            self._renderer = make_renderer(self.body.model, self.width, self.height)
        mujoco.mj_forward(self.body.model, self.body.data)
        self._renderer.update_scene(self.body.data, self.camera)
        for k in np.flatnonzero(self._last_m >= 0.0).tolist():
            _draw_ray(self._renderer.scene, self.body, k, float(self._last_m[k]))
        return self._renderer.render()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_renderer": None}  # a copy makes its own

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _rays(self, fire: NDArray[np.float64]) -> NDArray[np.intp] | None:
        """Return the numbers of the rays to fire; None: all."""
        if not self.ray_choice:
            return None
        if fire.shape != (N_RAYS,):
            raise ParameterError(f"fire has shape {fire.shape}; expected ({N_RAYS},)")
        return np.flatnonzero(fire > FIRED_ABOVE)

    def _odometry(self, dx_m: float, dy_m: float, yaw_rad: float) -> tuple[float, ...]:
        """Return the measured displacement in the frame before it, and the period."""
        scenario = self.scenario
        cos, sin = np.cos(yaw_rad).item(), np.sin(yaw_rad).item()
        scale = scenario.odometry_scale
        turn_rad = self.body.yaw_rad - yaw_rad + scenario.yaw_drift_rad_s * CONTROL_PERIOD_S
        return (
            scale * (cos * dx_m + sin * dy_m),
            scale * (cos * dy_m - sin * dx_m),
            turn_rad,
            CONTROL_PERIOD_S,
        )

    def _observe(
        self, rays: NDArray[np.intp] | None, odometry: tuple[float, ...]
    ) -> NDArray[np.float64]:
        observation = np.full(N_RAYS + 4, NOT_FIRED_M)
        observation[N_RAYS:] = np.clip(odometry, -1.0, 1.0)
        fired: Any = slice(0, N_RAYS) if rays is None else rays
        true_m = self.body.ranges_m(rays)
        noisy_m = np.clip(true_m + self.scenario.range_noise_m[self._tick, fired], 0.0, REACH_M)
        observation[fired] = np.where(true_m >= REACH_M, REACH_M, noisy_m)
        self._fired[self._tick] = true_m.size
        self._last_m = observation[:N_RAYS]
        return observation.copy()

    def _info(self) -> dict[str, Any]:
        body, clearance_m = self.body, float(self._clearance_m[self._tick])
        return {
            "time_s": self._tick * CONTROL_PERIOD_S,
            "x_m": body.x_m,
            "y_m": body.y_m,
            "yaw_rad": body.yaw_rad,
            "clearance_m": body.clearance_m,
            "collided": clearance_m < 0.0,
            "reached": body.x_m >= LENGTH_M,
            "rays_fired": int(self._fired[self._tick]),
        }


def observation_space() -> gymnasium.spaces.Box:
    """Return the bounds of `CorridorNav.observation_names`."""
    low = np.array([NOT_FIRED_M] * N_RAYS + [-1.0, -1.0, -1.0, 0.0])
    high = np.array([REACH_M] * N_RAYS + [1.0] * 4)
    return gymnasium.spaces.Box(low, high, dtype=np.float64)


def action_space(ray_choice: bool) -> gymnasium.spaces.Box:
    """Return the bounds of the action, with 72 entries for the rays if they are chosen."""
    fire = N_RAYS if ray_choice else 0
    low = np.array([0.0, -MAX_TURN_RATE_RAD_S] + [0.0] * fire)
    high = np.array([MAX_SPEED_M_S, MAX_TURN_RATE_RAD_S] + [1.0] * fire)
    return gymnasium.spaces.Box(low, high, dtype=np.float64)


def _draw_ray(scene: Any, body: CorridorBody, k: int, range_m: float) -> None:
    """Add a line from the lidar to the return of ray k to a scene."""
    if scene.ngeom >= scene.maxgeom:
        return
    angle = body.yaw_rad + float(ray_angles()[k])
    start = np.array([body.x_m, body.y_m, LIDAR_HEIGHT_M])
    end = start + range_m * np.array([np.cos(angle), np.sin(angle), 0.0])
    line, rgba = scene.geoms[scene.ngeom], np.array([0.1, 0.6, 0.3, 0.7], np.float32)
    kind = mujoco.mjtGeom.mjGEOM_CAPSULE
    mujoco.mjv_initGeom(line, kind, np.zeros(3), np.zeros(3), np.zeros(9), rgba)
    mujoco.mjv_connector(line, kind, 0.008, start, end)
    scene.ngeom += 1
