"""Evolution in any environment: results, equality of executors, faults of environments."""

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import yaml

from snn_control.config import overridden
from snn_control.controllers import load
from snn_control.errors import ConfigError, FitnessError, SnnControlError, UnknownNameError
from snn_control.network.shared import expand
from snn_control.runs import Run
from snn_control.runs.checksums import read_arrays
from snn_control.training.any_environment.task import EnvironmentTask
from snn_control.training.evaluate import evaluate
from snn_control.training.optimisation import optimisation_config, optimise
from snn_control.training.rollout import rollout
from snn_control.training.systems import find_system

FAULTY = "tests.training.any_environment.faulty_environments:Faulty-v0"
ONE_GAIN = "tests.training.any_environment.faulty_environments:one_gain"
TASKS: dict[str, dict[str, Any]] = {
    "InvertedPendulum-v5": {"arguments": {"hidden": [8]}},
    "CartPole-v1": {"arguments": {"hidden": [8], "recurrent": True}, "episodes": 2},
    "Swimmer-v5": {"arguments": {"hidden": [6]}, "options": {"max_episode_steps": 60}},
    FAULTY: {"controller": ONE_GAIN, "scenarios": "fresh"},
}


def config(environment=FAULTY, values=None, **task) -> Any:
    content = {
        "method": "evolve",
        "name": "own",
        "strategy_config": {"population": 6},
        "generations": 3,
        "task": {"environment": environment, "parameters": {"*.weights": [-1, 1]}} | task,
    }
    return optimisation_config(overridden(content, values or {}), "own.yaml")


def evolved(folder, made, **options) -> tuple[Run, Path]:
    run = Run.create(folder, command="test", config=made, seed=2)
    model = optimise(made, run, seed=2, **options)
    return run, model


def state(run):
    """Return the arrays of the last checkpoint as bytes, and the records without times."""
    folder = run.folder / "checkpoints" / "last"
    arrays = {p.stem: read_arrays(p) for p in sorted(folder.glob("*.npz"))}
    texts = (run.folder / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(text) | {"elapsed_s": 0} for text in texts]
    values = {k: v.tobytes() for part in arrays.values() for k, v in sorted(part.items())}
    return values, records


@pytest.mark.parametrize("environment", TASKS)
def test_all_executors_give_the_same_run(environment, tmp_path, ray_cluster):
    made: dict[str, Run] = {
        kind: evolved(
            tmp_path / kind,
            config(environment, {"executor": kind, "workers": 2}, **TASKS[environment]),
        )[0]
        for kind in ("serial", "threads", "processes", "ray")
    }
    states = {kind: state(run) for kind, run in made.items()}
    assert states["serial"][0]
    assert states["threads"] == states["serial"]
    assert states["processes"] == states["serial"]
    assert states["ray"] == states["serial"]


def test_the_best_genome_of_a_closed_form_is_approached(tmp_path):
    """Action: bias + 0.25 in the first tick, bias - 0.25 in the nine others."""
    made = config(
        controller=ONE_GAIN, parameters={"out.bias": [-1, 1]}, arguments={"neurons": 1},
        values={"generations": 40},
    )  # fmt: skip
    run, model = evolved(tmp_path / "run", made)
    params: Any = load(model).networks[0].populations[0].params
    assert params.bias[0] == pytest.approx(0.7, abs=0.01)
    records = [json.loads(text) for text in (run.folder / "metrics.jsonl").open()]
    assert records[-1]["environment_steps"] == 40 * 6 * 10


def test_arguments_are_evolved_as_numbers_and_choices(tmp_path):
    """Best choice: `off`, whose action equals the bias."""
    genes = {"bias": [-1, 1], "neurons": [1, 4, "integer"], "kind": {"choice": ["on", "off"]}}
    made = config(
        controller=ONE_GAIN, parameters={}, genes=genes,
        values={
            "generations": 40, "start": {"bias": 0.0}, "strategy_config.population": 16,
        },
    )  # fmt: skip
    _, model = evolved(tmp_path / "run", made)
    network = load(model).networks[0]
    params: Any = network.populations[0].params
    assert params.bias[0] == pytest.approx(0.5, abs=0.05)
    assert not np.any(expand(network.connections[0].weights))


