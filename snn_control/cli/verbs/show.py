"""`snn-control show THING`: description of a listed name."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console

from snn_control.cli.catalogue import find
from snn_control.cli.options import JsonOption, Name
from snn_control.cli.result import Result


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Print the specification of a listed name, the text of a model or configuration, or a run.

    Example: snn-control show snn_control/BlimpAltitude-v0
    """

    thing: Name
    """Name printed by `list`, KIND/NAME if several kinds have it, or the folder of a run."""


def run(args: Args) -> Result:
    """Look up the name."""
    kind, text = find(args.thing)
    return Result({"kind": kind, "name": args.thing, "text": text})


def show(result: Result, console: Console) -> None:
    """Print the text unchanged."""
    console.print(result.data["text"], markup=False)
