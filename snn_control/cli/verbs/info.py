"""`snn-control info`: versions, folders and optional extras of this installation."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.util import find_spec

from rich.console import Console
from rich.table import Table

from snn_control.cli.options import JsonOption
from snn_control.cli.result import Result
from snn_control.resources import configs_folder, models_folder
from snn_control.runs.manifest import commit, versions

EXTRAS: dict[str, tuple[str, ...]] = {
    "report": ("plotly", "jinja2", "imageio_ffmpeg", "PIL"),
    "ros": ("rclpy", "diagnostic_msgs", "nav_msgs", "sensor_msgs", "std_msgs", "std_srvs"),
    "logs": ("rosbags",),
    "rl": ("sb3_contrib", "stable_baselines3"),
    "digits": ("sklearn",),
    "nir": ("nir", "h5py"),
    "onnx": ("onnx", "onnxruntime"),
    "serial": ("serial", "cobs"),
    "docs": ("mkdocs", "material", "mkdocstrings"),
}
"""Modules of each optional extra."""


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Print versions, folders and extras, for bug reports.

    Example: snn-control info --json
    """


def run(args: Args) -> Result:
    """Collect the information."""
    extras = {name: all(map(find_spec, modules)) for name, modules in EXTRAS.items()}
    return Result(
        {
            "versions": versions(),
            "commit": commit(),
            "platform": platform.platform(),
            "cores": os.cpu_count(),
            "models": str(models_folder()),
            "configs": str(configs_folder()),
            "extras": extras,
        }
    )


def show(result: Result, console: Console) -> None:
    """Print a table of two columns."""
    table = Table.grid(padding=(0, 2))
    for key, value in result.data.items():
        pairs = value.items() if isinstance(value, dict) else [("", value)]
        for name, item in pairs:
            table.add_row(f"{key} {name}".strip(), _text(item))
    console.print(table)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "installed" if value else "not installed"
    return "-" if value is None else str(value)
