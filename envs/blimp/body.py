"""Blimp as a free body in MuJoCo, driven by the motor and servo law of the native plant.

Vertical motion obeys the native plant's equation: thrust along the rotors, buoyancy and gusts as
forces at the centre of buoyancy, drag as linear and quadratic damping of the free joint, and a mass
that includes the added mass. MuJoCo models neither buoyancy nor added mass.
"""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from snn_control.compiled import kernel
from snn_control.copies import CopiedWithViews
from snn_control.envs.blimp import plant
from snn_control.envs.mujoco_data import data_of
from snn_control.envs.mujoco_step import mj_step
from snn_control.errors import ParameterError

MODEL_PATH = Path(__file__).with_name("blimp.xml")
LIDAR_OFFSET_M = 0.28
SIDEWAYS_DRAG = (0.03, 0.05)
TURNING_DRAG = (0.006, 0.004)

_THRUST_LEFT, _THRUST_RIGHT, _SERVO, _LIFT, _GUST_X, _GUST_Y = range(6)


class BlimpBody(CopiedWithViews):
    """MuJoCo model and data of one blimp, with named read-outs.

    Sideways drag is 0.03 N s/m and 0.05 N s^2/m^2, rotational drag 0.006 N m s/rad and
    0.004 N m s^2/rad^2 (same order as github.com/MKasmalkar/blimp_mpc); the vertical drag comes
    from the constants passed to `reset`.
    """

    def __init__(self) -> None:
        self.model = mujoco.MjModel.from_xml_path(str(MODEL_PATH))
        self.data = mujoco.MjData(self.model)
        blimp = self.model.body("blimp").id
        self.mass_kg = float(self.model.body_subtreemass[blimp])
        carried_fraction = 1.0 - float(self.model.body_gravcomp[blimp])
        carried_kg = carried_fraction * self.model.body_mass[blimp]
        carried_kg += self.model.body("thrusters").mass[0]
        self.weight_n = float(carried_kg * -self.model.opt.gravity[2])
        self._state = np.zeros(plant.STATE_SIZE)
        self._constants = np.zeros(plant.CONSTANTS_SIZE)
        self._gust = np.zeros((3, 1))
        self._mass_and_weight = np.array([self.mass_kg, self.weight_n])
        self._bind()

    def _bind(self) -> None:
        self.data = data_of(self.model, self.data)
        self._qpos, self._control = self.data.qpos, self.data.ctrl

    def reset(self, constants: NDArray[np.float64], gust_m_s2: NDArray[np.float64]) -> None:
        """Start hovering at the start height of `constants`; gusts (3, slots) as in `Scenario`."""
        self._constants, self._gust = constants, gust_m_s2
        plant.reset(self._state, constants)
        model, data = self.model, self.data
        linear, quadratic = model.dof_damping, model.dof_dampingpoly[:, 0]
        linear[:2], quadratic[:2] = SIDEWAYS_DRAG
        linear[2] = self.mass_kg * constants[plant.LINEAR_DRAG]
        quadratic[2] = self.mass_kg * constants[plant.QUADRATIC_DRAG]
        linear[3:6], quadratic[3:6] = TURNING_DRAG
        mujoco.mj_resetData(model, data)
        data.qpos[2] = constants[plant.START_HEIGHT] + LIDAR_OFFSET_M
        mujoco.mj_forward(model, data)

    def advance(
        self, command: float, n_substeps: int, heights_m: NDArray[np.float64], start: int
    ) -> None:
        """Hold `command` (motor units); write the height after substep k to `heights_m[start + k]`.

        Raises:
            ParameterError: `heights_m` is too short.
        """
        if not 0 <= start <= start + n_substeps <= heights_m.size:
            raise ParameterError(
                f"heights_m has {heights_m.size} entries; expected at least {start + n_substeps}"
            )
        _advance(
            self.model._address,
            self.data._address,
            self._control,
            self._qpos,
            self._state,
            self._constants,
            self._gust,
            command,
            n_substeps,
            self._mass_and_weight,
            heights_m,
            start,
        )

    def place(self, height_m: float, speed_m_s: float) -> None:
        """Set the true height, m, and vertical speed, m/s; the motors keep their state."""
        self.data.qpos[2] = height_m + LIDAR_OFFSET_M
        self.data.qvel[2] = speed_m_s

    @property
    def height_m(self) -> float:
        """True height of the lidar above the floor for a level blimp, m."""
        return self._qpos.item(2) - LIDAR_OFFSET_M

    @property
    def speed_m_s(self) -> float:
        """Vertical speed, m/s, positive up."""
        return self.data.qvel.item(2)

    @property
    def upright(self) -> float:
        """Cosine of the tilt angle, 1 when level."""
        return _upright(self._qpos)

    @property
    def range_m(self) -> float:
        """Lidar reading along the tilted beam, m (a float32 value)."""
        return self.noisy_range_m(0.0)

    def noisy_range_m(self, noise_m: float) -> float:
        """Return the lidar reading with noise before its steps, m (a float32 value)."""
        return _range_m(self._qpos, self._constants, noise_m)

    def show_target(self, height_m: float) -> None:
        """Move the target ring around the blimp to `height_m`."""
        self.data.mocap_pos[0, :2] = self.data.qpos[:2]
        self.data.mocap_pos[0, 2] = height_m


