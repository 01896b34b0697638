"""`snn-control check THING`: check of a user's environment, controller, config or run."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from snn_control.cli.options import JsonOption, Name
from snn_control.cli.result import Result


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Check your own environment, controller, configuration or run.

    Nothing is written. The exit code is 1 if a check fails. KIND/NAME selects the kind of an
    ambiguous name: environment/, controller/, config/ or run/.

    Example: snn-control check my_robot.rail:my_robot/Rail-v0
    """

    thing: Name
    """Environment id or MODULE:ID, controller, YAML file, run folder, or KIND/NAME."""


def run(args: Args) -> Result:
    """Run the checks."""
    from snn_control.checks import check

    outcomes = check(args.thing)
    passed = all(outcome.passed for outcome in outcomes)
    checks = [
        {
            "kind": outcome.kind,
            "name": outcome.name,
            "passed": outcome.passed,
            "found": outcome.detail,
            "remedy": outcome.remedy,
        }
        for outcome in outcomes
    ]
    return Result({"thing": args.thing, "passed": passed, "checks": checks}, ok=passed)


def show(result: Result, console: Console) -> None:
    """Print one table, with a remedy for each failed check."""
    table = Table(title=result.data["thing"])
    for column in ("kind", "check", "", "found"):
        table.add_column(column, overflow="fold")
    for outcome in result.data["checks"]:
        mark = "pass" if outcome["passed"] else "FAIL"
        text = outcome["found"]
        if outcome["remedy"]:
            text += f"\nremedy: {outcome['remedy']}"
        table.add_row(outcome["kind"], outcome["name"], mark, text)
    console.print(table, markup=False)
