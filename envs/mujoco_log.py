"""Warnings of MuJoCo as log records.

By default MuJoCo appends each warning to MUJOCO_LOG.TXT in the working folder.
"""

from __future__ import annotations

import logging
from contextlib import suppress

import mujoco

_LOGGER = logging.getLogger("snn_control.mujoco")


def log_warnings() -> None:
    """Log the warnings of this process to `snn_control.mujoco`; another handler is kept."""
    if mujoco.get_mju_user_warning() is None:
        mujoco.set_mju_user_warning(_log)


def _log(message: str) -> None:
    with suppress(Exception):  # an exception here would end the process
        _LOGGER.warning("%s", message)
