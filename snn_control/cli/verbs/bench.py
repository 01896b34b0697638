"""`snn-control bench`: speed of the engine and of Norse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from snn_control.cli.options import Flag, JsonOption
from snn_control.cli.progress import steps
from snn_control.cli.result import Result

TITLES = {
    "population_neuron_steps_per_s": "256 networks x 1000 ticks, M neuron-steps/s",
    "closed_loop_steps_per_s": "256 blimps in closed loop, M steps/s",
}


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Measure the speed of the engine and of Norse: single ticks, populations, closed loops.

    Both are timed in turn. The ratio is the median over the rounds, so that other load on the
    machine has little effect; the times are the best of all rounds.

    Example: snn-control bench --quick
    """

    quick: Flag = False
    """Three rounds instead of seven, and fewer calls."""


def run(args: Args) -> Result:
    """Run the benchmark."""
    from snn_control.bench.bench import bench

    return Result(bench(args.quick, steps(quiet=args.json)))


def show(result: Result, console: Console) -> None:
    """Print one table."""
    data = result.data
    table = Table(title="Native engine and Norse, 160 LIF neurons, float32")
    for column in ("measure", "network", "native", "Norse", "ratio (range)"):
        table.add_column(column, justify="left" if column in ("measure", "network") else "right")
    tick = data["tick_us"]
    for kind, ratio in tick["ratio"].items():
        cells = [f"{tick[engine][kind + '_p50']:.2f}" for engine in ("native", "norse")]
        table.add_row("one tick, p50 in µs", kind, *cells, _ratio(ratio))
    whole = f"{tick['native']['controller_p50']:.2f}"
    table.add_row("Controller.step, p50 in µs", "altitude", whole, "", "")
    for part, title in TITLES.items():
        for threads, suffix in ((2, ""), (1, "_1_thread")):
            for kind, ratio in data[part]["ratio" + suffix].items():
                engines = ("native" + suffix, "norse")
                cells = [f"{data[part][engine][kind] / 1e6:.3g}" for engine in engines]
                table.add_row(f"{title}, {threads} threads", kind, *cells, _ratio(ratio))
    loop = data["closed_loop_steps_per_s"]
    for kind, speed in loop["script"].items():
        ratio = _ratio(loop["ratio_script"][kind])
        table.add_row("Gymnasium and Norse, steps/s", kind, "", f"{speed:.0f}", ratio)
    console.print(table)
    versions = ", ".join(f"{name} {text}" for name, text in data["versions"].items())
    load = data["load"]
    console.print(f"{data['cpu']}, {data['cores']} cores; {versions}")
    console.print(f"load {load['before']:.2f} before, {load['after']:.2f} after")
    for part in ("tick_us", *TITLES):
        rates = ", ".join(f"{kind} {rate:.1%}" for kind, rate in data[part]["spikes"].items())
        console.print(f"{part}: spikes per neuron and tick {rates}")


def _ratio(ratio: dict[str, Any]) -> str:
    return f"{ratio['median']:.1f} ({ratio['low']:.1f} to {ratio['high']:.1f})"
