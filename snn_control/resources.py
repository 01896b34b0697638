"""Folders of the files that ship with the package, in a checkout or an installed package.

`setup.py` installs the checkout's `models/` and `configs/` as data folders of the package.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["configs_folder", "models_folder"]

_PACKAGE = Path(__file__).resolve().parent


def models_folder() -> Path:
    """Return the folder of the trained controllers (`NAME.json` beside `NAME.safetensors`)."""
    return _folder("models")


def configs_folder() -> Path:
    """Return the folder of the shipped configurations (`NAME.yaml`)."""
    return _folder("configs")


def _folder(name: str) -> Path:
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
