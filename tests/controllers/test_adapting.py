"""Adapting controller: switched off, frozen, rolled back, diverged, replayed, saved."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import PID, Controller, load, save
from snn_control.controllers.adapting import Adapting
from snn_control.controllers.adapting_config import AdaptingConfig, Orders
from snn_control.controllers.blimp.forward_config import BlimpForwardConfig
from snn_control.controllers.blimp.forward_model import BlimpForwardModel
from snn_control.envs.blimp.disturbances import draw_disturbed
from snn_control.errors import ModelFileError, ParameterError
from snn_control.plasticity.need import EssentialVariable
from snn_control.training.blimp.adaptive.flight import fly_one
from tests.paths import ROOT

SCENARIO = draw_disturbed("leak and sag", 11, 120.0)
PD = AdaptingConfig(readout="pd")


def wrapped(inner: Controller | None = None, config: AdaptingConfig = PD) -> Adapting:
    return Adapting(inner or load("blimp-altitude"), BlimpForwardModel(), config)


def orders(**changes: float) -> list[float]:
    return list(Orders(**changes))


def observations(n: int, seed: int = 0) -> np.ndarray:
    """Return error, reference, range and time step of a blimp that holds 1 m badly."""
    rng = np.random.default_rng(seed)
    range_m = np.round(1.0 + 0.1 * np.sin(0.05 * np.arange(n)) + rng.normal(0, 0.005, n), 2)
    reference_m = np.full(n, 1.0)
    return np.stack([reference_m - range_m, reference_m, range_m, np.full(n, 0.1)], axis=1)


def steps(controller: Adapting, rows: np.ndarray, taken: Sequence[float] | None = None) -> list:
    if taken is not None:
        controller.take_orders(taken)
    return [controller.step(row).item() for row in rows]


@pytest.mark.parametrize("name", ["blimp-altitude", "blimp-altitude-delay", "pid"])
def test_switched_off_it_is_the_controller_bit_for_bit(name: str) -> None:
    alone, adapting = load(name), wrapped(load(name))
    rows = observations(300)
    expected = [alone.step(row[:1]).item() for row in rows]
    assert steps(adapting, rows, orders(adapting=0)) == expected
    adapting.reset()
    assert steps(adapting, rows, orders(adapting=1)) != expected


def test_switching_off_in_operation_does_not_jump() -> None:
    adapting, rows = wrapped(), observations(400)
    before = steps(adapting, rows[:200])[-1]
    after = steps(adapting, rows[200:], orders(adapting=0))
    assert after[0] == before
    assert np.abs(np.diff(after)).max() < 6.0


def test_frozen_parameters_stay_and_resume() -> None:
    adapting, rows = wrapped(), observations(400)
    steps(adapting, rows[:200])
    kept = adapting.model.parameters
    commands = steps(adapting, rows[200:300], orders(frozen=1))
    assert adapting.model.parameters == kept
    assert adapting.reason == "frozen"
    assert len(set(commands)) > 10, "the controller continues"
    steps(adapting, rows[300:], orders())
    assert adapting.model.parameters != kept


def test_a_distrusted_measurement_teaches_nothing_and_rolls_back_in_one_tick() -> None:
    adapting, rows = wrapped(), observations(300)
    steps(adapting, rows[:200], orders(trusted=1))
    recent = adapting.model.parameters
    steps(adapting, rows[200:201], orders(trusted=0))
    restored = adapting.model.parameters
    assert restored != recent
    version = adapting.versions[-1]
    assert version.reason == "sensor not trusted"
    assert version.parameters == restored
    wild = rows[201:].copy()
    wild[:, 2] += 3.0
    steps(adapting, wild, orders(trusted=0))
    assert adapting.model.parameters == restored


def test_saves_and_rollbacks_on_request() -> None:
    adapting, rows = wrapped(), observations(300)
    steps(adapting, rows[:100], orders())
    steps(adapting, rows[100:101], orders(saves=1))
    saved = adapting.saved
    steps(adapting, rows[101:200], orders(saves=1))
    assert adapting.model.parameters != saved
    adapting.take_orders(orders(saves=1, rollbacks=1, frozen=1))
    adapting.step(rows[200])
    assert adapting.model.parameters == saved
    reasons = [version.reason for version in adapting.versions]
    assert reasons.count("saved") == 1
    assert reasons.count("rolled back on request") == 1


def test_observations_and_orders_replay_commands_and_versions() -> None:
    rows = observations(600, seed=2)
    plan = [
        orders(
            sent_command=3.0 + math.sin(k),
            frozen=float(300 < k < 320),
            trusted=float(k % 97 > 5),
            saves=k // 200,
            rollbacks=k // 300,
        )
        for k in range(600)
    ]
    records = []
    for adapting in (wrapped(), wrapped()):
        commands = []
        for row, taken in zip(rows, plan, strict=True):
            adapting.take_orders(taken)
            commands.append(adapting.step(row).item())
        records.append((commands, list(adapting.versions)))
    assert records[0] == records[1]
    assert len(records[0][1]) > 10


def test_the_command_that_was_sent_drives_the_model() -> None:
    rows = observations(100)
    rows[:, 2], rows[:, 0] = 1.0, 0.0
    biases = []
    for sent in (2.0, 3.1, 5.0):
        adapting = wrapped()
        steps(adapting, rows, orders(sent_command=sent, trusted=1))
        biases.append(adapting.readouts["learned_bias_m_s2"])
    assert biases[0] > biases[1] > biases[2], "the same heights with more thrust mean less lift"


def test_a_diverged_model_is_not_used_until_it_agrees_again() -> None:
    adapting, rows = wrapped(), observations(900)
    steps(adapting, rows[:200], orders(trusted=1))
    wild = rows[200:300].copy()
    wild[:, 2] += np.random.default_rng(1).uniform(-2.0, 2.0, 100)
    steps(adapting, wild, orders(trusted=1))
    assert adapting.diverged
    assert adapting.readouts["prediction_used"] == 0.0
    steps(adapting, rows[300:], orders(trusted=1))
    assert not adapting.diverged
    assert adapting.readouts["prediction_used"] == 1.0


def test_parameters_survive_a_long_divergence_with_retries() -> None:
    adapting, rows = wrapped(), observations(500)
    steps(adapting, rows[:200], orders(trusted=1))
    wild = rows[200:].copy()
    wild[:, 2] += np.random.default_rng(1).uniform(-2.0, 2.0, 300)
    steps(adapting, wild, orders(trusted=1))
    first, *later = [
        version for version in adapting.versions if version.reason.startswith("mean squared")
    ]
    assert len(later) > 3
    assert all(each.parameters == first.parameters for each in later)
    assert any(version.reason == "learning is tried again" for version in adapting.versions)


class Failing(BlimpForwardModel):
    """Forward model that predicts NaN for heights above 1.5 m."""

    range_m = 0.0

    def tick(self, observation: Any, sent: float, trusted: bool | None, learns: float) -> None:
        super().tick(observation, sent, trusted, learns)
        self.range_m = observation[1]

    @property
    def predicted(self) -> tuple[float, ...]:
        return (math.nan, 0.0) if self.range_m > 1.5 else super().predicted


def test_a_model_that_fails_is_restarted_and_the_controller_continues() -> None:
    adapting, rows = Adapting(load("blimp-altitude"), Failing(), PD), observations(200)
    steps(adapting, rows[:100])
    broken = rows[100].copy()
    broken[2] = 1.6
    assert math.isfinite(adapting.step(broken).item())
    assert adapting.diverged == "prediction is not finite"
    assert all(map(math.isfinite, steps(adapting, rows[101:])))
    assert all(map(math.isfinite, adapting.model.parameters))


def test_without_a_need_nothing_is_learned() -> None:
    calm = EssentialVariable("height_error_m", high=0.5, width=0.1, tau_s=5.0, squared=True)
    adapting = wrapped(config=replace(PD, needs=(calm,)))
    rows = observations(200)
    start = adapting.model.parameters
    steps(adapting, rows)
    assert adapting.model.parameters[:2] == start[:2]
    assert adapting.reason == "no need"
    rows[:, :2] += 1.0
    steps(adapting, rows)
    assert adapting.model.parameters[:2] != start[:2]


def test_dead_zone_keeps_the_parameters_of_a_good_model() -> None:
    wide = wrapped(config=replace(PD, dead_zone_sigma=1e3))
    start = wide.model.parameters
    steps(wide, observations(100))
    assert wide.model.parameters == start
    assert wide.reason == "dead zone"


def test_snapshot_round_trip_and_refusals() -> None:
    adapting = wrapped()
    steps(adapting, observations(200))
    snapshot = json.loads(json.dumps(adapting.snapshot()))
    other = wrapped()
    other.restore(snapshot)
    assert other.model.parameters == adapting.model.parameters
    with pytest.raises(ParameterError, match="another network"):
        wrapped(load("blimp-altitude-delay")).restore(snapshot)
    narrow = Adapting(load("blimp-altitude"), BlimpForwardModel(BlimpForwardConfig(cap=30.0)), PD)
    with pytest.raises(ParameterError, match="another network or forward model"):
        narrow.restore(snapshot)
    for parameters in ({}, {**snapshot["parameters"], "gain_m_s2_0": math.nan}):
        with pytest.raises(ParameterError):
            other.restore({**snapshot, "parameters": parameters})
    assert other.model.parameters == adapting.model.parameters


def test_a_file_keeps_network_model_and_limits(tmp_path: Path) -> None:
    need = EssentialVariable("battery_v", low=3.6, width=0.3)
    adapting = wrapped(config=replace(PD, needs=(need,), dead_zone_sigma=0.1))
    again = load(save(adapting, tmp_path / "model"))
    assert isinstance(again, Adapting)
    assert (again.config, again.model.document()) == (adapting.config, adapting.model.document())
    assert again.observation_names[-1] == "battery_v"


def test_a_file_with_wrong_settings_is_refused(tmp_path: Path) -> None:
    path = save(wrapped(), tmp_path / "model")
    document = json.loads(path.read_text("utf-8"))
    for key, value in (("forward_model", "rocket"), ("model", {"share": 2.0}), ("inner", "x")):
        changed = {**document, "settings": {**document["settings"], key: value}}
        path.write_text(json.dumps(changed), "utf-8")
        with pytest.raises(ModelFileError):
            load(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rollback_s": 0.0}, "rollback_s"),
        ({"divergence_nis": 1.0}, "ascending"),
        ({"dead_zone_sigma": -1.0}, "dead_zone_sigma"),
        ({"version_s": math.nan}, "version_s"),
    ],
)
def test_wrong_limits_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        AdaptingConfig(**options)


def test_a_controller_of_another_vehicle_is_refused() -> None:
    with pytest.raises(ParameterError, match="commands 'motor_command'"):
        Adapting(load("swimmer"), BlimpForwardModel())
    with pytest.raises(ParameterError, match="readout is 'x'"):
        wrapped(config=AdaptingConfig(readout="x"))


def test_a_wrong_number_of_orders_is_refused() -> None:
    with pytest.raises(ParameterError, match="5 orders"):
        wrapped().take_orders([0.0] * 5)


def test_a_network_for_the_predicted_state_cannot_be_switched_off() -> None:
    adapting = load("blimp-adaptive")
    assert isinstance(adapting, Adapting)
    assert not adapting.may_switch_off
    rows = observations(50)
    on = steps(adapting, rows, orders())
    adapting.reset()
    assert steps(adapting, rows, orders(adapting=0)) == on


PLAIN = """
import sys
for name in ("numba", "llvmlite"):
    sys.modules[name] = None
from tests.controllers.plain_adapting import commands
print(*(value.hex() for value in commands()))
"""


def test_plain_python_equals_the_compiled_kernels_bit_for_bit() -> None:
    from tests.controllers.plain_adapting import commands

    done = subprocess.run(
        [sys.executable, "-c", PLAIN], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [value.hex() for value in commands()]


def test_shipped_model_halves_the_error_under_leak_and_sag() -> None:
    frozen, adaptive = (fly_one(load(n), SCENARIO) for n in ("blimp-altitude", "blimp-adaptive"))
    assert adaptive.iae_m_s() < 0.6 * frozen.iae_m_s()
    assert adaptive.overshoot_m < 0.03
    assert adaptive.sign_changes_per_min <= frozen.sign_changes_per_min


def test_the_pid_adapts_as_well() -> None:
    pid, adapting = (fly_one(each, SCENARIO) for each in (PID(), wrapped(PID())))
    assert adapting.iae_m_s() < 0.8 * pid.iae_m_s()
