"""`snn-control show THING`: what anything that has a name is."""

from __future__ import annotations

from dataclasses import dataclass

import tyro
from rich.console import Console

from snn_control.cli.catalogue import find
from snn_control.cli.result import JsonOption, Result


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Show the specification of a thing, or the text of a model or configuration.

    Example: snn-control show snn_control/BlimpAltitude-v0
    """

    thing: tyro.conf.Positional[str]
    """A name that `list` prints; `KIND/NAME` where several kinds have it."""


def run(args: Args) -> Result:
    """Look the thing up."""
    kind, text = find(args.thing)
    return Result({"kind": kind, "name": args.thing, "text": text})


def show(result: Result, console: Console) -> None:
    """Print the text as it is."""
    console.print(result.data["text"], markup=False)
