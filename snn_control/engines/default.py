"""Engine of a controller that names none."""

from __future__ import annotations

from typing import Any

from snn_control.network import Network
from snn_control.packages import required_packages

__all__ = ["default_engine"]


def default_engine(network: Network) -> Any:
    """Return a `NativeEngine`; numba is imported by the first call.

    Raises:
        MissingExtraError: numba is not installed.
    """
    with required_packages():
        from snn_control.engines.native import NativeEngine

    return NativeEngine(network)
