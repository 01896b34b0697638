"""Conformance of a run folder: manifest, records, checkpoints, model and report."""

from __future__ import annotations

from pathlib import Path

from snn_control.checks.outcome import Checklist, Outcome, require
from snn_control.controllers import load
from snn_control.report import render_report
from snn_control.report.study_file import STUDY_FILE
from snn_control.runs import Run


def check_run(name: str) -> list[Outcome]:
    """Check the run in folder `name` without writing to it."""
    check = Checklist("run")
    folder = Path(name)
    remedy = "pass the folder written by `evolve` or `study`; the message names a damaged file"
    if not check("manifest", remedy, lambda: _manifest(folder)):
        return check.outcomes
    run = Run.open(folder)
    check("configuration", remedy, lambda: f"{len(run.config)} keys")
    check("records", "remove the damaged line of metrics.jsonl", lambda: f"{len(run.metrics())}")
    optimised = not (folder / STUDY_FILE).exists()
    if optimised and check(
        "checkpoint",
        "run `evolve` again; a run without a complete checkpoint cannot be resumed",
        lambda: f"step {run.restore('last').step}",
    ):
        check("model", "run `evolve --resume` to write it again", lambda: _model(folder))
    check(
        "report",
        "run `eval --out` on the folder again, or repair the file in the message",
        lambda: f"{len(render_report(folder)) / 1e6:.1f} MB",
    )
    return check.outcomes


def _manifest(folder: Path) -> str:
    manifest = Run.open(folder).manifest
    missing = [key for key in ("status", "command", "seed", "versions") if key not in manifest]
    require(not missing, f"manifest.json lacks {', '.join(missing)}")
    return f"{manifest['status']}, seed {manifest['seed']}"


def _model(folder: Path) -> str:
    return type(load(folder)).__name__
