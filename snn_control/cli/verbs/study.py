"""`snn-control study NAME`: registered experiment, with a run folder and a report page."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from snn_control.cli.options import Assignments, Flag, Folder, JsonOption, Name, assigned
from snn_control.cli.result import Result, WrongUseError
from snn_control.report import build_report, require_report
from snn_control.report.study_file import part_tables
from snn_control.studies import STUDIES, SUFFIXES, StudyConfig, run_study, study_settings
from snn_control.studies.study import silent


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Run a registered experiment; print its table and the path of its report page.

    The command `snn-control list studies` lists the names, and `snn-control study NAME --help` the
    options of one study.

    Example: snn-control study mismatch --seeds 20 --out runs/mismatch
    """

    study: Name
    """Name of the study, or a YAML file with `method: study`, `study: NAME` and settings."""
    config: StudyConfig = dataclasses.field(default_factory=StudyConfig)
    """Settings of the study."""
    set: Assignments = ()
    """Value of a key of the settings, such as seeds=3; `snn-control show STUDY` lists the keys. The
    options of a study have precedence."""
    out: Folder = None
    """Run folder to create; default: runs/study-NAME-FIRST_SEED."""
    no_report: Flag = False
    """Write no report page."""


def args_for(words: Sequence[str]) -> type[Args]:
    """Return the arguments with the options of the study named in `words`, if any."""
    values = {k + 1 for k, word in enumerate(words) if word in ("--out", "--set")}
    named = [w for k, w in enumerate(words) if k not in values and not w.startswith("-")]
    files = (w for w in named if Path(w).suffix in SUFFIXES)
    study = next((w for w in named if w in STUDIES), None) or next(files, None)
    if study is None:
        return Args
    made = study_settings(study, assigned([*_assignments(words)]))[1]
    kind = type(made)
    return dataclasses.make_dataclass(
        "Args",
        [("config", kind, dataclasses.field(default_factory=lambda: made))],
        bases=(Args,),
        namespace={"__doc__": Args.__doc__},
        frozen=True,
        kw_only=True,
    )


def _assignments(words: Sequence[str]) -> Iterator[str]:
    """Yield the values of `--set` among the words of a command line."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--set" and following:
            yield following
        elif word.startswith("--set="):
            yield word.removeprefix("--set=")


def run(args: Args) -> Result:
    """Run the study and write its page."""
    if not args.no_report:
        require_report()
    study, settings = study_settings(args.study, assigned(args.set))
    if type(settings) is not type(args.config):
        raise WrongUseError(f"options are those of another study; write {args.study} before them")
    folder = args.out or Path("runs") / f"study-{study}-{args.config.first_seed}"
    progress = silent if args.json else _print_progress
    command = "snn-control " + shlex.join(sys.argv[1:])
    outcome = run_study(study, args.config, folder, command=command, progress=progress)
    data: dict[str, Any] = {
        "run": str(folder),
        "study": study,
        "rows": outcome.rows,
        "summary": outcome.summary,
        "notes": list(outcome.notes),
        "skipped": list(outcome.skipped),
    }
    data["parts"] = [dataclasses.asdict(part) for part in outcome.parts]
    if not args.no_report:
        data["report"] = str(build_report(folder))
    return Result(data)


def _print_progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def show(result: Result, console: Console) -> None:
    """Print the first part of the table; the last line is the path of the report page."""
    first, *others = part_tables(result.data["rows"], result.data["parts"])
    table = Table(title=first.title or result.data["study"])
    for k, column in enumerate(first.columns):
        table.add_column(column, justify="right" if k else "left")
    for row in first.rows:
        table.add_row(*row)
    console.print(table)
    if others:
        console.print(
            f"{len(others)} further tables are on the report page; --json prints all columns."
        )
    console.print(result.data["summary"], markup=False)
    console.print(result.data.get("report", result.data["run"]), markup=False, soft_wrap=True)
