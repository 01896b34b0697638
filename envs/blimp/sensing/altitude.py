"""`snn_control/BlimpAltitude-v1`: `BlimpAltitude-v0` with a noisy lidar, barometer and IMU."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from snn_control.copies import Copied
from snn_control.envs.blimp.altitude import BlimpAltitude, action_space, observation_space
from snn_control.envs.blimp.body import BlimpBody
from snn_control.envs.blimp.scenario import Scenario
from snn_control.envs.blimp.sensing.errors import SenseParameters
from snn_control.envs.blimp.sensing.senses import Senses
from snn_control.errors import UnknownNameError

__all__ = ["SensedAltitude"]


class SensedAltitude(Copied, gymnasium.Env):
    """Hold a blimp at a commanded height with three sensors of the height.

    ## Description
    The blimp, its ticks, gusts and reference heights are those of `BlimpAltitude-v0` with the same
    seed. The lidar has white noise before its steps of 1 cm; a barometer and a vertical
    accelerometer observe the same motion. Noise of each sensor has its own random stream.

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
    | 5 | barometer_m | -100 | 100 | m, height above the floor by the pressure |
    | 6 | vertical_acceleration_m_s2 | -100 | 100 | m/s^2, mean since the last tick |

    ## Rewards
    Those of `BlimpAltitude-v0`, of the true height.

    ## Starting State
    That of `BlimpAltitude-v0`.

    ## Episode End
    That of `BlimpAltitude-v0`.

    ## Arguments
    | Name | Default | Meaning |
    |---|---|---|
    | preset | "default" | `default`, `clean`, `missed`, `leak` or `stress` |
    | parameters | None | dict of `BlimpParameters` fields that override the preset |
    | duration_s | 300.0 | length of the episode, s |
    | render_mode | None | "rgb_array" or None |
    | camera | "chase" | `chase`, `side`, `room` or `down` |
    | width, height | 960, 720 | size of a frame, pixels; at most 1280, 960 |
    | senses | None | dict of `SenseParameters` fields that override their defaults |

    ## Version History
    * v1: sensors beside the lidar, and its noise.
    """

    metadata = BlimpAltitude.metadata
    observation_names = (
        *BlimpAltitude.observation_names,
        "barometer_m",
        "vertical_acceleration_m_s2",
    )
    action_names = BlimpAltitude.action_names

    def __init__(
        self,
        preset: str = "default",
        parameters: dict[str, Any] | None = None,
        duration_s: float = 300.0,
        render_mode: str | None = None,
        camera: str = "chase",
        width: int = 960,
        height: int = 720,
        senses: dict[str, Any] | None = None,
    ) -> None:
        known = SenseParameters.__dataclass_fields__
        for name in senses or {}:
            if name not in known:
                raise UnknownNameError("sensor parameter", name, known)
        self.senses = SenseParameters(**(senses or {}))
        self._blimp = BlimpAltitude(
            preset, parameters, duration_s, render_mode, camera, width, height
        )
        self.render_mode = render_mode
        base = observation_space()
        self.observation_space = gymnasium.spaces.Box(
            np.append(base.low, [-100.0, -100.0]),
            np.append(base.high, [100.0, 100.0]),
            dtype=np.float64,
        )
        self.action_space = action_space()
        self._sensors: Senses | None = None

    @property
    def control_period_s(self) -> float:
        """Nominal control period in s."""
        return self._blimp.control_period_s

    @property
    def scenario(self) -> Scenario:
        """Scenario of the current episode, see `BlimpAltitude.scenario`."""
        return self._blimp.scenario

    @property
    def body(self) -> BlimpBody:
        """Body in MuJoCo."""
        return self._blimp.body

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Start the episode of `seed`; None draws the next seed from the last one passed."""
        observation, info = self._blimp.reset(seed=seed, options=options)
        self._np_random, self._np_random_seed = self._blimp.np_random, self._blimp.np_random_seed
        self._sensors = Senses(self.senses, self._blimp.scenario)
        return self._observe(observation, 0.0), info

    def step(
        self, action: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float, bool, bool, dict[str, Any]]:
        """Hold `action` until the next called tick.

        Raises:
            ParameterError: `action` is not one finite number.
            gymnasium.error.ResetNeeded: the episode is over or not started.
        """
        observation, reward, terminated, truncated, info = self._blimp.step(action)
        dt_s = info["dt_s"]
        return self._observe(observation, dt_s), reward, terminated, truncated, info

    def render(self) -> NDArray[np.uint8] | None:
        """Return a frame, uint8 (height, width, 3), or None without a render mode."""
        return self._blimp.render()

    def refresh_scene(self) -> None:
        """Update the scene, see `BlimpAltitude.refresh_scene`."""
        self._blimp.refresh_scene()

    def close(self) -> None:
        """Free the renderer."""
        self._blimp.close()

    def trace(self) -> dict[str, NDArray[np.float64]]:
        """Return the time series so far, see `BlimpAltitude.trace`."""
        return self._blimp.trace()

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the true height so far."""
        return self._blimp.metrics()

    def _observe(self, observation: NDArray[np.float64], dt_s: float) -> NDArray[np.float64]:
        assert self._sensors is not None
        sensed = self._sensors.measure(self._blimp.body, dt_s)
        reference_m = observation.item(1)
        height = [reference_m - sensed.range_m, reference_m, sensed.range_m]
        more = [sensed.barometer_m, sensed.vertical_acceleration_m_s2]
        return np.array([*height, *observation[3:].tolist(), *more])
