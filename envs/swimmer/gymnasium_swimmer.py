"""`snn_control/Swimmer-v5`: Gymnasium's swimmer with named observations and actions."""

from __future__ import annotations

from typing import Any

import gymnasium
import mujoco
import numpy as np
from numpy.typing import NDArray

from snn_control.copies import Copied
from snn_control.envs.actions import NEEDS_RESET, finite_action
from snn_control.envs.mujoco_log import log_warnings
from snn_control.envs.renderer import drawn, require_same_process
from snn_control.errors import MissingExtraError
from snn_control.seeds import whole_seed

__all__ = ["NEEDS_IMAGEIO", "GymnasiumSwimmer"]

NEEDS_IMAGEIO = 'Swimmer-v5 needs imageio: pip install "gymnasium[mujoco]" or "snn_control[report]"'

log_warnings()


class GymnasiumSwimmer(Copied, gymnasium.Env):
    """Gymnasium's `Swimmer-v5` with unchanged physics, reward, start and episode length.

    ## Description
    Three links in a fluid of 4000 kg/m^3 and 0.1 Pa s, after P. Coulom (2002); see Gymnasium's page
    on Swimmer-v5. Differences from `snn_control/Swim-v0`: longer links, two joints of +-100
    degrees, a control period of 0.04 s, an unbounded reward.

    ## Action Space
    `Box(-1, 1, (2,), float32)`

    | Num | Name | Min | Max | Unit |
    |---|---|---|---|---|
    | 0 | joint_0_effort | -1 | 1 | fraction of 150 N m |
    | 1 | joint_1_effort | -1 | 1 | fraction of 150 N m |

    ## Observation Space
    `Box(float64)`

    | Num | Name | Min | Max | Unit |
    |---|---|---|---|---|
    | 0 | turn_rad | -inf | inf | rad, angle of the first link |
    | 1 | joint_0_rad | -inf | inf | rad |
    | 2 | joint_1_rad | -inf | inf | rad |
    | 3 | vx_m_s | -inf | inf | m/s |
    | 4 | vy_m_s | -inf | inf | m/s |
    | 5 | turning_rad_s | -inf | inf | rad/s |
    | 6 | joint_0_rad_s | -inf | inf | rad/s |
    | 7 | joint_1_rad_s | -inf | inf | rad/s |

    ## Rewards
    Speed along x, m/s, less 1e-4 times the sum of the squared efforts.

    ## Starting State
    Every coordinate and velocity uniform in [-0.1, 0.1].

    ## Episode End
    Truncated after 1000 control periods; never terminated.

    ## Arguments
    | Name | Default | Meaning |
    |---|---|---|
    | render_mode | None | see Gymnasium's environment |

    Further arguments are passed to Gymnasium's environment.

    ## Version History
    * v5: Gymnasium's version.
    """

    metadata = {"render_modes": ["human", "rgb_array", "depth_array"], "render_fps": 25}  # noqa: RUF012
    control_period_s = 0.04
    observation_names = (
        "turn_rad", "joint_0_rad", "joint_1_rad", "vx_m_s", "vy_m_s", "turning_rad_s",
        "joint_0_rad_s", "joint_1_rad_s",
    )  # fmt: skip
    action_names = ("joint_0_effort", "joint_1_effort")

    def __init__(self, render_mode: str | None = None, **options: Any) -> None:
        self._options = options | {"render_mode": render_mode}
        self._inner = self._make_inner()
        self.render_mode = render_mode
        self.observation_space = self._inner.observation_space
        self.action_space = self._inner.action_space
        self._tick, self._forward_m = 0, 0.0
        self._started = self._over = False

    def _make_inner(self) -> Any:
        try:
            return gymnasium.make("Swimmer-v5", **self._options)
        except (ImportError, gymnasium.error.DependencyNotInstalled) as exc:
            raise MissingExtraError(f"{NEEDS_IMAGEIO} ({exc})") from exc

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Start an episode."""
        seed = None if seed is None else whole_seed(seed)
        super().reset(seed=seed)
        observation, info = self._inner.reset(seed=seed, options=options)
        self._tick, self._forward_m = 0, 0.0
        self._started, self._over = True, False
        return observation, info | {"time_s": 0.0}

    def step(
        self, action: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float, bool, bool, dict[str, Any]]:
        """Hold the efforts for a control period.

        Raises:
            ParameterError: `action` is not two finite numbers.
            gymnasium.error.ResetNeeded: the episode is over or not started.
        """
        finite_action(action, len(self.action_names))
        if not self._started or self._over:
            raise gymnasium.error.ResetNeeded(NEEDS_RESET)
        # MuJoCo clips efforts, but replaces huge ones by 0.
        effort = np.clip(action, -mujoco.mjMAXVAL, mujoco.mjMAXVAL)
        observation, reward, terminated, truncated, info = self._inner.step(effort)
        self._tick, self._over = self._tick + 1, terminated or truncated
        self._forward_m += float(info["x_velocity"]) * self.control_period_s
        info["time_s"] = self._tick * self.control_period_s
        return observation, float(reward), terminated, truncated, info

    def metrics(self) -> dict[str, float]:
        """Return the mean speed along x so far.

        Raises:
            gymnasium.error.ResetNeeded: before the first `reset`.
        """
        if not self._started:
            raise gymnasium.error.ResetNeeded(NEEDS_RESET)
        return {"mean_speed_m_s": self._forward_m / max(self._tick * self.control_period_s, 1e-9)}

    def render(self) -> Any:
        """Return the frame of Gymnasium's environment."""
        require_same_process()
        frame = self._inner.render()
        drawn()
        return frame

    def close(self) -> None:
        """Free the renderer."""
        self._inner.close()

    def __getstate__(self) -> dict[str, Any]:
        # Gymnasium's environment copies its arguments without its state.
        inner = self._inner.unwrapped
        return self.__dict__ | {"_inner": (inner.data, inner.np_random)}

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        """Restore a copied or unpickled environment."""
        self.__dict__.update(attributes)
        data, random = attributes["_inner"]
        self._inner = self._make_inner()
        if self._started:
            self._inner.reset()
            self._inner.set_wrapper_attr("_elapsed_steps", self._tick)
        inner = self._inner.unwrapped
        mujoco.mj_copyData(inner.data, inner.model, data)
        inner.np_random = random
