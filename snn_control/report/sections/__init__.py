"""Sections of the page, one module each, of type `SectionModule`."""

from __future__ import annotations

from snn_control.report.section import SectionModule
from snn_control.report.sections import (
    cores,
    front,
    latency,
    learning,
    modules,
    operations,
    precision_recall,
    provenance,
    queries,
    response,
    result,
    signals,
    similarity,
    spikes,
    study,
    swim,
    transfer,
    video,
    wiring,
)
from snn_control.report.sections.loop import adaptation, supervision

SECTIONS: tuple[SectionModule, ...] = (
    study,
    result,
    front,
    precision_recall,
    similarity,
    queries,
    modules,
    video,
    response,
    swim,
    signals,
    supervision,
    adaptation,
    spikes,
    latency,
    learning,
    transfer,
    wiring,
    operations,
    cores,
    provenance,
)
"""Sections in the order of the page."""
