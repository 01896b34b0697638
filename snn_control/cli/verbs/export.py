"""`snn-control export MODEL --to c`: a controller as C99 source."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

from snn_control.cli.options import Folder, JsonOption, Model, Text
from snn_control.cli.result import Result
from snn_control.controllers.files import model_path
from snn_control.export.c.files import export_c
from snn_control.export.c.names import check_prefix, prefix_of
from snn_control.training.model_name import ModelName, load_named


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Export a whole controller as C99 source: header, source, test program, manifest.

    The source allocates nothing and calls no library. A replay of 400 ticks in the compiled library
    must equal the native engine bit for bit; --no-verify omits it, for machines without a compiler.

    Example: snn-control export blimp-altitude --out blimp_c
    """

    model: Model
    """Model: a name, a run folder or a model file; with `:adapting` on a forward model that
    learns."""
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


def run(args: Args) -> Result:
    """Write and verify the files."""
    model = ModelName.parse(args.model)
    path = model_path(model.base) if model == ModelName(model.base) else None
    controller = load_named(args.model)
    prefix = check_prefix(args.name) if args.name else prefix_of(Path(args.model).stem)
    folder = args.out or Path("exports") / prefix
    manifest = export_c(
        controller.to_program(), folder, prefix, args.precision, verify=args.verify,
        model_sha256="" if path is None else hashlib.sha256(path.read_bytes()).hexdigest(),
    )  # fmt: skip
    verification = manifest["verification"] or {}
    return Result(
        manifest
        | {"out": str(folder), "mismatches": verification.get("spike_mismatches")}
        | {key: verification.get(key) for key in ("spike_mismatches", "max_abs_error")}
    )


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
    console.print(data["out"], markup=False, soft_wrap=True)
