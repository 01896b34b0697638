"""Execution of a study in a run folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from snn_control.report.study_file import STUDY_FILE
from snn_control.runs import Run, atomic
from snn_control.runs.checksums import to_json
from snn_control.runs.metrics_file import plain
from snn_control.studies.registry import STUDIES, study_module
from snn_control.studies.study import METHOD, Progress, StudyConfig, StudyResult, silent


def run_study(
    name: str, config: StudyConfig, folder: Path, *, command: str = "", progress: Progress = silent
) -> StudyResult:
    """Run a study and write its table and figures to `study.json` in `folder`.

    Args:
        name: name of a registered study.
        config: configuration of that study.
        folder: run folder to create.
        command: command line for the manifest.
        progress: called with each line of progress.

    Raises:
        UnknownNameError: no such study.
        RunError: the folder is not empty or cannot be written.
    """
    module = study_module(name)
    resolved = {"method": METHOD, "study": name, **dataclasses.asdict(config)}
    run = Run.create(folder, command=command, config=resolved, seed=config.first_seed)
    status = "crashed"
    try:
        result: StudyResult = module.run(config, folder=folder, progress=progress)
        document = {
            "study": name,
            "question": STUDIES[name],
            "summary": result.summary,
            "rows": result.rows,
            "figures": result.figures,
            "parts": [dataclasses.asdict(part) for part in result.parts],
            "notes": result.notes,
            "skipped": result.skipped,
        }
        text = to_json(plain(document), indent=1, allow_nan=False)
        atomic.write_bytes(folder / STUDY_FILE, text)
        status = "finished"
    except KeyboardInterrupt:
        status = "stopped"
        raise
    finally:
        run.finish(status)
    return result
