"""Designs, objectives and data of the altitude task."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.blimp.thermometer_pd import ThermometerPD, thermometer_pd
from snn_control.engines.native import NativeEngine
from snn_control.errors import ConfigError, FlightLogError, ParameterError, UnknownNameError
from snn_control.training.blimp.designs import DESIGNS, Sizes, make_designs
from snn_control.training.blimp.imitation import pid_targets, published_fit
from snn_control.training.blimp.scenarios import scenario_batch
from snn_control.training.blimp.task import AltitudeFitness, AltitudeTask

TINY = AltitudeTask(
    sizes=Sizes(pairs=6), sequences=2, sequence_ticks=80, scenarios=2, duration_s=100.0
)


@pytest.mark.parametrize(("pd", "i"), [(pd, i) for pd in DESIGNS["pd"] for i in DESIGNS["i"]])
def test_every_pair_of_designs_is_evaluated(pd: str, i: str) -> None:
    fitness = AltitudeFitness(dataclasses.replace(TINY, pd=pd, i=i, integral=1.0), seed=1)
    genomes = np.random.default_rng(0).random((3, fitness.n_genes))
    costs = fitness(genomes)
    assert costs.shape == (3, 1)
    assert np.all(np.isfinite(costs))
    np.testing.assert_array_equal(fitness(genomes[1:2]), costs[1:2])


def test_sizes_of_the_published_genomes() -> None:
    for name, n_genes in (("published_lif", 221), ("published_iwta", 281)):
        design = make_designs({"pd": name}, {}, Sizes())["pd"]
        assert design.n_genes == n_genes
        network = design.network(np.full(n_genes, 0.4))
        assert network.n_spiking == 80


def test_objectives_add_up_to_the_cost() -> None:
    parts = dataclasses.replace(
        TINY, objectives=("imitation", "closed_loop", "integral", "rmse_m", "spikes_per_s")
    )
    whole = dataclasses.replace(TINY, imitation=1.0, closed_loop=2.0, integral=0.5)
    genomes = np.random.default_rng(2).random((4, AltitudeFitness(TINY, 3).n_genes))
    values = AltitudeFitness(parts, seed=3)(genomes)
    cost = AltitudeFitness(whole, seed=3)(genomes)[:, 0]
    np.testing.assert_allclose(values[:, 0] + 2.0 * values[:, 1] + 0.5 * values[:, 2], cost)
    assert np.all(values[:, 3] > 0.0)
    assert np.all(values[:, 4] > 0.0)


def test_start_values_are_used_and_fixed_numbers_are_no_genes() -> None:
    task = dataclasses.replace(TINY, fixed={"ki": 0.75})
    fitness = AltitudeFitness(task, seed=0)
    genome = fitness.start({"kp": 9.0}, seed=0)
    np.testing.assert_array_equal(genome, fitness.start({"kp": 9.0}, seed=0))
    other = fitness.start({"kp": 9.0}, seed=1)
    assert (genome == other).sum() == 1
    with pytest.raises(UnknownNameError, match="`kd`"):
        fitness.start({"kdd": 1.0}, seed=0)
    with pytest.raises(UnknownNameError):
        fitness.start({"ki": 1.0}, seed=0)


def test_logged_errors_are_imitated_as_well(tmp_path: Path) -> None:
    log = tmp_path / "flight.csv"
    heights = 1.0 + 0.2 * np.sin(np.arange(200) / 9)
    rows = [f"{k / 10:.1f},1.0,{height:.2f}" for k, height in enumerate(heights)]
    log.write_text("time_s,h_ref_m,h_meas_m\n" + "\n".join(rows) + "\n")
    task = dataclasses.replace(
        TINY, flights=(str(log),), sequences=1, closed_loop=0.0, fit="published"
    )
    both = AltitudeFitness(task, seed=0)
    synthetic = AltitudeFitness(dataclasses.replace(task, flights=()), seed=0)
    genome = both.start({}, seed=4)[None]
    errors = 1.0 - np.round(heights, 2)
    output = NativeEngine(both.networks(genome[0])[0]).run(errors[:, None]).readouts[:, 0]
    alone = published_fit(output, pid_targets(errors)["pd"])
    np.testing.assert_allclose(both(genome)[0, 0], (synthetic(genome)[0, 0] + alone) / 2)
    logged = AltitudeFitness(dataclasses.replace(task, sequences=0), seed=0)
    np.testing.assert_allclose(logged(genome)[0, 0], alone)
    log.write_text("")
    with pytest.raises(FlightLogError):
        AltitudeFitness(task, seed=0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pd": "thermometr"}, "thermometer"),
        ({"fixed": {"kpp": 1.0}}, "kp"),
        ({"objectives": ("imitaton",)}, "imitation"),
        ({"fit": "publish"}, "published"),
    ],
)
def test_unknown_names_propose_the_closest(changed: dict, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises((UnknownNameError, ConfigError), match=f"Did you mean: `{message}`"):
        AltitudeFitness(dataclasses.replace(TINY, **changed), seed=0)


@pytest.mark.parametrize("taps", [0, 2])
def test_a_constant_error_has_no_derivative_for_any_weights(taps: int) -> None:
    errors = np.r_[np.full(20, 0.31), np.full(60, 0.52)][:, None]
    for kd in (0.1, 14.0, 40.0):
        network = thermometer_pd(ThermometerPD(kd=kd, taps=taps))
        settled = NativeEngine(network).run(errors).readouts[:, 0]
        assert settled[0] == settled[19] == pytest.approx(9 * 0.31, abs=0.15)
        assert settled[-1] == pytest.approx(9 * 0.52, abs=0.25)


def test_two_taps_give_the_derivative_of_the_pid() -> None:
    errors = 0.1 * np.sin(np.arange(300) / 7)
    network = thermometer_pd(ThermometerPD(taps=2, pairs=200, top=12.0))
    outputs = NativeEngine(network).run(errors[:, None]).readouts[:, 0]
    np.testing.assert_allclose(outputs[2:], pid_targets(errors)["pd"][2:], atol=0.1)


def test_the_dither_alternates_in_sign() -> None:
    errors = np.full((40, 1), 0.2)
    plain, dithered = (
        NativeEngine(thermometer_pd(ThermometerPD(dither=amplitude))).run(errors).readouts[:, 0]
        for amplitude in (0.0, 0.05)
    )
    np.testing.assert_allclose(dithered - plain, 0.05 * (-1.0) ** np.arange(40), atol=1e-12)


def test_the_counter_holds_the_limit_of_the_pid_without_windup() -> None:
    design = make_designs({"i": "counter"}, {"ki": 0.75}, Sizes())["i"]
    errors = np.r_[np.full(900, 0.3), np.full(40, -0.3)][:, None]
    for genome in (np.zeros(design.n_genes), np.ones(design.n_genes)):
        held = NativeEngine(design.network(genome)).run(errors).readouts[:, 0]
        assert held[899] >= 7.5
        assert held[899] == pytest.approx(held[700], abs=0.1)
        assert held[939] == pytest.approx(held[899] - 0.75 * 0.3 * 4, abs=0.2)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"presets": ()}, "presets"),
        ({"scenarios": -1}, "scenarios"),
        ({"sequences": 0}, "sequences"),
        ({"sequence_ticks": 2}, "sequence_ticks"),
        ({"imitation": -1.0}, "imitation"),
        ({"imitation": 0.0, "closed_loop": 0.0}, "above 0"),
        ({"objectives": ("rmse_m", "rmse_m")}, "each once"),
        ({"fixed": {"kp": -5.0}}, "kp is -5, expected 3 to 18"),
        ({"sizes": Sizes(taps=-1)}, "taps"),
    ],
)
def test_values_out_of_range_are_errors(changed: dict, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises((ConfigError, ParameterError), match=message):
        AltitudeFitness(dataclasses.replace(TINY, **changed), seed=0)


def test_fresh_scenarios_depend_only_on_the_seed_of_the_generation() -> None:
    task = dataclasses.replace(TINY, objectives=("reward",), presets=("missed",))
    fresh = dataclasses.replace(task, fresh_scenarios=True)
    genomes = np.random.default_rng(4).random((2, AltitudeFitness(task, 1).n_genes))
    five, six = (np.full(2, seed, np.uint64) for seed in (5, 6))
    fitness = AltitudeFitness(fresh, seed=1)
    first, second, again = (fitness.rows(genomes, seeds) for seeds in (five, six, five))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, AltitudeFitness(fresh, seed=2).rows(genomes, five))
    assert np.all(first[:, 0] != second[:, 0])
    batch = scenario_batch(task.presets, task.scenarios, task.duration_s, 5)
    assert first[:, 1].tolist() == 2 * [batch.n_ticks.sum()]

    fixed = AltitudeFitness(task, seed=1)
    np.testing.assert_array_equal(fixed.rows(genomes, five), fixed.rows(genomes, six))


def test_ratios_refer_to_the_pid_in_the_fresh_scenarios() -> None:
    task = dataclasses.replace(TINY, objectives=("closed_loop",), fresh_scenarios=True)
    genomes = np.random.default_rng(4).random((1, AltitudeFitness(task, 1).n_genes))
    fitness = AltitudeFitness(task, seed=1)
    fitness.rows(genomes, np.full(1, 6, np.uint64))
    changed = fitness.rows(genomes, np.full(1, 5, np.uint64))
    new = AltitudeFitness(task, seed=1).rows(genomes, np.full(1, 5, np.uint64))
    np.testing.assert_array_equal(changed, new)
