"""Studies of swimmers on few starts, against published figures and expected effects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies import (
    swimmer_ablation,
    swimmer_damage,
    swimmer_spiking,
    swimmer_transfer,
)
from snn_control.studies.adaptation import swimmer_adaptation
from snn_control.studies.support.swimmers import healthy
from snn_control.training.swimmer.named_plan import named_plan

UNTRAINED = "swimmer-graded:untrained"


def by(rows: list[dict[str, Any]], *keys: str) -> dict[Any, dict[str, Any]]:
    return {tuple(row[key] for key in keys): row for row in rows}


def test_circuits_transfer_to_other_bodies() -> None:
    config = swimmer_transfer.Config(
        seeds=5, models=(UNTRAINED, "swimmer-spiking", "swimmer-graded"), links=(3, 4, 6, 12)
    )
    result = swimmer_transfer.run(config)
    rows = by(result.rows, "controller", "links", "rule")
    for links, published in ((3, 289.41), (4, 342.10), (6, 800.26), (12, 904.48)):
        assert rows[UNTRAINED, links, False]["return"] == pytest.approx(published, abs=0.5)
    for model in ("swimmer-spiking", "swimmer-graded"):
        for links, least in ((3, 580.0), (4, 690.0), (6, 930.0), (12, 965.0)):
            assert rows[model, links, True]["return"] >= least
            assert rows[model, links, True]["return"] >= rows[model, links, False]["return"]
    assert [len(figure["data"]) for figure in result.figures] == [3, 3]


def test_removed_parts_of_the_circuit_lower_the_return() -> None:
    rows = by(swimmer_ablation.run(swimmer_ablation.Config(seeds=3)).rows, "cells", "circuit")
    assert len(rows) == 2 * len(swimmer_ablation.ABLATIONS)
    for cells in ("graded", "spiking"):
        whole = rows[cells, "whole"]["return"]
        assert whole > 750.0
        for part in ("no oscillator", "no proprioception", "magnitudes random, unshared"):
            assert rows[cells, part]["return"] < 0.6 * whole


@pytest.mark.parametrize("model", [UNTRAINED, "swimmer-spiking"])
def test_damage_lowers_and_homeostasis_raises_the_return(model: str) -> None:
    config = swimmer_damage.Config(seeds=3, models=(model,))
    rows = by(swimmer_damage.run(config).rows, "damage", "homeostasis")
    assert len(rows) == 2 * len(swimmer_damage.damages(5))
    for joint in range(1, 5):
        lost = f"muscles of joint {joint} lost"
        assert rows[lost, False]["return"] < rows["none", False]["return"]
        assert rows[lost, True]["return"] > rows[lost, False]["return"]
    two = "muscles of joint 2 lost"
    assert rows[two, True]["return"] > rows[two, False]["return"] + 20.0


def test_trials_change_nothing_in_health_and_speed_up_a_viscous_swim() -> None:
    config = swimmer_adaptation.Config(
        seeds=1, damages=("none", "0.2 Pa s"), grid_periods=(1.0, 2.2), grid_gains=(0.5, 1.0),
        grid_starts=1,
    )  # fmt: skip
    result = swimmer_adaptation.run(config)
    rows = by(result.rows, "damage", "rule")
    assert len(rows) == 3 * len(swimmer_adaptation.RULES)
    for damage in ("none", swimmer_adaptation.WHOLE):
        assert rows[damage, "trials"]["speed_m_s"] == rows[damage, "frozen"]["speed_m_s"]
    viscous = rows["0.2 Pa s", "trials"]
    assert viscous["ratio_to_frozen"] >= 1.3
    assert viscous["ratio_to_grid"] >= 0.9
    assert rows["0.2 Pa s", "homeostasis"]["ratio_to_frozen"] < 1.0
    best = rows["0.2 Pa s", "best of grid"]
    assert (best["period_s"], best["receptor_gain"]) == pytest.approx((2.2 * 1.8, 0.5))
    with pytest.raises(UnknownNameError, match="joint 1 lost"):
        swimmer_adaptation.Config(damages=("joint 1",))


def test_one_network_tick_in_a_control_period_is_enough() -> None:
    config = swimmer_spiking.Config(seeds=5, models=("swimmer-spiking:untrained",), graded=())
    rows = by(swimmer_spiking.run(config).rows, "sub_ticks")
    for ticks in (1, 2, 5, 15):
        assert rows[(ticks,)]["return"] >= rows[(0,)]["return"] - 5.0
    assert rows[(0,)]["spikes_per_decision"] == 0.0 < rows[(1,)]["spikes_per_decision"] < 8.0


def test_setpoints_are_activities_of_the_undamaged_body() -> None:
    plan = named_plan("swimmer-spiking:untrained")
    set_points = healthy(plan, 1.0, 0.5).set_points
    assert set_points.shape == (4,)
    assert np.all((set_points > 0.2) & (set_points < 1.0))
    with pytest.raises(ParameterError, match="not a swimmer"):
        named_plan("blimp-altitude")
