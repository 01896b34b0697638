"""Registered experiments, one file each, run by `snn-control study NAME`.

A study is a module, `snn_control.studies.NAME` by default (with underscores for hyphens), with

- a docstring whose first line states the question as a noun phrase,
- `Config`: a keyword-only frozen dataclass derived from `StudyConfig`, with field docs,
- `run(config, *, folder, progress) -> StudyResult`: does the work; `folder` is the run folder (for
  further files too), `progress(text)` reports progress,

and one line in `snn_control.studies.registry.STUDIES`. `run_study` writes the run folder, with
`study.json` (table, figures, summary) for the report page.
"""

from snn_control.studies.registry import (
    STUDIES,
    SUFFIXES,
    config_type,
    read_study,
    study_module,
    study_settings,
)
from snn_control.studies.run_study import run_study
from snn_control.studies.study import StudyConfig, StudyResult, TablePart

__all__ = [
    "STUDIES",
    "SUFFIXES",
    "StudyConfig",
    "StudyResult",
    "TablePart",
    "config_type",
    "read_study",
    "run_study",
    "study_module",
    "study_settings",
]
