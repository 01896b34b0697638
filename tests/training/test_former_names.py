"""Former names of tasks, studies and recognisers, kept for one version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from snn_control.training.swimmer.task import SwimmerTask


def test_a_task_with_former_names_is_accepted() -> None:
    with pytest.warns(DeprecationWarning, match="rename flights to recordings"):

        @dataclass(frozen=True)
        class OldTask(SwimmerTask):
            flights: tuple[str, ...] = ("a.csv",)

            def with_flights(self, added: tuple[str, ...], *, alone: bool) -> OldTask:
                return OldTask(flights=self.flights + added)

    assert OldTask().recordings == ("a.csv",)
    added: Any = OldTask().with_recordings(("b.csv",), alone=False)
    assert added.recordings == ("a.csv", "b.csv")


def test_former_names_of_classes_are_deprecated() -> None:
    from snn_control.controllers.place.confidence import calibration_state, judgement
    from snn_control.studies import study

    with pytest.warns(DeprecationWarning, match="`Progress`"):
        assert study.Say is study.Progress
    with pytest.warns(DeprecationWarning, match="CalibrationState"):
        assert judgement.Judgement is calibration_state.CalibrationState
