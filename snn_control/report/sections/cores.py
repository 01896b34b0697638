"""Cost of the exported controller on emulated cores."""

from __future__ import annotations

from snn_control.export.cores.table import COLUMNS, rows
from snn_control.report.inputs import ReportInputs
from snn_control.report.section import Section, Table

_LEAD = (
    "The exported C source was compiled for each core and replayed in QEMU. Outputs and spikes are "
    "equal if their hash is that of the host. Instructions of a tick are counts, not cycles; RAM "
    "is static variables, state and the deepest measured stack."
)


def applies(inputs: ReportInputs) -> bool:
    """Return True if an export of the run was replayed on cores."""
    return bool(inputs.cores)


def make(inputs: ReportInputs) -> Section:
    """Return one table per export."""
    tables = [
        Table(COLUMNS, rows(results), ["" if each["equal"] else "behind" for each in results], name)
        for name, results in inputs.cores.items()
    ]
    return Section("cores", "On emulated cores", _LEAD, tables=tables)
