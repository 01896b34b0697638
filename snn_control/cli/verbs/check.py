"""`snn-control check THING`: conformance of a user's own environment, controller, config or run."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import tyro
from rich.console import Console
from rich.table import Table

from snn_control.cli.result import JsonOption, Result


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Check whether an own environment, controller, configuration or run does what is expected.

    Exits with 1 where one of the checks fails. Nothing is written.

    Example: snn-control check my_robot.rail:my_robot/Rail-v0
    """

    thing: tyro.conf.Positional[str]
    """An environment's id (or module:id), a controller, a YAML file, a run folder; `KIND/NAME`
    where a name means several: environment/, controller/, config/, run/."""


def run(args: Args) -> Result:
    """Check."""
    from snn_control.checks import check

    outcomes = check(args.thing)
    passed = all(outcome.passed for outcome in outcomes)
    checks = [asdict(outcome) for outcome in outcomes]
    return Result({"thing": args.thing, "passed": passed, "checks": checks}, ok=passed)


def show(result: Result, console: Console) -> None:
    """Print one table; a failed check has its remedy below."""
    table = Table(title=result.data["thing"])
    for column in ("kind", "check", "", "found"):
        table.add_column(column, overflow="fold")
    for outcome in result.data["checks"]:
        mark = "pass" if outcome["passed"] else "FAIL"
        found = outcome["found"]
        if outcome["remedy"]:
            found += f"\nremedy: {outcome['remedy']}"
        table.add_row(outcome["kind"], outcome["name"], mark, found)
    console.print(table, markup=False)
