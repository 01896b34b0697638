"""The sections of the page, in their order. One file a section, each `make(inputs) -> Section`."""

from __future__ import annotations

from collections.abc import Callable

from snn_control.report.inputs import ReportInputs
from snn_control.report.section import Section
from snn_control.report.sections import (
    latency,
    learning,
    modules,
    operations,
    precision_recall,
    provenance,
    queries,
    response,
    result,
    similarity,
    spikes,
    swim,
    transfer,
    video,
    wiring,
)

SECTIONS: tuple[Callable[[ReportInputs], Section], ...] = (
    result.make,
    precision_recall.make,
    similarity.make,
    queries.make,
    modules.make,
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
PLACE = {"precision-recall", "similarity", "queries", "modules"}
"""Sections on the recognition of places, which other runs have nothing to say in."""