def test_the_fitness_equals_a_rollout_of_the_saved_controller(tmp_path):
    task = EnvironmentTask("CartPole-v1", parameters={"*.weights": (-2, 2)}, episodes=1)
    fitness = task.fitness(seed=4)
    genome = fitness.start({}, 0)
    (cost,) = fitness(genome[None])[0]
    seed = np.random.SeedSequence(fitness.generation_seed(4, 0)).generate_state(1)
    episode = rollout(fitness.controller(genome), task.make_environment(), seed=int(seed[0]))
    assert -cost == episode.total_reward


def test_a_model_finds_its_environment_again(tmp_path):
    _, model = evolved(tmp_path / "run", config(options={"above": 0.25}, controller=ONE_GAIN))
    own = find_system(load(model))
    assert own is not None
    assert own.environment == FAULTY
    evaluation = evaluate(load(model), "own", seeds=[1, 2])
    assert evaluation.environment == FAULTY
    assert evaluation.options == {"above": 0.25}
    assert own.headline == config(controller=ONE_GAIN).own_system.headline
    assert {"total_reward", "offset"} <= {*evaluation.episodes[0].metrics}


def test_several_objectives_make_a_front(tmp_path):
    made = config(
        controller=ONE_GAIN, objectives=["reward", "spikes_per_decision", "max offset"],
        values={"strategy": "nsga2", "strategy_config": {"population": 8}},
    )  # fmt: skip
    run, _ = evolved(tmp_path / "run", made)
    front = json.loads((run.folder / "exports" / "front.json").read_text())
    assert set(front[0]) == {"model", "reward", "spikes_per_decision", "offset", "costs"}
    assert front[0]["costs"] == [-front[0]["reward"], 0.0, -front[0]["offset"]]


def test_an_interrupted_run_resumes_to_the_same_result(tmp_path):
    made = config(controller=ONE_GAIN, scenarios="fresh", values={"generations": 4})
    whole, _ = evolved(tmp_path / "whole", made)
    part, _ = evolved(tmp_path / "part", made, budget="2gen")
    resumed, checkpoint = Run.resume(part.folder)
    optimise(made, resumed, seed=2, budget="4gen", resume_from=checkpoint.arrays)
    assert state(resumed) == state(whole)


def test_fresh_scenarios_differ_between_generations():
    base: dict[str, Any] = {
        "parameters": {"*.weights": (-1, 1)},
        "controller": ONE_GAIN,
        "objectives": ("offset",),
    }
    seeds = {}
    for scenarios in ("fixed", "fresh"):
        fitness = EnvironmentTask(FAULTY, scenarios=scenarios, **base).fitness(seed=1)
        genomes = np.full((2, fitness.n_genes), 0.5)
        rows = [
            [*fitness.rows(genomes, np.full(2, fitness.generation_seed(1, g), np.uint64))]
            for g in range(2)
        ]
        assert np.array_equal(rows[0][0], rows[0][1])  # equal episodes within a generation
        seeds[scenarios] = rows[0][0][0] == rows[1][0][0]
    assert seeds == {"fixed": True, "fresh": False}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"environment": "InvertedPendulum-v6"}, "unknown environment"),
        ({"environment": "nowhere:A-v0"}, "cannot be imported"),
        ({"options": {"gravity": 3}}, "takes no option 'gravity'"),
        ({"controller": "one_gain"}, "expected MODULE:FUNCTION"),
        ({"controller": "nowhere:f"}, "cannot be imported"),
        ({"controller": ONE_GAIN + "s"}, "Did you mean: `one_gain`"),
        ({"controller": "math:tau"}, "unknown function of module math"),
        ({"arguments": {"gian": 1}}, "no parameter 'gian'. Did you mean: `gain`"),
        ({"arguments": {"gain": "x"}}, "one_gain raised ValueError"),
        ({"parameters": {"in.weights": [0, 1]}}, "matches no parameter"),
        ({"parameters": {"*.weights": [1, 0]}}, "expected finite low < high"),
        ({"parameters": {}}, "name what is evolved"),
        ({"genes": {"gain": [0, 1]}}, "not both"),
        ({"parameters": {}, "genes": {"gian": [0, 1]}}, "no parameter 'gian'"),
        ({"parameters": {}, "genes": {"gain": [0]}}, "expected \\[low, high\\]"),
        ({"objectives": ["error_m"]}, "unknown objective 'error_m'"),
        ({"objectives": ["undefined"]}, "undefined of an episode is nan"),
        ({"objectives": ["offset", "reward"]}, "use nsga2"),
        ({"episodes": 0}, "episodes is 0"),
        ({"scenarios": "new"}, "unknown 'new'"),
        ({"options": {"fault": "random"}}, "not deterministic"),
        ({"options": {"fault": "nan"}}, "observation obs_1 of tick 3 is nan"),
    ],
)  # fmt: skip
def test_faults_of_a_task_are_errors_before_the_first_generation(changes, message, tmp_path):
    with pytest.raises(SnnControlError, match=message):
        evolved(tmp_path / "run", config(**({"controller": ONE_GAIN} | changes)))
    crash = tmp_path / "run" / "crash"
    assert not crash.exists() or not [*crash.iterdir()]


