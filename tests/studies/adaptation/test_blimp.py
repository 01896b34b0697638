"""Studies of adapting blimps: one seed of the main rows, and their settings."""

from __future__ import annotations

import pytest

from snn_control.envs.blimp.disturbances import draw_disturbed
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.adaptation import frozen_sensor, gain_flips, leak_and_sag
from snn_control.studies.adaptation.support.altitude_baselines import BASELINES, baseline
from snn_control.training.blimp.adaptive.flight import fly_one

LEAK = ("controller", "condition", "iae_ratio", "iae_ratio_low", "iae_ratio_high",
        "iae_ratio_worst", "overshoot_m", "sign_changes_per_min")  # fmt: skip


def test_leak_and_sag_compares_with_the_frozen_controller() -> None:
    config = leak_and_sag.Config(
        seeds=2, controllers=("frozen", "pid", "adaptive"), conditions=("leak and sag",),
        duration_s=90.0,
    )  # fmt: skip
    rows = {row["controller"]: row for row in leak_and_sag.run(config).rows}
    assert all(set(LEAK) <= row.keys() for row in rows.values())
    assert rows["frozen"]["iae_ratio"] == 1.0
    assert rows["adaptive"]["iae_ratio"] < 0.7 < rows["pid"]["iae_ratio"]
    assert rows["adaptive"]["bias_changes_m_s2_per_min"] > 0.0
    scenario = draw_disturbed("leak and sag", config.first_seed, 90.0)
    alone = fly_one(baseline("pid", scenario), scenario).iae_m_s()
    assert rows["pid"]["iae_m_s"] == pytest.approx(alone, rel=0.2)


def test_a_disturbance_that_is_undone_leaves_no_scar() -> None:
    config = leak_and_sag.Config(seeds=1, controllers=("adaptive",), conditions=("undone",))
    (row,) = leak_and_sag.run(config).rows
    assert 0.8 < row["iae_ratio"] < 1.2


def test_every_baseline_holds_a_height() -> None:
    scenario = draw_disturbed("clean", 3, 60.0)
    for name in BASELINES:
        flight = fly_one(baseline(name, scenario), scenario)
        late = flight.height_m[flight.time_s > 40.0]
        limit_m = 0.6 if name in ("snn-pes-random", "snn-predicted-frozen") else 0.15
        assert abs(late.mean() - 0.5) < limit_m, name


def test_a_frozen_lidar_costs_an_adapting_blimp_little() -> None:
    config = frozen_sensor.Config(seeds=1, controllers=("adaptive",), cases=("climb",))
    rows = frozen_sensor.run(config).rows
    assert rows[0]["iae_ratio"] < 1.3
    assert rows[0]["height_max_m"] < 2.6
    assert [row["case"] for row in rows] == ["climb"] + ["no fault"] * 3


def test_flips_of_the_sign_are_survived_by_the_bank() -> None:
    config = gain_flips.Config(
        seeds=1, tuning_seeds=1, periods_s=(30.0,), kinds=("sign",), duration_s=150.0
    )
    rows = [row for row in gain_flips.run(config).rows if row["condition"] == "sign every 30 s"]
    by_name = {row["controller"]: row for row in rows}
    assert by_name["bank"]["failures"] == 0
    assert by_name["bank"]["iae_m_s"] < by_name["rate 0.01"]["iae_m_s"]
    assert sum(row["best_constant"] for row in rows) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: leak_and_sag.Config(controllers=("nope",)),
        lambda: leak_and_sag.Config(conditions=("rain",)),
        lambda: frozen_sensor.Config(controllers=("nope",)),
        lambda: frozen_sensor.Config(cases=("dive",)),
        lambda: gain_flips.Config(kinds=("double",)),
        lambda: gain_flips.Config(periods_s=(0.0,)),
    ],
)
def test_unknown_names_are_refused(make) -> None:
    with pytest.raises((ParameterError, UnknownNameError)):
        make()
