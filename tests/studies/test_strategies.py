"""Study of strategies in CartPole, against the records of its runs and hand-made curves."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from snn_control.cli.main import main
from snn_control.controllers import load
from snn_control.errors import ConfigError, NotFiniteError, ParameterError, UnknownNameError
from snn_control.evolution import STRATEGIES
from snn_control.runs import Run
from snn_control.runs.run import read_metrics
from snn_control.studies.strategies import Config, run
from snn_control.studies.support.plots import LONGEST, median_curves
from snn_control.training.rollout import rollout

CART = """
method: evolve
name: cart
strategy: sep_cma_es
strategy_config: {population: 6, sigma: 0.4}
generations: 2
executor: serial
task:
  environment: CartPole-v1
  arguments: {hidden: [3]}
  parameters: {"*.weights": [-2, 2]}
"""


@pytest.fixture
def cart(tmp_path: Path) -> str:
    """Write a configuration of CartPole and return its path."""
    path = tmp_path / "cart.yaml"
    path.write_text(CART)
    return str(path)


def rewards(folder: Path, strategy: str, seeds: range) -> list[float]:
    """Return the best reward of each run by its records."""
    return [-read_metrics(folder / "seeds" / f"{strategy}-{s}")[-1]["best"] for s in seeds]


def test_rows_are_those_of_the_runs(cart: str, tmp_path: Path) -> None:
    reported: list[str] = []
    config = Config(config=cart, seeds=3, first_seed=2)
    result = run(config, folder=tmp_path / "study", progress=reported.append)
    single = sorted(STRATEGIES.keys() - {"nsga2"})
    assert [row["strategy"] for row in result.rows] == single
    seeds = range(2, 5)
    first = rewards(tmp_path / "study", single[0], seeds)
    for row in result.rows:
        mine = rewards(tmp_path / "study", row["strategy"], seeds)
        assert row["objective"] == "reward"
        assert row["best"] == pytest.approx(np.mean(mine))
        assert row["median"] == pytest.approx(np.median(mine))
        spread = np.std(mine, ddof=1) / np.sqrt(3)
        assert row["best_ci95"] == pytest.approx(4.303 * spread)  # Student's t, 2 degrees
        p_value = None if row["strategy"] == single[0] else mannwhitneyu(mine, first).pvalue
        assert row["p_value"] == p_value
        assert row["evaluations"] == 12
        assert row["environment_steps"] > 12
        assert row["wall_s"] > 0
    best = max(row["best"] for row in result.rows)
    leading = ", ".join(row["strategy"] for row in result.rows if row["best"] == best)
    assert "larger is better" in result.summary
    assert f"Best mean: {leading}." in result.summary
    best_model = tmp_path / "study" / "seeds" / f"{single[0]}-2"
    env, controller = gymnasium.make("CartPole-v1"), load(best_model)
    held_out = [rollout(controller, env, seed=seed).total_reward for seed in range(10_000, 10_005)]
    alone = run(
        Config(config=cart, seeds=1, first_seed=2, strategies=(single[0],)),
        folder=tmp_path / "alone",
    )
    assert alone.rows[0]["total_reward"] == pytest.approx(np.mean(held_out))
    assert len(reported) == 9
    (figure,) = result.figures
    curves = {trace["name"]: trace for trace in figure["data"]}
    for row in result.rows:
        assert curves[row["strategy"]]["x"] == [6, 12]
        assert curves[row["strategy"]]["y"][-1] == row["median"]
        assert curves[row["strategy"]]["line"]["color"].startswith("#")


def test_a_run_repeats_by_the_command_of_its_manifest(cart: str, tmp_path: Path) -> None:
    config = Config(
        config=cart,
        seeds=1,
        first_seed=5,
        strategies=("genetic",),
        overrides=("task.episodes=2",),
        settings=("genetic.sigma=.3",),
    )
    run(config, folder=tmp_path / "study")
    before = tmp_path / "study" / "seeds" / "genetic-5"
    words = shlex.split(Run.open(before).manifest["command"])[1:]
    assert main([*words, "--no-report", "--json", "--out", str(tmp_path / "again")]) == 0
    mine, again = (
        [record["best"] for record in read_metrics(folder)]
        for folder in (before, tmp_path / "again")
    )
    assert mine == again
    settings = Run.open(before).config
    assert settings["task"]["episodes"] == 2
    assert settings["strategy_config"] == {"population": 6, "sigma": 0.3}


def test_settings_of_the_configuration_are_those_of_its_strategy(cart: str, tmp_path: Path) -> None:
    names = ("cma_es", "sep_cma_es", "nsga2")
    config = Config(config=cart, seeds=1, strategies=names, budget="1gen", population=8)
    run(config, folder=tmp_path / "study")
    used = [
        Run.open(tmp_path / "study" / "seeds" / f"{name}-0").config["strategy_config"]
        for name in names
    ]
    assert used == [{"population": 8}, {"population": 8, "sigma": 0.4}, {"population": 8}]


def test_generations_are_equal_evaluations(cart: str, tmp_path: Path) -> None:
    named = {"strategies": ("genetic", "cma_es"), "settings": ("cma_es.population=4",)}
    config = Config(config=cart, seeds=1, budget="2gen", **named)  # type: ignore[arg-type]
    rows = run(config, folder=tmp_path / "study").rows
    assert [row["population"] for row in rows] == [6, 4]
    assert [row["evaluations"] for row in rows] == [12, 12]
    assert Run.open(tmp_path / "study" / "seeds" / "cma_es-0").manifest["budget"] == "3gen"


def test_steps_are_equal_budgets(cart: str, tmp_path: Path) -> None:
    config = Config(config=cart, seeds=1, strategies=("genetic", "cma_es"), budget="300steps")
    result = run(config, folder=tmp_path / "study")
    rows = result.rows
    (_, line, *_) = result.figures[0]["data"]
    assert line["x"][0] >= 6 * 8  # steps: an episode of CartPole has at least eight
    for row in rows:
        records = read_metrics(tmp_path / "study" / "seeds" / f"{row['strategy']}-0")
        assert records[-1]["environment_steps"] == row["environment_steps"] >= 300
        assert len(records) == 1 or records[-2]["environment_steps"] < 300


def test_the_verb_writes_the_page(cart: str, tmp_path: Path, capsys: Any) -> None:
    words = ["study", "strategies", "--config", cart, "--seeds", "2", "--strategies", "genetic"]
    assert main([*words, "--set", "budget=1gen", "--out", str(tmp_path / "run")]) == 0
    out = capsys.readouterr().out
    assert "reward, larger is better" in out
    page = (tmp_path / "run" / "report" / "index.html").read_text("utf-8")
    assert "plot-study-0" in page


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"strategies": ("cma_ess",)}, UnknownNameError, "Did you mean: `cma_es`"),
        ({"strategies": ("cma_es", "cma_es")}, ParameterError, "name each once"),
        ({"settings": ("geneti.sigma=1",)}, UnknownNameError, "Did you mean: `genetic`"),
        ({"settings": ("genetic=1",)}, ConfigError, "genetic: expected STRATEGY.KEY=VALUE"),
        ({"settings": ("genetic.sigma",)}, ConfigError, "expected KEY=VALUE"),
        ({"settings": ("genetic.sgma=1",)}, ConfigError, "unknown key 'sgma'"),
        ({"overrides": ("task.episods=1",)}, ConfigError, "Did you mean: `episodes`"),
        ({"overrides": ("task.episodes",)}, ConfigError, "overrides task.episodes: expected"),
        ({"overrides": ("task.objectives=[reward, spikes_per_decision]",)}, ConfigError,
         "has the objectives reward, spikes_per_decision"),
        ({"config": "blimp-free"}, ConfigError, "method is gradient"),
        ({"config": "blimp-dem"}, UnknownNameError, "Did you mean: `blimp-demo`"),
        ({"budget": "1gen", "settings": ("genetic.population=9",)}, ParameterError,
         "genetic has 9 evaluations in one generation, the budget has 6"),
        ({"budget": "3"}, ConfigError, "expected a time like 60s"),
        ({"population": 1}, ParameterError, "population is 1"),
    ],
)  # fmt: skip
def test_wrong_settings_are_errors_before_the_first_run(
    settings: dict[str, Any], error: type[Exception], message: str, cart: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        run(Config(**{"config": cart} | settings), folder=tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_run_that_fails_is_crashed(tmp_path: Path) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(
        "method: evolve\nname: faulty\nexecutor: serial\ntask:\n"
        "  environment: tests.training.any_environment.faulty_environments:Faulty-v0\n"
        "  options: {fault: nan}\n"
        '  parameters: {"*.weights": [-2, 2]}\n'
    )
    with pytest.raises(NotFiniteError, match="observation obs_1 of tick 3"):
        run(Config(config=str(path), strategies=("cma_es",)), folder=tmp_path / "study")
    assert Run.open(tmp_path / "study" / "seeds" / "cma_es-0").manifest["status"] == "crashed"


def test_a_run_needs_a_folder(cart: str) -> None:
    with pytest.raises(ParameterError, match="folder"):
        run(Config(config=cart))


def test_curves_are_medians_of_steps_on_the_common_range() -> None:
    repetitions = [
        (np.array([1.0, 3.0, 5.0]), np.array([10.0, 20.0, 30.0])),
        (np.array([2.0, 4.0]), np.array([12.0, 40.0])),
        (np.array([2.0, 6.0]), np.array([0.0, 1.0])),
    ]
    figure = median_curves({"a": repetitions}, title="t", x_title="x", y_title="y")
    band, line = figure["data"]
    assert line["x"] == [2.0, 3.0, 4.0]
    assert line["y"] == [10.0, 12.0, 20.0]
    rows = np.array([[10, 12, 0], [20, 12, 0], [20, 40, 0]], float)
    low, high = np.quantile(rows, [0.25, 0.75], axis=1).tolist()
    assert band["y"] == [*high, *low[::-1]]
    assert band["x"] == [2.0, 3.0, 4.0, 4.0, 3.0, 2.0]
    apart = [(np.array([1.0]), np.array([5.0])), (np.array([2.0]), np.array([7.0]))]
    (_, line) = median_curves({"a": apart}, title="t", x_title="x", y_title="y")["data"]
    assert (line["x"], line["y"], line["mode"]) == ([2.0], [6.0], "markers")
    long = [(np.arange(1e4), np.arange(1e4))]
    (_, line) = median_curves({"a": long}, title="t", x_title="x", y_title="y")["data"]
    assert len(line["x"]) == LONGEST
    assert (line["x"][0], line["x"][-1]) == (0.0, 9999.0)
