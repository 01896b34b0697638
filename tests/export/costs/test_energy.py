"""Energies of a decision, break-even spike rates, tables of energies, the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from snn_control.cli.main import main
from snn_control.errors import ConfigError
from snn_control.export.costs.costs import cost_of, costs_of
from snn_control.export.costs.counts import Counts
from snn_control.export.costs.energies import EnergyTable, Figure, Precision, read_energies
from snn_control.resources import configs_folder

FILES = sorted((configs_folder() / "energy").glob("*.yaml"))
ROUND = Precision(*(Figure(pj, "estimate: a round number") for pj in (1.0, 10.0, 2.0, 20.0)))
TABLE = EnergyTable("round", Figure(0.5, "estimate: a round number"), *[ROUND] * 4)
COUNTS = Counts(
    spikes=2.0, accumulates=8.0, multiply_accumulates=3.0, spiking_updates=5.0,
    update_additions=5.0, update_multiplications=1.0, reset_subtractions=2.0, parameter_words=6.0,
    state_words=4.0, synapses=20.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("precision", "weight", "parameter"),
    [("float32", 4.0, 4.0), ("int16", 2.0, 2.0), ("int8", 1.0, 2.0), ("int4", 0.5, 2.0)],
)
def test_energy_by_hand(precision: str, weight: float, parameter: float) -> None:
    """1 pJ an addition, 10 a product, 2 and 20 in updates, 0.5 a byte."""
    cost = cost_of(COUNTS, TABLE, precision)
    assert cost.weight_bytes == 11.0 * weight
    assert cost.parameter_bytes == 6.0 * parameter
    assert cost.state_bytes == 16.0
    assert cost.spike_pj == 8.0 * (1.0 + 0.5 * weight) + 2.0 * 2.0
    assert cost.analog_pj == 3.0 * (11.0 + 0.5 * weight)
    assert cost.update_pj == 5.0 * 2.0 + 20.0 + 0.5 * (6.0 * parameter + 16.0)
    assert cost.total_pj == cost.spike_pj + cost.analog_pj + cost.update_pj


def test_break_even_by_hand() -> None:
    """Spikes cost 8 pJ each at 1.5 pJ a synapse and 2 pJ a reset; the rest is 78.5 pJ."""
    twin = Counts(multiply_accumulates=10.0)  # 115 pJ
    costs = costs_of(COUNTS, twin, TABLE)
    int8 = costs.costs[2]
    assert (int8.spike_pj, int8.silent_pj) == (16.0, 78.5)
    assert costs.twin is not None
    assert costs.twin.total_pj == 115.0
    assert costs.break_even_spikes(int8) == pytest.approx((115.0 - 78.5) / 8.0)
    assert "It breaks even at 4.6 spikes a decision; it has 2.0." in costs.conclusion()
    rate = {"spikes": 4.5625, "accumulates": 18.25, "reset_subtractions": 4.5625}
    more = cost_of(Counts(**vars(COUNTS) | rate), TABLE, "int8")
    assert more.total_pj == pytest.approx(115.0)


def test_no_break_even_where_the_silent_network_needs_more() -> None:
    costs = costs_of(COUNTS, Counts(multiply_accumulates=6.0), TABLE)  # 69 pJ
    assert costs.break_even_spikes(costs.costs[2]) is None
    assert "No spike rate breaks even: without any spike the network needs 78.5 pJ" in (
        costs.conclusion()
    )
    assert "27% of its synaptic operations" in costs.conclusion()
    assert costs_of(COUNTS, None, TABLE).conclusion() == "No twin: int8 needs 94.5 pJ a decision."


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shipped_tables_name_their_sources(path: Path) -> None:
    table = read_energies(path)
    for precision in ("float32", "int16", "int8", "int4"):
        for figure in vars(table.precision(precision)).values():
            assert figure.source.startswith(("M. Horowitz, ISSCC 2014", "estimate"))
    assert table.int8.multiply.pj == 0.2
    assert table.float32.multiply.pj == 3.7
    assert table.memory_byte.pj == 1.25


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"int8": {}}, "missing"),
        ({"memory_byte": {"pj": -1, "source": "x"}}, "at least 0"),
        ({"memory_byte": {"pj": float("nan"), "source": "x"}}, "finite"),
        ({"memory_byte": {"pj": 1.0, "source": " "}}, "source is empty"),
        ({"memory_byte": {"pj": 1.0}}, "source"),
        ({"memory_bit": {"pj": 1.0, "source": "x"}}, "memory_byte"),
    ],
)
def test_wrong_tables_are_refused(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    content = yaml.safe_load(FILES[0].read_text("utf-8")) | change
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(content), "utf-8")
    with pytest.raises(ConfigError, match=message):
        read_energies(tmp_path / "a.yaml")


def test_costs_of_the_blimp_beside_its_twin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["costs", "blimp-altitude", "--episodes", "1", "--duration-s", "100"]
    assert main([*options, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["counts"]["multiply_accumulates"] == 242.0
    assert 15.0 < data["counts"]["spikes"] < 35.0
    assert data["twin"]["counts"]["multiply_accumulates"] == 7.0
    int8 = next(cost for cost in data["costs"] if cost["precision"] == "int8")
    assert [cost["break_even_spikes"] for cost in data["costs"]] == [None] * 4
    assert int8["silent_pj"] > 10.0 * data["twin"]["total_pj"]
    assert "No spike rate breaks even" in data["conclusion"]
    content = yaml.safe_load(FILES[0].read_text("utf-8"))
    content["memory_byte"] = {"pj": 0.0, "source": "estimate: no memory"}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(content), "utf-8")
    assert main([*options, "--energies", str(tmp_path / "a.yaml")]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "242.0 multiply-accumulates" in shown
    free = int8["total_pj"] - 1.25 * sum(
        int8[key] for key in ("weight_bytes", "parameter_bytes", "state_bytes")
    )
    assert f"{free:.1f}" in shown
    assert np.isclose(free, 242 * 0.3 + data["counts"]["accumulates"] * 0.1
                      + data["counts"]["update_additions"] * 0.1)  # fmt: skip


def test_controllers_without_networks_and_twins(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["costs", "pid", "--episodes", "1", "--duration-s", "10"]) == 1
    assert "counts no operations" in capsys.readouterr().err
    assert main(["costs", "swimmer-graded", "--episodes", "1", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["twin"] is None
    assert data["conclusion"].startswith("No twin")
