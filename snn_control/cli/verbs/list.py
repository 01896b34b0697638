"""`snn-control list`: names of environments, models and other items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import tyro
from rich.console import Console

from snn_control.cli.catalogue import KINDS
from snn_control.cli.options import JsonOption
from snn_control.cli.result import Result


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """List environments, models, configurations, controllers, strategies, systems and studies.

    Example: snn-control list models
    """

    kind: tyro.conf.Positional[
        Literal[
            "all",
            "environments",
            "models",
            "configs",
            "controllers",
            "strategies",
            "systems",
            "studies",
        ]
    ] = "all"
    """Kind of the listed names."""


def run(args: Args) -> Result:
    """Collect the names."""
    kinds = KINDS if args.kind == "all" else {args.kind: KINDS[args.kind]}
    return Result({kind: entry.names() for kind, entry in kinds.items()})


def show(result: Result, console: Console) -> None:
    """Print one name per line, with a heading for each kind."""
    for kind, names in result.data.items():
        console.print(kind, style="bold")
        for name in names or ["(none)"]:
            console.print(f"  {name}", markup=False)
