"""`snn-control report RUN`: report page of a run."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console

from snn_control.cli.options import JsonOption, RunFolder
from snn_control.cli.result import Result
from snn_control.report import build_report


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Write the report page of a run, from its folder alone, and print the path of the page.

    Example: snn-control report runs/blimp-altitude
    """

    run: RunFolder
    """Folder of the run."""


def run(args: Args) -> Result:
    """Write the page."""
    return Result({"report": str(build_report(args.run))})


def show(result: Result, console: Console) -> None:
    """Print the path of the page."""
    console.print(result.data["report"], markup=False, soft_wrap=True)
