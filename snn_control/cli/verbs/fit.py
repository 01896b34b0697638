"""`snn-control fit LOG.csv ...`: fit of the blimp's plant to a user's flight logs."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from snn_control.cli.options import File, JsonOption, Logs
from snn_control.cli.result import Result, WrongUseError
from snn_control.envs.blimp.fit import UNITS, fit_flights
from snn_control.envs.blimp.parameter_file import write_parameters


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Fit the blimp's vertical plant to flight logs of one blimp.

    Each log is a CSV file of at least 13 s with the columns time_s, h_ref_m, h_meas_m and
    u_motor_units, described in docs/how-to/fit_flight_logs.md. The verbs eval, compare and play
    read the fitted file with --parameters FILE.

    Example: snn-control fit monday.csv tuesday.csv --out my_blimp.yaml
    """

    logs: Logs
    """Flight logs."""
    out: File = None
    """YAML file for the fitted parameters."""
    window_s: float = 10.0
    """Length of the windows in which recorded commands are replayed, s; at least 1."""


def run(args: Args) -> Result:
    """Fit the parameters and write them."""
    if not args.logs:
        raise WrongUseError("name at least one flight log (CSV)")
    fit = fit_flights(args.logs, window_s=args.window_s)
    for warning in fit.warnings:
        print(f"snn-control fit: WARNING: {warning}", file=sys.stderr)
    data = asdict(fit)
    if args.out:
        comment = "".join(f"WARNING: {warning}\n" for warning in fit.warnings) + (
            f"Blimp parameters fitted to {len(fit.flights)} flight(s); replay RMSE "
            f"{100 * fit.rmse_m:.1f} cm over windows of {fit.window_s:g} s."
        )
        data["out"] = str(write_parameters(fit.parameters, args.out, comment))
    return Result(data)


def show(result: Result, console: Console) -> None:
    """Print parameters and replay errors; the last line is the path of the file."""
    data = result.data
    table = Table(title="Fitted parameters")
    table.add_column("parameter")
    table.add_column("value", justify="right")
    table.add_column("unit")
    for name, value in data["parameters"].items():
        table.add_row(name, f"{value:.3g}", UNITS[name])
    console.print(table)
    table = Table(title=f"Replay in windows of {data['window_s']:g} s")
    for column in ("flight", "windows", "RMSE, cm", "before, cm", "hover, motor units"):
        table.add_column(column, justify="left" if column == "flight" else "right")
    for log in data["flights"]:
        table.add_row(
            log["path"].name,
            str(len(log["window_rmse_m"])),
            f"{100 * log['rmse_m']:.2f}",
            f"{100 * log['rmse_before_m']:.2f}",
            f"{log['hover_motor_units']:.2f}",
        )
    if len(data["flights"]) > 1:
        rmse, before = 100 * data["rmse_m"], 100 * data["rmse_before_m"]
        table.add_row("all", "", f"{rmse:.2f}", f"{before:.2f}", "")
    console.print(table)
    if "out" in data:
        console.print(data["out"], markup=False, soft_wrap=True)
