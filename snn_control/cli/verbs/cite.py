"""`snn-control cite`: BibTeX of this software and of the work that it builds on."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console

import snn_control
from snn_control.citations import CITATIONS, bibtex
from snn_control.cli.options import Entries, JsonOption
from snn_control.cli.result import Result
from snn_control.errors import UnknownNameError


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Print all BibTeX entries, or those that are named.

    Example: snn-control cite snn_control blimp
    """

    entries: Entries = ()
    """Names of entries, such as snn_control, blimp, cma-es, nsga-ii; default: all."""


def run(args: Args) -> Result:
    """Collect the entries."""
    for name in args.entries:
        if name not in CITATIONS:
            raise UnknownNameError("citation", name, CITATIONS)
    chosen = args.entries or tuple(CITATIONS)
    return Result({name: bibtex(name, snn_control.__version__) for name in chosen})


def show(result: Result, console: Console) -> None:
    """Print the entries, separated by empty lines."""
    console.print("\n\n".join(result.data.values()), markup=False, soft_wrap=True)
