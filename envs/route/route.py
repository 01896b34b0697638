"""`snn_control/Route-v0`: a camera on a fixed route under changing conditions."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from snn_control.copies import Copied
from snn_control.envs.actions import NEEDS_RESET, finite_action
from snn_control.envs.route.camera import Frame, RouteCamera
from snn_control.envs.route.conditions import route_conditions
from snn_control.envs.route.drive import IMAGE_HEIGHT, IMAGE_WIDTH, LENGTH_M, PLACE_SPACING_M
from snn_control.errors import ParameterError
from snn_control.seeds import whole_seed

__all__ = ["CAMERAS", "CONTROL_PERIOD_S", "Route"]

CONTROL_PERIOD_S = 0.1
CAMERAS = ("front", "chase", "above")


class Route(Copied, gymnasium.Env):
    """Drive a camera along a route for visual place recognition.

    ## Description
    A camera 1.5 m above a curved road through villages, town, woods, fields and heath, one traverse
    per episode. `route_seed` draws the world: the path of the road and every house, tree and rock
    beside it. The conditions of a traverse set its appearance (sun, light, season, fog), viewpoint,
    speed and sensor noise; they never move objects of the world. Two traverses under different
    conditions form a task of visual place recognition with exact ground truth.

    ## Action Space
    `Box(0, 1, (1,), float64)`

    | Num | Name | Min | Max | Unit |
    |---|---|---|---|---|
    | 0 | speed | 0 | 1 | fraction of the full speed, `step_m` per control period of 0.1 s |

    ## Observation Space
    `Box(uint8)` of image_height x image_width grey levels, row by row from the top left:
    `observation.reshape(env.unwrapped.image_shape)` is the image.

    | Num | Name | Min | Max | Unit |
    |---|---|---|---|---|
    | k | pixel_k_grey | 0 | 255 | grey level, luma of BT.601, column k mod image_width |

    ## Rewards
    In [0, 1] per step: places travelled, at most 1. The return is the distance in places; it does
    not measure recognition, which is scored against `info`.

    ## Starting State
    On the route, at most one full step beyond its start. The seed draws the start position, the
    lengths of the steps and all noise; nothing else of an episode is random.

    ## Episode End
    Terminated at the end of the route; truncated after `n_ticks`. `info` contains time_s; arc_m,
    the true position along the route; place, the index of the nearest place (one every
    `place_spacing_m`, from 0); place_position, the same before rounding; step_places, the odometry
    distance since the previous frame in places.

    ## Arguments
    | Name | Default | Meaning |
    |---|---|---|
    | preset | "day" | `day`, `dusk`, `night`, `winter`, `fog`, `offset` or `stress` |
    | conditions | None | dict of `conditions.Conditions` fields that override the preset |
    | route_seed | 0 | seed of the world, at least 0 |
    | length_m | 400.0 | length of the route, 50 to 2000 m |
    | place_spacing_m | 4.0 | distance between two places, m |
    | image_width, image_height | 64, 32 | size of the observation, pixels; 8 to 512 |
    | n_ticks | 4000 | maximum length of the episode, control periods |
    | render_mode | None | "rgb_array" or None |
    | camera | "front" | camera of rendered frames: `front`, `chase` or `above` |
    | width, height | 960, 480 | size of a rendered frame, pixels |

    ## Version History
    * v0: first version.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012
    control_period_s = CONTROL_PERIOD_S
    action_names = ("speed",)

    def __init__(
        self,
        preset: str = "day",
        conditions: dict[str, Any] | None = None,
        route_seed: int = 0,
        length_m: float = LENGTH_M,
        place_spacing_m: float = PLACE_SPACING_M,
        image_width: int = IMAGE_WIDTH,
        image_height: int = IMAGE_HEIGHT,
        n_ticks: int = 4000,
        render_mode: str | None = None,
        camera: str = "front",
        width: int = 960,
        height: int = 480,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise ParameterError(f"render_mode is {render_mode!r}; expected 'rgb_array' or None")
        if camera not in CAMERAS:
            raise ParameterError(f"camera is {camera!r}; expected one of {', '.join(CAMERAS)}")
        if n_ticks < 1:
            raise ParameterError(f"n_ticks is {n_ticks}; expected at least 1")
        self.conditions = route_conditions(preset, conditions)
        self._camera = RouteCamera(
            route_seed, length_m, place_spacing_m, image_width, image_height, self.conditions
        )
        self.body, self.image_shape = self._camera.body, self._camera.image_shape
        n_pixels = image_width * image_height
        self.observation_names = tuple(f"pixel_{k}_grey" for k in range(n_pixels))
        self.observation_space = gymnasium.spaces.Box(0, 255, (n_pixels,), np.uint8)
        self.action_space = gymnasium.spaces.Box(0.0, 1.0, (1,), np.float64)
        self.n_ticks, self.render_mode = n_ticks, render_mode
        self.camera, self.width, self.height = camera, width, height
        self._frame: Frame | None = None
        self._tick, self._over = 0, False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Start the traverse of `seed`; None draws the next seed from the last one passed.

        Raises:
            MissingExtraError: no off-screen renderer is available.
        """
        seed = None if seed is None else whole_seed(seed)
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(2**31)) if seed is None else seed
        self._tick, self._over = 0, False
        self._frame = self._camera.start(drawn)
        self._start_m = self._frame.arc_m
        self._places = {self._place(self._frame)}
        return self._frame.image.ravel(), self._info(self._frame)

    def step(
        self, action: NDArray[np.float64]
    ) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """Travel for one control period.

        Raises:
            ParameterError: `action` is not one finite number.
            gymnasium.error.ResetNeeded: the episode is over or not started.
        """
        speed = finite_action(action, 1).item()
        if self._frame is None or self._over:
            raise gymnasium.error.ResetNeeded(NEEDS_RESET)
        self._frame = frame = self._camera.advance(speed)
        self._tick += 1
        self._places.add(self._place(frame))
        reward = min(frame.travelled_m / self._camera.place_spacing_m, 1.0)
        terminated, truncated = self._camera.arrived, self._tick >= self.n_ticks
        self._over = terminated or truncated
        return frame.image.ravel(), reward, terminated, truncated, self._info(frame)

    def metrics(self) -> dict[str, float]:
        """Return `distance_m`, `mean_speed_m_s` and the number of `places` passed so far."""
        if self._frame is None:
            raise gymnasium.error.ResetNeeded(NEEDS_RESET)
        distance_m = self._frame.arc_m - self._start_m
        time_s = self._tick * CONTROL_PERIOD_S
        return {
            "distance_m": distance_m,
            "mean_speed_m_s": distance_m / time_s if time_s else 0.0,
            "places": float(len(self._places)),
        }

    def render(self) -> NDArray[np.uint8] | None:
        """Return a frame in colour, uint8 (height, width, 3), or None without a render mode."""
        if self.render_mode is None:
            return None
        return self.body.draw(self.camera, self.width, self.height)

    def close(self) -> None:
        """Free the renderers."""
        self._camera.close()

    def _place(self, frame: Frame) -> int:
        return int(np.rint(frame.place))

    def _info(self, frame: Frame) -> dict[str, Any]:
        return {
            "time_s": self._tick * CONTROL_PERIOD_S,
            "arc_m": frame.arc_m,
            "place": self._place(frame),
            "place_position": frame.place,
            "step_places": frame.step_places,
        }
