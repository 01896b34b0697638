"""Data of MuJoCo that belong to one model object, also after a copy."""

from __future__ import annotations

import mujoco


def data_of(model: mujoco.MjModel, data: mujoco.MjData) -> mujoco.MjData:
    """Return data whose `model` is the model: `data`, or a copy of it.

    A copied or unpickled `MjData` has another model, which later changes do not reach.
    """
    if data.model is model:
        return data
    own = mujoco.MjData(model)
    mujoco.mj_copyData(own, model, data)
    return own
