"""Recognisers that are fitted once per session."""

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
    fitted = PlaceRecognizer().fit(SUMMER, (WINTER[:CALIBRATION], range(CALIBRATION)))
    return fitted.save(tmp_path_factory.mktemp("map") / "route")


@pytest.fixture
def recognizer(saved: Path) -> PlaceRecognizer:
    return PlaceRecognizer.load(saved)


@pytest.fixture(scope="session")
def storm_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fitted = PlaceRecognizer().fit(SUMMER, (STORM[STORM_KNOWN], STORM_KNOWN.tolist()))
    return fitted.save(tmp_path_factory.mktemp("storm") / "route")


@pytest.fixture
def stormy(storm_map: Path) -> PlaceRecognizer:
    return PlaceRecognizer.load(storm_map)


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the clock of the presentation by one that counts ticks."""
    ticks = itertools.count()
    clock = SimpleNamespace(perf_counter=lambda: float(next(ticks)))
    monkeypatch.setattr("snn_control.controllers.place.presentation.time", clock)
