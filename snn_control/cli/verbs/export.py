"""`snn-control export MODEL --to c`: a controller as C99 source."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from rich.console import Console
from rich.table import Table
from tyro.conf import arg

from snn_control.cli.options import Folder, JsonOption, Model, Text
from snn_control.cli.result import Result, WrongUseError
from snn_control.controllers.files import document_sha256, load
from snn_control.export.c.files import export_c
from snn_control.export.c.names import check_prefix, prefix_of
from snn_control.export.cores.core import CORES
from snn_control.export.cores.replay import check_cores, replay_on_cores
from snn_control.export.cores.table import COLUMNS, rows
from snn_control.export.layouts.layout import arrange

Cores = Annotated[tuple[str, ...], arg(metavar="CORE [CORE ...]", help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Export a controller as C99 source: header, source, test program, manifest.

    The source allocates nothing and calls no library. A replay of 400 ticks in the compiled library
    must equal the native engine bit for bit; --no-verify omits it, for machines without a compiler.

    --cores repeats the replay on emulated cores, and measures instructions, flash, RAM and stack.

    Example: snn-control export blimp-altitude --out blimp_c
    """

    model: Model
    """Model: a name, a run folder or a model file."""
    to: Literal["c"] = "c"
    """Target."""
    precision: Literal["float32", "float64"] = "float32"
    """Numbers of the source."""
    out: Folder = None
    """Folder of the files; default: exports/NAME."""
    name: Text = ""
    """C identifier, prefix of all names; default: that of the model."""
    verify: bool = True
    """Compile and replay a trace."""
    layout: Literal["plain", "firmware", "arduino", "zephyr"] = "plain"
    """Arrangement of the files: as they are, with a firmware for a serial line, as an Arduino
    library, or as a Zephyr module."""
    cores: Cores = ()
    """Emulated cores of a further replay: aarch64, cortex-m0plus, cortex-m3, cortex-m4f, cortex-m7,
    or all."""


def run(args: Args) -> Result:
    """Write and verify the files."""
    controller = load(args.model)
    prefix = check_prefix(args.name) if args.name else prefix_of(Path(args.model).stem)
    folder = args.out or Path("exports") / prefix
    cores = tuple(CORES) if "all" in args.cores else args.cores
    if cores and not args.verify:
        raise WrongUseError("--cores compares with the replay on this machine: omit --no-verify")
    check_cores(cores)
    manifest = export_c(
        controller.to_program(), folder, prefix, args.precision, verify=args.verify,
        model_sha256=document_sha256(args.model),
    )  # fmt: skip
    if cores:
        results = replay_on_cores(folder, cores)
        manifest["cores"] = [dataclasses.asdict(result) for result in results]
    if args.layout != "plain":
        manifest |= {"layout": args.layout, "files": arrange(folder, args.layout)}
    verification = manifest["verification"] or {}
    return Result(
        manifest
        | {"out": str(folder), "mismatches": verification.get("spike_mismatches")}
        | {key: verification.get(key) for key in ("spike_mismatches", "max_abs_error")}
        | largest(manifest.get("cores", [])),
        ok=all(each["equal"] for each in manifest.get("cores", [])),
    )


def largest(cores: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return the largest flash, RAM and instructions of all cores; empty without cores."""
    values = {
        key: [each[key] for each in cores if each[key] is not None]
        for key in ("flash_bytes", "ram_bytes", "instructions_max")
    }
    return {key: max(numbers) for key, numbers in values.items() if numbers}


def show(result: Result, console: Console) -> None:
    """Print the result of the replay; the last line is the folder."""
    data = result.data
    if replay := data["verification"]:
        console.print(
            f"{replay['n_ticks']} ticks replayed in the compiled library: "
            f"{replay['spike_mismatches']} spikes differ from the native engine, read-outs by "
            f"{replay['max_abs_error']:g}; hash {replay['hash']}",
            soft_wrap=True,
        )
    else:
        console.print("not verified: replay it where a C compiler is installed", soft_wrap=True)
    if cores := data.get("cores"):
        table = Table(title="Replay on emulated cores, instructions of a tick")
        for column in COLUMNS:
            table.add_column(column, justify="left" if column in COLUMNS[:2] else "right")
        for row in rows(cores):
            table.add_row(*row)
        console.print(table)
    console.print(data["out"], markup=False, soft_wrap=True)
