"""Rollbacks of an adapting controller: their target, frozen parameters, divergence, orders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snn_control.controllers import PID, load
from snn_control.controllers.adapting import Adapting
from snn_control.controllers.blimp import forward_layout as layout
from snn_control.controllers.blimp.forward_config import CHANGES
from snn_control.controllers.blimp.forward_model import BlimpForwardModel
from snn_control.controllers.parameter_history import ParameterHistory
from snn_control.errors import ParameterError
from snn_control.studies.adaptation.support.altitude_baselines import (
    PD_MODEL,
    PredictedPDController,
    predicted,
)
from snn_control.training.blimp.adaptive.flight import fly_one
from tests.controllers.test_adapting import SCENARIO, observations, orders, steps, wrapped

BANK = replace(PD_MODEL, hypotheses=CHANGES, share=0.01, factor=1.0)


def wild(n: int, size_m: float = 2.0) -> np.ndarray:
    """Return observations with random ranges."""
    rows = observations(n)
    rows[:, 2] += np.random.default_rng(1).uniform(-size_m, size_m, n)
    rows[:, 0] = rows[:, 1] - rows[:, 2]
    return rows


def test_history_returns_the_parameters_of_its_age() -> None:
    history = ParameterHistory(3.0)
    assert history.before(0.0, (7.0,)) == (7.0,)
    for k in range(100):
        if history.due(0.1 * k):
            history.add(0.1 * k, (float(k),))
    assert 65 <= history.before(9.9, (0.0,))[0] <= 69
    history.restart(9.9, (1.0,))
    assert history.before(100.0, (0.0,)) == (1.0,)


def test_after_a_rest_the_parameters_of_its_beginning_return() -> None:
    adapting, rows = wrapped(), observations(1200)
    steps(adapting, rows[:600], orders(trusted=1))
    kept = adapting.model.parameters
    steps(adapting, rows[600:1100], orders(trusted=1, frozen=1))
    steps(adapting, rows[1100:1101], orders(trusted=1))
    steps(adapting, rows[1101:], orders(trusted=0))
    assert adapting.model.parameters[:2] == pytest.approx(kept[:2], abs=1e-2)
    assert adapting.versions[-1].reason == "sensor not trusted"


def test_frozen_parameters_stay_when_trust_is_lost_or_predictions_diverge() -> None:
    for taken, rows in ((orders(frozen=1, trusted=0), observations(50)),
                        (orders(frozen=1, trusted=1), wild(100))):  # fmt: skip
        adapting = wrapped()
        steps(adapting, observations(300), orders(trusted=1))
        kept = adapting.model.parameters
        steps(adapting, rows, taken)
        assert adapting.model.parameters == kept
    assert adapting.diverged


def test_frozen_parameters_stay_when_the_lidar_freezes() -> None:
    adapting, rows = wrapped(), observations(600)
    steps(adapting, rows[:300], orders())
    kept = adapting.model.parameters
    rows[300:, 2] = rows[300, 2]
    sent = orders(frozen=1, sent_command=9.0)
    steps(adapting, rows[300:], sent)
    assert adapting.model.lost
    assert adapting.model.parameters == kept


def test_a_requested_rollback_is_not_undone_by_a_later_one() -> None:
    adapting, rows = wrapped(), observations(500)
    steps(adapting, rows[:300], orders(trusted=1))
    steps(adapting, rows[300:301], orders(trusted=1, rollbacks=1, frozen=1))
    start = adapting.saved
    assert adapting.model.parameters == start
    steps(adapting, rows[301:302], orders(trusted=0, rollbacks=1))
    assert adapting.model.parameters == start


def test_a_change_of_sign_is_not_rolled_back() -> None:
    """Loss of trust 2 s after the thrust has changed its sign."""
    adapting = predicted(PredictedPDController(), BANK)
    episode = fly_one(
        adapting, SCENARIO, gain_factor=lambda time_s: -1.0 if time_s > 60.0 else 1.0,
        record=("learned_gain_m_s2", "hypothesis_changes"),
    )  # fmt: skip
    assert episode.readouts["learned_gain_m_s2"][-1] < 0.0
    adapting.reset()
    lost = Distrusting(adapting, 62.5)
    episode = fly_one(lost, SCENARIO, gain_factor=lambda time_s: -1.0 if time_s > 60.0 else 1.0)
    error_m = np.abs(episode.reference_m - episode.height_m)
    assert error_m[(episode.time_s > 64.0) & (episode.time_s < 70.0)].max() < 0.35
    assert lost.model.sign == -1.0


class Distrusting(Adapting):
    """Adapting controller whose lidar is not trusted from a time on, with a true estimate."""

    def __init__(self, made: Adapting, from_s: float) -> None:
        self.from_s, self.elapsed_s = from_s, 0.0
        super().__init__(made.inner, made.model, made.config)

    def _step(self, observation: np.ndarray) -> np.ndarray:
        self.elapsed_s += observation[self._dt_at]
        self.take_orders(orders(trusted=self.elapsed_s < self.from_s))
        return super()._step(observation)


def test_a_diverged_model_is_not_used_while_learning_is_tried() -> None:
    adapting = wrapped()
    steps(adapting, observations(300), orders(trusted=1))
    used, reasons = [], set()
    for row in wild(200):
        adapting.step(row)
        used.append(adapting.readouts["prediction_used"])
        reasons.add(adapting.reason)
    first = used.index(0.0)
    assert not any(used[first:])
    assert reasons == {"", "diverged"}
    assert any(version.reason == "learning is tried again" for version in adapting.versions)


def test_a_rest_for_another_reason_does_not_end_a_divergence() -> None:
    adapting = wrapped()
    steps(adapting, observations(300), orders(trusted=1))
    steps(adapting, wild(40), orders(trusted=1))
    assert adapting.diverged
    steps(adapting, observations(100), orders(trusted=0))
    assert adapting.diverged
    n = adapting.n_versions
    steps(adapting, wild(100), orders(trusted=1, frozen=1))
    assert adapting.diverged
    tried = [v for v in list(adapting.versions)[n:] if v.reason == "learning is tried again"]
    assert not tried


def test_after_a_divergence_the_controller_starts_without_an_offset() -> None:
    adapting, alone = wrapped(PID()), PID()
    rows = observations(300)
    steps(adapting, rows, orders(trusted=1))
    for row in rows:
        alone.step(row[:1])
    rows = wild(60)
    commands = steps(adapting, rows, orders(trusted=1))
    own = [alone.step(row[:1]).item() for row in rows]
    assert adapting.diverged
    assert adapting._offset == 0.0
    assert np.isfinite(commands).all()
    assert len(own) == len(commands)


def test_return_of_trust_teaches_nothing_about_an_estimate_that_was_off() -> None:
    adapting, rows = wrapped(), observations(700)
    steps(adapting, rows[:400], orders(trusted=1))
    shifted = rows[400:500].copy()
    shifted[:, 2] += 0.3
    shifted[:, 0] -= 0.3
    steps(adapting, shifted, orders(trusted=0))
    kept = adapting.model.parameters
    steps(adapting, rows[500:505], orders(trusted=1))
    assert np.abs(np.subtract(adapting.model.parameters[:2], kept[:2])).max() < 0.03
    assert adapting.model.readouts["model_height_m"] == pytest.approx(rows[504, 2], abs=0.03)


def test_a_frozen_lidar_is_forgotten_once_a_monitor_trusts_it() -> None:
    adapting, rows = wrapped(), observations(400)
    steps(adapting, rows[:100], orders())
    rows[100:200, 2] = rows[100, 2]
    steps(adapting, rows[100:200], orders(sent_command=9.0))
    assert adapting.model.lost
    steps(adapting, rows[200:210], orders(trusted=1))
    assert not adapting.model.lost
    assert adapting.model.readouts["model_height_m"] == pytest.approx(rows[209, 2], abs=0.1)


def test_a_long_gap_is_no_change_of_the_hypothesis() -> None:
    adapting, rows = wrapped(), observations(100)
    steps(adapting, rows[:50])
    assert isinstance(adapting.model, BlimpForwardModel)
    adapting.model._status[layout.CHANGES] = adapting.model._last[layout.CHANGES] = 3.0
    n = adapting.n_versions
    late = rows[50].copy()
    late[3] = 5.0
    adapting.step(late)
    assert adapting.model.changes == 3
    assert [version.reason for version in list(adapting.versions)[n:]] in ([], ["learned"])


def test_counters_of_requests_begin_with_those_of_the_first_tick() -> None:
    adapting = wrapped()
    steps(adapting, observations(10), orders(saves=2, rollbacks=1))
    assert not {"saved", "rolled back on request"} & {each.reason for each in adapting.versions}
    steps(adapting, observations(10), orders(saves=3, rollbacks=1))
    assert "saved" in {each.reason for each in adapting.versions}


@pytest.mark.parametrize(
    ("place", "value"), [(-1, -1.0), (-1, 1.5), (-1, 9.0), (2, -0.5), (2, 2.0)]
)
def test_impossible_parameters_are_refused(place: int, value: float) -> None:
    model = BlimpForwardModel()
    parameters = list(model.parameters)
    parameters[place] = value
    with pytest.raises(ParameterError, match="expected"):
        model.restore(parameters)


def test_the_shipped_model_restarts_with_the_history_of_its_snapshot() -> None:
    adapting = load("blimp-adaptive")
    assert isinstance(adapting, Adapting)
    rows = observations(300)
    columns = [["height_error_m", "height_ref_m", "range_m", "dt_s"].index(name)
               for name in adapting.observation_names]  # fmt: skip
    start = adapting.snapshot()
    steps(adapting, rows[:, columns], orders(trusted=1))
    adapting.restore(start)
    restored = adapting.model.parameters
    steps(adapting, rows[:1, columns], orders(trusted=0))
    assert adapting.model.parameters == restored
