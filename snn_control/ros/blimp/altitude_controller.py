"""Class and parameters of the node `altitude_controller`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.field import parameter
from snn_control.ros.base.loaded_model import LoadedModel
from snn_control.ros.blimp.node import AltitudeNode


@dataclass(frozen=True)
class Config(AltitudeNodeConfig):
    """Parameters of `altitude_controller`."""

    model: str = parameter("blimp-altitude")
    """Name of a shipped model, a run folder or a model file; with `:adapting` on a forward model
    that learns."""
    engine: str = parameter("")
    """Engine of the networks: `native`, `reference`, or `c`, which needs a C compiler or `library`
    and no numba; empty: native."""
    library: str = parameter("")
    """Library of the exported model for the engine `c`, `libNAME.so`; its code is executed. Empty:
    the model is compiled at the first start."""
    save_to: str = parameter("")
    """Model file that ~/save_adaptation writes, without suffix; empty: none."""
    control_period_s: float = parameter(0.0, 0.0, 10.0)
    """Period of the measurements, s; 0: that of the model. Another period is refused."""
    resample: bool = parameter(False)
    """Resample a model of another period instead of refusing it."""
    max_lag_change: float = parameter(0.1, 0.0, 1.0)
    """Largest change of the lag of a filter by `resample`, as a fraction of its time constant; 1
    accepts any."""


class AltitudeController(AltitudeNode):
    """Node of an altitude controller with any model."""

    config_type = Config

    def __init__(self, **options: Any) -> None:
        super().__init__("altitude_controller", LoadedModel(_engine), **options)


def _engine(config: Config) -> dict[str, str]:
    """Return the options of `load` for the engine."""
    options = {"engine": config.engine, "library": config.library}
    return {name: value for name, value in options.items() if value}
