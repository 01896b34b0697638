"""`snn-control export MODEL --to TARGET`: a controller in another language or format."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from rich.console import Console
from rich.table import Table
from tyro.conf import arg

from snn_control.cli.options import Folder, JsonOption, Model, OptionalText, Text
from snn_control.cli.result import Result, WrongUseError
from snn_control.controllers.files import document_sha256
from snn_control.engines.integer.formats import InputFormat
from snn_control.engines.integer.quantise import BITS
from snn_control.errors import ParameterError
from snn_control.export.c.files import export_c
from snn_control.export.c.names import check_prefix, prefix_of
from snn_control.export.cores.core import CORES
from snn_control.export.cores.replay import check_cores, replay_on_cores
from snn_control.export.cores.table import COLUMNS, rows
from snn_control.export.layouts.layout import arrange
from snn_control.export.registry import EXPORTERS
from snn_control.training.model_name import ModelName, load_named

Cores = Annotated[tuple[str, ...], arg(metavar="CORE [CORE ...]", help_behavior_hint="")]
Units = Annotated[
    tuple[str, ...], arg(metavar="NAME=VALUE [NAME=VALUE ...]", help_behavior_hint="")
]


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Export a controller: C99 source (c), NIR files (nir, extra [nir]) or ONNX (onnx, [onnx]).

    A replay of 400 ticks is compared with an engine before anything is written: C bit for bit, NIR
    and ONNX spike for spike. A part that the target cannot express is refused by name. --no-verify
    omits the replay, for machines without a C compiler or onnxruntime.

    --cores repeats the replay of C on emulated cores, and measures instructions, flash, RAM and
    stack.

    Example: snn-control export blimp-altitude --to nir --out blimp_nir
    """

    model: Model
    """Model: a name, a run folder or a model file; with `:adapting` on a forward model that
    learns."""
    to: Literal["c", "nir", "onnx"] = "c"
    """Target."""
    precision: OptionalText = None
    """Numbers: float32 or float64 (c, onnx; default: float32), float64 (nir), or integers named by
    the bits of a weight: int16, int8 or int4 (c)."""
    out: Folder = None
    """Folder of the files; default: exports/NAME for c, else exports/NAME_TARGET."""
    name: Text = ""
    """C identifier, prefix of all names; default: that of the model."""
    verify: bool = True
    """Replay a trace; c is compiled for it."""
    units: Units = ()
    """Value of one unit of an input of integers, such as height_error_m=0.001; default: 2^-12."""
    layout: Literal["plain", "firmware", "arduino", "zephyr"] = "plain"
    """Arrangement of the files of c: as they are, with a firmware for a serial line, as an Arduino
    library, or as a Zephyr module."""
    cores: Cores = ()
    """Emulated cores of a further replay of c: aarch64, cortex-m0plus, cortex-m3, cortex-m4f,
    cortex-m7, or all."""


def run(args: Args) -> Result:
    """Write and verify the files."""
    exporter = EXPORTERS[args.to]
    try:
        precision = exporter.precision(args.precision)
    except ParameterError as exc:
        raise WrongUseError(f"--precision: {exc}") from exc
    model = ModelName.parse(args.model)
    plain = model == ModelName(model.base)
    controller = load_named(args.model)
    prefix = check_prefix(args.name) if args.name else prefix_of(Path(args.model).stem)
    cores = tuple(CORES) if "all" in args.cores else args.cores
    if cores and (args.to != "c" or not args.verify):
        raise WrongUseError("--cores compares with the replay of c: omit --no-verify and --to")
    if args.layout != "plain" and args.to != "c":
        raise WrongUseError(f"--layout {args.layout} is one of c: omit --to")
    check_cores(cores)
    program = controller.to_program()
    export = exporter.load()
    if args.units:
        if args.to != "c" or precision not in BITS or program.shell is not None:
            raise WrongUseError(
                "--units needs integers (--precision int8) and a plain sum of networks"
            )
        export = partial(export_c, inputs=input_formats(program.observation_names, args.units))
    folder = args.out or Path("exports") / (prefix if args.to == "c" else f"{prefix}_{args.to}")
    manifest = export(
        program, folder, prefix, precision, verify=args.verify,
        model_sha256=document_sha256(model.base) if plain else "",
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


def input_formats(names: Sequence[str], units: Sequence[str]) -> list[InputFormat]:
    """Return the format of each input from entries NAME=VALUE.

    Raises:
        WrongUseError: an unknown name, or an invalid value.
    """
    formats = {name: InputFormat() for name in names}
    for entry in units:
        name, _, value = entry.partition("=")
        if name not in formats:
            raise WrongUseError(f"--units: no input {name!r}; there are {', '.join(formats)}")
        try:
            formats[name] = InputFormat(float(value))
        except ValueError as exc:
            raise WrongUseError(f"--units {entry}: {exc}") from exc
    return list(formats.values())


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
        hashed = f"; hash {replay['hash']}" if "hash" in replay else ""
        console.print(
            f"{replay['n_ticks']} ticks replayed in {replay['replayed']}: "
            f"{replay['spike_mismatches']} spikes differ from the {replay['reference']} engine, "
            f"read-outs by {replay['max_abs_error']:g}{hashed}",
            soft_wrap=True,
        )
    else:
        console.print("not verified: export without --no-verify to replay it", soft_wrap=True)
    if cores := data.get("cores"):
        table = Table(title="Replay on emulated cores, instructions of a tick")
        for column in COLUMNS:
            table.add_column(column, justify="left" if column in COLUMNS[:2] else "right")
        for row in rows(cores):
            table.add_row(*row)
        console.print(table)
    console.print(data["out"], markup=False, soft_wrap=True)
