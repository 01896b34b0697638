"""Objects that change in place, each with a start and a deterministic sequence of calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import snn_control.envs as envs
from snn_control.controllers import load, model_names
from snn_control.controllers.blimp.quantised_twin import quantised_twin
from snn_control.controllers.place import PlaceEnsemble
from snn_control.controllers.place.diehl_cook.module import DiehlCookConfig, DiehlCookModule
from snn_control.controllers.swimmer.mlp import ACTIVATIONS, MLP
from snn_control.engines.layout import lay_out
from snn_control.engines.native import NativeEngine, NativePopulation
from snn_control.engines.reference import ReferenceEngine
from snn_control.engines.torch import TorchEngine
from snn_control.envs.blimp.batch import BlimpPlants
from snn_control.envs.blimp.body import BlimpBody
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.robot import BlimpRobot
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.envs.blimp.sensing.errors import SenseParameters
from snn_control.envs.corridor.body import CorridorBody
from snn_control.envs.corridor.scenario import draw_scenario as draw_corridor
from snn_control.envs.route.body import RouteBody
from snn_control.envs.route.conditions import PRESETS
from snn_control.envs.swimmer.batch import SwimmerBatch, SwimmerPool
from snn_control.envs.swimmer.body import SwimmerBody
from snn_control.envs.swimmer.damage import Damage
from snn_control.envs.swimmer.robot import SwimmerRobot
from snn_control.envs.swimmer.start import draw_start
from snn_control.evolution import make_strategy, strategy_names
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.control_loop import ControlLoop
from snn_control.loops.corridor.completion import Remembered
from snn_control.loops.corridor.ray_choice import ExpectedInformation
from snn_control.loops.corridor.rays import N_RAYS, Motion
from snn_control.loops.corridor.sensing import RaySensing
from snn_control.loops.place.config import PlaceNodeConfig
from snn_control.loops.place.loop import PlaceLoop
from snn_control.loops.place.posed_map import PosedMap
from snn_control.loops.swimmer.config import SwimmerConfig
from snn_control.studies.place import METHODS
from snn_control.training.systems import system, system_names
from tests.conformance.networks import VARIANTS, make
from tests.controllers.place.route import other_season, route
from tests.loops.blimp.harness import blimp_loop
from tests.loops.swimmer.harness import NAMES, swim_loop

N_PLACES, N_LINKS = 40, 6
ROUTE = route(N_PLACES)
SEASON = other_season(ROUTE)


@dataclass(frozen=True)
class Stateful:
    """Object with state."""

    make: Callable[[], Any]
    start: Callable[[Any], object]
    """Start of an episode."""
    call: Callable[[Any, np.random.Generator], Any]
    """One step with random inputs; the result is that of the object."""


def nothing(_: Any) -> None:
    """Start an object that needs no start."""


def environment(name: str, wrapped: bool) -> Stateful:
    def step(env: Any, rng: np.random.Generator) -> Any:
        space = env.action_space
        result = env.step(rng.uniform(space.low, space.high).astype(space.dtype))
        if result[2] or result[3]:
            env.reset(seed=4)
        return result

    def created() -> Any:
        return envs.make(name) if wrapped else envs.make(name).unwrapped

    return Stateful(created, lambda env: env.reset(seed=3), step)


def engine(kind: Any, variant: str) -> Stateful:
    def step(made: Any, rng: np.random.Generator) -> Any:
        return np.copy(made.step(rng.normal(size=2))), np.copy(made.spikes)

    return Stateful(lambda: kind(make(variant, "dense")), lambda made: made.reset(), step)


def population() -> NativePopulation:
    layout = lay_out(make("lif-soft", "dense"))
    return NativePopulation(layout, *layout.rows([layout.network] * 2))


def runner(created: Callable[[], Any]) -> Stateful:
    """Return an engine without state between runs."""
    return Stateful(created, nothing, lambda made, rng: made.run(rng.normal(size=(5, 2))))


def controller(created: Callable[[], Any]) -> Stateful:
    def step(made: Any, rng: np.random.Generator) -> Any:
        observation = rng.normal(0.0, 0.3, len(made.observation_names))
        return made.step(observation), made.readouts, np.copy(made.spikes)

    return Stateful(created, lambda made: made.reset(1), step)


def perceptron(activation: str) -> MLP:
    names = load("swimmer").observation_names, load("swimmer").action_names
    bare = MLP(*names, 0.03, activation=activation)
    return MLP(*names, 0.03, activation=activation, parameters=np.sin(np.arange(bare.n_parameters)))


def strategy(name: str) -> Stateful:
    def generation(made: Any, rng: np.random.Generator) -> Any:
        genomes = made.ask()
        made.tell(((genomes - rng.random()) ** 2).sum(axis=1, keepdims=True).repeat(
            made.n_objectives, axis=1))  # fmt: skip
        return genomes, made.state()

    return Stateful(lambda: make_strategy(name, 5, 1), lambda made: made.ask(), generation)


def fitness(name: str) -> Stateful:
    return Stateful(
        lambda: system(name).task_type().smallest().fitness(seed=3),
        nothing,
        lambda made, rng: made(rng.random((2, made.n_genes))),
    )


def batch() -> Stateful:
    def reset(made: SwimmerBatch) -> None:
        made.reset([draw_start(N_LINKS, k, 100, Damage(noise_rad=0.1)) for k in range(4)])

    def step(made: SwimmerBatch, rng: np.random.Generator) -> Any:
        made.step(rng.uniform(-1.0, 1.0, made.joint_rad.shape))
        return made.joint_rad.copy(), made.link_velocities.copy(), made.forward_speed_m_s.copy()

    return Stateful(lambda: SwimmerBatch(N_LINKS, 4), reset, step)


def plants() -> Stateful:
    scenarios = [draw_scenario(blimp_parameters(), k, 60.0) for k in range(3)]
    return Stateful(
        lambda: BlimpPlants(scenarios),
        lambda made: made.reset(),
        lambda made, rng: (made.step(rng.uniform(-5.0, 5.0, 3)).copy(), made.height_m),
    )


def robot(created: Callable[[], Any], command: Callable[[np.random.Generator], Any]) -> Stateful:
    def advance(made: Any, rng: np.random.Generator) -> Any:
        made.command(command(rng))
        made.advance()
        return made.measure(), made.trace()

    return Stateful(created, nothing, advance)


def recognizer(created: Callable[[], Any]) -> Stateful:
    def match(made: Any, rng: np.random.Generator) -> Any:
        if not len(made):
            made.fit(ROUTE)
        if rng.random() < 0.1 and made.confidence is not None:
            made.add(SEASON[rng.integers(N_PLACES)])
        return made.match(SEASON[rng.integers(N_PLACES)], sequence=5)

    return Stateful(created, lambda made: made.fit(ROUTE), match)


def module() -> Stateful:
    config = DiehlCookConfig(n_excitatory=20, n_inputs=64, epochs=1)

    def train(made: DiehlCookModule, rng: np.random.Generator) -> Any:
        made.fit(rng.integers(0, 256, (2, 8, 8), dtype=np.uint8), epochs=1)
        return made.weights, made.theta_v, made.training_counts

    return Stateful(lambda: DiehlCookModule(2, config), nothing, train)


def control_loop(
    created: Callable[[], ControlLoop[Any]], read: Callable[[Any, np.random.Generator], Any]
) -> Stateful:
    def measure(made: ControlLoop[Any], rng: np.random.Generator) -> Any:
        stamp_ns = 10**12 + round(made.ticks * made.period_s * 1e9)
        tick = made.tick(read(made.adapter, rng), stamp_ns, stamp_ns, stamp_ns * 1e-9)
        made.keep_ready()
        assert tick is not None
        counts = made.gate.counts, made.stamps.counts, made.adapter.bad_values
        return tick.command, tick.mode, tick.observation, counts

    return Stateful(created, lambda made: made.arm(1e3), measure)


def ray_sensing() -> Stateful:
    def scan(made: RaySensing, rng: np.random.Generator) -> Any:
        range_m = np.where(made.fire() > 0.5, rng.uniform(0.2, 6.0, N_RAYS), -1.0)
        dx_m, dy_m, dyaw_rad = rng.uniform(-0.05, 0.05, 3).tolist()
        return made.update(range_m, Motion(dx_m, dy_m, dyaw_rad, 0.1))

    return Stateful(
        lambda: RaySensing(Remembered(), ExpectedInformation(7)), lambda made: made.reset(), scan
    )


def place_loop() -> Stateful:
    def show(made: PlaceLoop, rng: np.random.Generator) -> Any:
        now_ns = 10**12 + 10**8 * made.images
        position = 0.7 * made.images, 0.0, 0.0
        made.travel.take(position, (0.0, 0.0, 0.0, 1.0), "odom", now_ns * 1e-9, (1.0, 0.0, 0.0))
        answer = made.on_image(SEASON[rng.integers(N_PLACES)], now_ns, now_ns, now_ns * 1e-9)
        assert answer is not None
        return answer.match, answer.step, answer.mapped, made.query_s.n, made.stamps.counts

    def with_map() -> PlaceLoop:
        posed = PosedMap.empty(0)
        posed.recognizer.fit(ROUTE)
        return PlaceLoop(posed, PlaceNodeConfig(extend=True))

    return Stateful(with_map, lambda made: made.mapper.start(), show)


BODIES: dict[str, Callable[[], Any]] = {
    "blimp": BlimpBody,
    "swimmer": SwimmerBody,
    "swimmer pool": lambda: SwimmerPool(N_LINKS, 2),
    "corridor": lambda: CorridorBody(draw_corridor("novel-moving", 1)),
    "route": lambda: RouteBody(0, 50.0, PRESETS["day"]),
}
"""Objects with a MuJoCo model and its data."""

CASES: dict[str, Stateful] = {
    # Route-v0 renders slowly; its wrappers are those of the others.
    **{
        name: environment(name, wrapped=True) for name in envs.environments() if "Route" not in name
    },
    **{f"{name} unwrapped": environment(name, wrapped=False) for name in envs.environments()},
    **{f"native {name}": engine(NativeEngine, name) for name in VARIANTS},
    **{f"reference {name}": engine(ReferenceEngine, name) for name in VARIANTS},
    "torch": runner(lambda: TorchEngine(make("lif-soft", "dense"))),
    "population": runner(population),
    **{name: controller(partial(load, name)) for name in model_names()},
    "reference controller": controller(lambda: load("swimmer", engine=ReferenceEngine)),
    "quantised twin": controller(lambda: quantised_twin(load("blimp-altitude"))),  # type: ignore[arg-type]
    **{f"mlp {name}": controller(partial(perceptron, name)) for name in ACTIVATIONS},
    **{f"strategy {name}": strategy(name) for name in strategy_names()},
    **{f"fitness {name}": fitness(name) for name in system_names()},
    "swimmer batch": batch(),
    "blimp plants": plants(),
    "blimp robot": robot(
        lambda: BlimpRobot(draw_scenario(blimp_parameters(), 1, 60.0)),
        lambda rng: rng.uniform(-5.0, 5.0),
    ),
    "blimp robot with senses": robot(
        lambda: BlimpRobot(draw_scenario(blimp_parameters(), 1, 60.0), senses=SenseParameters()),
        lambda rng: rng.uniform(-5.0, 5.0),
    ),
    "swimmer robot": robot(
        lambda: SwimmerRobot(N_LINKS, 1, 100), lambda rng: rng.uniform(-1.0, 1.0, N_LINKS - 1)
    ),
    **{f"recogniser {name}": recognizer(partial(method, 0)) for name, method in METHODS.items()},
    "place ensemble": recognizer(lambda: PlaceEnsemble(range(2))),
    "place module": module(),
    "blimp loop": control_loop(
        lambda: blimp_loop(load("blimp-altitude"), AltitudeNodeConfig()),
        lambda adapter, rng: adapter.read(rng.normal(1.0, 0.2) if rng.random() < 0.9 else np.nan),
    ),
    "blimp loop, ranges that the model accepts": control_loop(
        lambda: blimp_loop(load("blimp-altitude"), AltitudeNodeConfig()),
        lambda adapter, rng: adapter.read(rng.normal(1.0, 0.005)),
    ),
    "swimmer loop": control_loop(
        lambda: swim_loop(load("swimmer"), SwimmerConfig()),
        lambda adapter, rng: adapter.read(NAMES, rng.normal(0.0, 0.5, N_LINKS - 1)),
    ),
    "place loop": place_loop(),
    "ray sensing": ray_sensing(),
}