@pytest.mark.parametrize("executor", ["serial", "processes", "ray"])
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("raise", "raised ValueError: the motor is on fire"),
        ("nan", "observation obs_1 of tick 3 is nan"),
        ("nan reward", "reward of an episode is nan"),
    ],
)
def test_a_fault_in_a_generation_names_the_genome_and_keeps_it(fault, message, executor, tmp_path):
    """A threshold of the fault above the actions of the first genomes."""
    made = config(
        controller=ONE_GAIN, options={"fault": fault, "above": 0.9},
        parameters={"out.bias": [-1, 1]}, arguments={"neurons": 1},
        values={
            "generations": 30, "executor": executor, "workers": 2, "strategy_config.sigma": 0.05,
        },
    )  # fmt: skip
    with pytest.raises(FitnessError, match=message) as caught:
        evolved(tmp_path / "run", made)
    (crash,) = (tmp_path / "run" / "crash").glob("*.npz")
    genome = read_arrays(crash)["genomes"][caught.value.first]
    assert 0.25 + 2.0 * genome[0] - 1.0 > 0.9
    _, checkpoint = Run.resume(tmp_path / "run")
    assert checkpoint.arrays


def test_a_killed_worker_is_replaced_without_a_trace_in_the_result(tmp_path):
    states: list[Any] = []
    for fault in ("", "kill once"):
        options = {"fault": fault, "above": 0.6, "mark": str(tmp_path / "mark")}
        made = config(
            controller=ONE_GAIN, options=options,
            values={"generations": 12, "executor": "processes", "workers": 2},
        )  # fmt: skip
        states.append(state(evolved(tmp_path / f"run{len(states)}", made)[0]))
    assert Path(tmp_path / "mark").exists()
    assert states[0] == states[1]


def test_a_genome_that_kills_its_workers_is_an_error(tmp_path):
    made = config(
        controller=ONE_GAIN, options={"fault": "kill", "above": 0.6},
        values={"generations": 12, "executor": "processes", "workers": 2},
    )  # fmt: skip
    with pytest.raises(FitnessError, match="died 3 times \\(signal 9\\) on individual"):
        evolved(tmp_path / "run", made)
    assert [*(tmp_path / "run" / "crash").glob("*.npz")]


def test_the_configuration_of_a_run_reads_as_the_same_task(tmp_path):
    made = config("CartPole-v1", **TASKS["CartPole-v1"])
    run, _ = evolved(tmp_path / "run", made)
    again: Any = optimisation_config(yaml.safe_load((run.folder / "config.yaml").read_text()), "x")
    assert again.task == made.task


def test_a_missing_system_or_environment_is_an_error():
    content = {"method": "evolve", "name": "own", "task": {"episodes": 2}}
    with pytest.raises(ConfigError, match="or a `task` with an `environment`"):
        optimisation_config(content, "own.yaml")
    with pytest.raises((ConfigError, UnknownNameError), match="environment"):
        optimisation_config(content | {"system": "environment"}, "own.yaml")


def test_an_environment_that_only_this_process_knows_is_an_error(tmp_path, monkeypatch):
    known = dict(gymnasium.registry)
    monkeypatch.setattr(gymnasium.envs.registration, "registry", known)
    monkeypatch.setattr(gymnasium, "registry", known)
    gymnasium.register(id="OnlyHere-v0", entry_point=FAULTY.replace("Faulty-v0", "Faulty"))
    made = config("OnlyHere-v0", {"executor": "processes", "workers": 2}, controller=ONE_GAIN)
    with pytest.raises(FitnessError, match="cannot be made in a worker: unknown environment"):
        evolved(tmp_path / "run", made)
