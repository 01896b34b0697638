"""The sections of the page, in their order. One file a section, each `make(inputs) -> Section`."""

from __future__ import annotations

from collections.abc import Callable

from snn_control.report.inputs import ReportInputs
from snn_control.report.section import Section
from snn_control.report.sections import (
    latency,
    learning,
    operations,
    provenance,
    response,
    result,
    spikes,
    swim,
    transfer,
    video,
    wiring,
)

SECTIONS: tuple[Callable[[ReportInputs], Section], ...] = (
    result.make,
    video.make,
    response.make,
    swim.make,
    spikes.make,
    latency.make,
    learning.make,
    transfer.make,
    wiring.make,
    operations.make,
    provenance.make,
)
