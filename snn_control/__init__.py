"""Spiking neural network controllers for robots: evolve, evaluate, deploy.

`load`, `make`, `rollout` and `PlaceRecognizer` are imported on first use, so that
`import snn_control` stays light.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from snn_control.lazy import lazy

__version__ = "0.1.0"
__all__ = ["PlaceRecognizer", "__version__", "load", "make", "rollout"]

_LAZY = {
    "PlaceRecognizer": "snn_control.controllers.place",
    "load": "snn_control.controllers",
    "make": "snn_control.envs",
    "rollout": "snn_control.training.rollout",
}
_HERE = Path(__file__).resolve().parent
_CHECKOUT_ENVS = _HERE.parent / "envs"


class _CheckoutEnvs:
    """Import finder of `snn_control.envs` in a checkout, where it lies beside the package."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != "snn_control.envs":
            return None
        return importlib.util.spec_from_file_location(
            name, _CHECKOUT_ENVS / "__init__.py", submodule_search_locations=[str(_CHECKOUT_ENVS)]
        )


if not (_HERE / "envs").exists() and (_CHECKOUT_ENVS / "__init__.py").exists():
    sys.meta_path.insert(0, _CheckoutEnvs)  # before the finder of another editable install


__getattr__, __dir__ = lazy(__name__, _LAZY)
