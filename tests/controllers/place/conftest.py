"""Recognisers that were fitted once."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace

import pytest

from snn_control.controllers.place import PlaceRecognizer
from tests.controllers.place.seasons import (
    CALIBRATION,
    STORM,
    STORM_KNOWN,
    SUMMER,
    WINTER,
)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = PlaceRecognizer().fit(SUMMER, (WINTER[:CALIBRATION], range(CALIBRATION)))
    return made.save(tmp_path_factory.mktemp("map") / "route")


@pytest.fixture
def recognizer(saved: Path) -> PlaceRecognizer:
    return PlaceRecognizer.load(saved)


@pytest.fixture(scope="session")
def storm_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = PlaceRecognizer().fit(SUMMER, (STORM[STORM_KNOWN], STORM_KNOWN.tolist()))
    return made.save(tmp_path_factory.mktemp("storm") / "route")


@pytest.fixture
def stormy(storm_map: Path) -> PlaceRecognizer:
    return PlaceRecognizer.load(storm_map)


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a deadline count ticks of a presentation in place of seconds."""
    ticks = itertools.count()
    clock = SimpleNamespace(perf_counter=lambda: float(next(ticks)))
    monkeypatch.setattr("snn_control.controllers.place.presentation.time", clock)
