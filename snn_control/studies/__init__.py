"""Registered experiments: each one file, run by `snn-control study NAME`.

A study is a module `snn_control.studies.NAME` (a hyphen in the name is an underscore there) with

- a docstring whose first line says what it asks,
- `Config`: a keyword-only frozen dataclass, a docstring a field, that derives from `StudyConfig`,
- `run(config, *, folder, say) -> StudyResult`: does the work; `folder` is the run folder (further
  files may go there), `say(text)` reports progress,

and one line in `snn_control.studies.registry.STUDIES`. `run_study` writes the run folder:
`study.json` (table, figures, summary) beside what every run holds, and the page from it.
"""

from snn_control.studies.registry import STUDIES, config_type, read_study, study_module
from snn_control.studies.run_study import run_study
from snn_control.studies.study import StudyConfig, StudyResult, TablePart

__all__ = [
    "STUDIES",
    "StudyConfig",
    "StudyResult",
    "TablePart",
    "config_type",
    "read_study",
    "run_study",
    "study_module",
]
