"""Presets of the blimp's parameters.

| preset | effects and randomisation |
|---|---|
| default | all effects, a quarter of each randomisation range |
| clean | lidar steps, blind zone, motor lag, delay, dead zone, PWM, servo; a tenth of each range |
| missed | clean, and 20 % missed ticks |
| leak | clean, and a leak of one motor unit in 170 s |
| stress | all effects, half of each range, 30 % missed ticks, twice the gusts, the largest leak |
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.errors import UnknownNameError

__all__ = ["PRESETS", "blimp_parameters"]

_CLEAN = BlimpParameters(
    spread=0.1, jitter=False, gaps=False, missed_ticks=False, leak=False, sag=False, gusts=False
)

PRESETS: dict[str, BlimpParameters] = {
    "default": BlimpParameters(),
    "clean": _CLEAN,
    "missed": replace(_CLEAN, missed_ticks=True),
    "leak": replace(_CLEAN, leak=True, leak_m_s3=3.8e-4),
    "stress": BlimpParameters(
        spread=0.5, missed_probability=0.3, gust_sd_m_s2=0.016, leak_m_s3=3.8e-4
    ),
}


def blimp_parameters(
    preset: str = "default", overrides: dict[str, Any] | None = None
) -> BlimpParameters:
    """Return the parameters of `preset` with `overrides` (name -> value) applied.

    Raises:
        UnknownNameError: unknown preset or parameter name, with a did-you-mean.
        ParameterError: a value is out of range.
    """
    if preset not in PRESETS:
        raise UnknownNameError("blimp preset", preset, PRESETS)
    return PRESETS[preset].override(overrides)