@kernel()
def _upright(qpos):
    """Return the cosine of the angle between the vertical axes of blimp and world."""
    return 1.0 - 2.0 * (qpos[4] * qpos[4] + qpos[5] * qpos[5])


@kernel()
def _range_m(qpos, constants, noise_m):
    """Return the reading along the vertical axis; beyond a tilt of 84 degrees the maximum range."""
    upright = _upright(qpos)
    if upright < 0.1:
        return np.float64(np.float32(constants[plant.RANGE_MAX]))
    return plant.measure(qpos[2] / upright - LIDAR_OFFSET_M + noise_m, constants)


@kernel()
def _next_angle(state, constants, target):
    """Return the servo angle after the next substep, rad; MuJoCo's servo reaches it at its end."""
    delay = int(constants[plant.DELAY_STEPS])
    slot = (int(state[plant.STEP]) - delay) & (plant.DELAY_SLOTS - 1)
    delayed = state[plant.DELAY_LINE + slot] if delay > 0 else target
    servo_step = constants[plant.SERVO_STEP]
    return plant.drive(state[plant.DUTY], state[plant.ANGLE], delayed, 1.0, servo_step)[1]


@kernel()
def _advance(
    model,
    data,
    control,
    qpos,
    state,
    constants,
    gust,
    command,
    n_substeps,
    mass_and_weight,
    heights_m,
    start,
):
    """Step motors and body together; write forces, N, and servo angle, rad, to `control`."""
    mass_kg, weight_n = mass_and_weight[0], mass_and_weight[1]
    target = plant.signed_duty(command, constants[plant.DEAD_ZONE], constants[plant.INTEGER_PWM])
    last_slot = gust.shape[1] - 1
    for k in range(n_substeps):
        step = int(state[plant.STEP])
        half_thrust_n = 0.5 * mass_kg * plant.motor_step(state, constants, target)
        lift = plant.lift(constants[plant.BIAS], constants[plant.LEAK], step)
        slot = min(step // plant.GUST_STEPS, last_slot)
        control[_THRUST_LEFT] = half_thrust_n
        control[_THRUST_RIGHT] = half_thrust_n
        control[_SERVO] = _next_angle(state, constants, target)
        control[_LIFT] = weight_n + mass_kg * (lift + gust[2, slot])
        control[_GUST_X] = mass_kg * gust[0, slot]
        control[_GUST_Y] = mass_kg * gust[1, slot]
        mj_step(model, data)
        heights_m[start + k] = qpos[2] - LIDAR_OFFSET_M
