"""`snn_control/Swim-v0`: swim forward with a chain of links in a fluid."""

from __future__ import annotations

from typing import Any

import gymnasium
import mujoco
import numpy as np
from numpy.typing import NDArray

from snn_control.config import from_mapping
from snn_control.copies import Copied
from snn_control.envs.actions import NEEDS_RESET, finite_action
from snn_control.envs.renderer import make_renderer, require_same_process
from snn_control.envs.swimmer.body import CONTROL_PERIOD_S, SwimmerBody
from snn_control.envs.swimmer.damage import Damage
from snn_control.envs.swimmer.metrics import swim_metrics
from snn_control.envs.swimmer.start import Start, draw_start
from snn_control.errors import ParameterError
from snn_control.seeds import whole_seed

__all__ = [
    "EPISODE_TICKS",
    "FULL_REWARD_M_S",
    "Swim",
    "action_names",
    "joint_names",
    "observation_names",
    "swim_reward",
]

FULL_REWARD_M_S = 0.1
EPISODE_TICKS = 1000
"""Length of the published episode, control periods."""


def swim_reward(forward_speed_m_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the published reward of each forward speed, any shape: speed / 0.1 m/s, in [0, 1]."""
    reward: NDArray[np.float64] = np.clip(forward_speed_m_s / FULL_REWARD_M_S, 0.0, 1.0)
    return reward


class Swim(Copied, gymnasium.Env):
    """Swim forward at 0.1 m/s or faster.

    ## Description
    A chain of 3 to 30 links in a fluid with a muscle pair at each joint. The task is that of
    N. Bhattasali, A. Zador, T. Engel, arXiv 2201.05242 (2022) with the swimmer of the DeepMind
    Control Suite, arXiv 1801.00690. Muscles, joints, fluid and sensors can be damaged.

    ## Action Space
    `Box(-1, 1, (n_links - 1,), float64)`

    | Num | Name | Min | Max | Unit |
    |---|---|---|---|---|
    | k | joint_k_effort | -1 | 1 | fraction of 0.5 mN m, positive dorsal, clipped to the bounds |

    There is one row for each joint k; joint 0 is next to the head.

    ## Observation Space
    `Box(float64)` of 4 n_links - 1 entries, clipped to the bounds; link 0 is the head.

    | Num | Name | Min | Max | Unit |
    |---|---|---|---|---|
    | k | joint_k_rad | -4 | 4 | rad, measured, with the noise and bias of damaged sensors |
    | n_joints + 3 k | link_k_vx_m_s | -100 | 100 | m/s, in the frame of the link |
    | n_joints + 3 k + 1 | link_k_vy_m_s | -100 | 100 | m/s, positive towards the tail |
    | n_joints + 3 k + 2 | link_k_turning_rad_s | -1000 | 1000 | rad/s |

    ## Rewards
    In [0, 1] per step: the head's forward speed over 0.1 m/s, clipped. Above 0.1 m/s the return
    does not distinguish swimmers; `metrics()` contains their speed.

    ## Starting State
    At rest; each joint uniform in its range of +-2 pi / n_links, the head in a random direction.
    `reset(options={"start": start})` starts from the `swimmer.start.Start` passed.

    ## Episode End
    Truncated after `n_ticks` control periods of 0.03 s; never terminated. Steps outside an episode
    raise `gymnasium.error.ResetNeeded`. `info` contains time_s, forward_speed_m_s, x_m and y_m of
    the head.

    ## Arguments
    | Name | Default | Meaning |
    |---|---|---|
    | n_links | 6 | number of links, 3 to 30 |
    | damage | None | dict of `swimmer.damage.Damage` fields |
    | n_ticks | 1000 | length of the episode, control periods |
    | render_mode | None | "rgb_array" or None |
    | width, height | 960, 720 | size of a frame, pixels; at most 1280, 960 |

    ## Version History
    * v0: first version.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 33}  # noqa: RUF012
    control_period_s = CONTROL_PERIOD_S

    def __init__(
        self,
        n_links: int = 6,
        damage: dict[str, Any] | None = None,
        n_ticks: int = EPISODE_TICKS,
        render_mode: str | None = None,
        width: int = 960,
        height: int = 720,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise ParameterError(f"render_mode is {render_mode!r}; expected 'rgb_array' or None")
        if n_ticks < 1:
            raise ParameterError(f"n_ticks is {n_ticks}; expected at least 1")
        self.damage = damage_of(damage)
        self.body = SwimmerBody(n_links, self.damage)
        self.n_ticks, self.render_mode = n_ticks, render_mode
        self.observation_names = observation_names(n_links)
        self.action_names = action_names(n_links - 1)
        self.observation_space = observation_space(n_links)
        self.action_space = action_space(n_links - 1)
        self._high = self.observation_space.high
        self._size = (width, height)
        self._renderer: mujoco.Renderer | None = None
        self._start: Start | None = None
        self._tick = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Start an episode; `options={"start": start}` starts from the `Start` passed."""
        seed = None if seed is None else whole_seed(seed)
        super().reset(seed=seed)
        if seed is None:
            seed = int(self.np_random.integers(2**31))
        start = (options or {}).get("start")
        self._start = start or draw_start(self.body.n_links, seed, self.n_ticks, self.damage)
        self.body.reset(self._start)
        self._tick = 0
        self._path = np.zeros((self.n_ticks + 1, 2))
        self._speeds = np.zeros(self.n_ticks)
        self._path[0] = self.body.position_m
        return self._observe(), self._info()

    def step(
        self, action: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float, bool, bool, dict[str, Any]]:
        """Hold the efforts for a control period.

        Raises:
            ParameterError: `action` is not one finite number for each joint.
            gymnasium.error.ResetNeeded: the episode is over or not started.
        """
        effort = finite_action(action, self.body.n_joints)
        if self._start is None or self._tick >= self.n_ticks:
            raise gymnasium.error.ResetNeeded(NEEDS_RESET)
        self.body.advance(effort)
        speed = self.body.forward_speed_m_s
        self._speeds[self._tick] = speed
        self._tick += 1
        self._path[self._tick] = self.body.position_m
        reward = min(max(speed / FULL_REWARD_M_S, 0.0), 1.0)
        return self._observe(), reward, False, self._tick >= self.n_ticks, self._info()

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the episode so far, see `swimmer.metrics`.

        Raises:
            gymnasium.error.ResetNeeded: before the first `reset`.
        """
        if self._start is None:
            raise gymnasium.error.ResetNeeded(NEEDS_RESET)
        return swim_metrics(self._speeds[: self._tick], self._path[: self._tick + 1])

    def render(self) -> NDArray[np.uint8] | None:
        """Return a frame, shape (height, width, 3), or None without `rgb_array`."""
        if self.render_mode is None:
            return None
        require_same_process()
        if self._renderer is None:
            self._renderer = make_renderer(self.body.model, *self._size)
        mujoco.mj_forward(self.body.model, self.body.data)
        self._renderer.update_scene(self.body.data, "tracking")
        return self._renderer.render()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_renderer": None}  # a copy makes its own

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _observe(self) -> NDArray[np.float64]:
        joint_rad, errors = self.body.joint_rad, self._start.sensor_error_rad
        if errors.size:
            joint_rad = joint_rad + errors[min(self._tick, len(errors) - 1)]
        observation = np.concatenate([joint_rad, self.body.link_velocities])
        return np.clip(observation, -self._high, self._high)

    def _info(self) -> dict[str, Any]:
        x_m, y_m = self._path[self._tick].tolist()
        return {
            "time_s": self._tick * CONTROL_PERIOD_S,
            "forward_speed_m_s": self.body.forward_speed_m_s,
            "x_m": x_m,
            "y_m": y_m,
        }


def damage_of(fields: dict[str, Any] | None) -> Damage:
    """Return the damage of a dict of its fields."""
    return from_mapping(Damage, fields or {}, "damage")


def observation_space(n_links: int) -> gymnasium.spaces.Box:
    """Return the bounds of `observation_names`."""
    high = np.concatenate([np.full(n_links - 1, 4.0), np.tile([100.0, 100.0, 1000.0], n_links)])
    return gymnasium.spaces.Box(-high, high, dtype=np.float64)


def action_space(n_joints: int) -> gymnasium.spaces.Box:
    """Return the bounds of the efforts."""
    return gymnasium.spaces.Box(-1.0, 1.0, (n_joints,), np.float64)


def observation_names(n_links: int) -> tuple[str, ...]:
    """Return the names of the observations of a swimmer of n links."""
    velocities = ("vx_m_s", "vy_m_s", "turning_rad_s")
    return joint_names(n_links - 1) + tuple(
        f"link_{k}_{name}" for k in range(n_links) for name in velocities
    )


def joint_names(n_joints: int) -> tuple[str, ...]:
    """Return the names of the measured joint angles."""
    return tuple(f"joint_{k}_rad" for k in range(n_joints))


def action_names(n_joints: int) -> tuple[str, ...]:
    """Return the names of the efforts."""
    return tuple(f"joint_{k}_effort" for k in range(n_joints))
