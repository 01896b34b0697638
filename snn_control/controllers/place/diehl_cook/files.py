"""Diehl-Cook modules on disk: a JSON document beside a safetensors file, see `network.files`.

The state of the training is saved too, so that `fit` resumes bit for bit: membranes, conductances,
traces, input spikes in transit and the state of the random generator.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.coding.poisson import Spikes
from snn_control.config import from_mapping
from snn_control.controllers.place.diehl_cook.config import DiehlCookConfig
from snn_control.controllers.place.diehl_cook.kernel import NEVER
from snn_control.controllers.place.diehl_cook.session import Session
from snn_control.controllers.place.diehl_cook.synapses import Synapses, by_input
from snn_control.errors import ConfigError, ModelFileError
from snn_control.network.arrays import Arrays
from snn_control.network.fields import Field
from snn_control.network.files import Document, Tensors, read_pair, reading, write_pair

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

KIND = "diehl_cook_module"
_FIELDS = (
    "schema_version", "arrays_sha256", "kind", "about", "config", "n_places", "seed", "random",
)  # fmt: skip
_MEMBRANES = ("v_v", "g_e", "g_i", "fast", "inhibitor_v", "inhibitor_g")
_LAST_SPIKES = ("spiked", "inhibitor_spiked")


@dataclass(frozen=True, eq=False)
class TrainedModule:
    """State of a `DiehlCookModule`, with the attributes of the same names."""

    config: DiehlCookConfig
    n_places: int
    seed: int
    synapses: Synapses
    thresholds_v: FloatArray
    random: np.random.Generator
    training: Session | None
    seen: list[tuple[int, IntArray]]


def save(module: TrainedModule, path: str | Path, *, about: Document | None = None) -> Path:
    """Write a module, see `DiehlCookModule.save`."""
    counts = np.array([counts for _, counts in module.seen], np.int64)
    tensors: Tensors = {
        "weights": module.synapses.by_neuron(module.synapses.weight),
        "delays": module.synapses.delays().astype(np.int32),
        "theta_v": module.thresholds_v,
        "training_counts": counts.reshape(-1, module.config.n_excitatory),
        "training_places": np.array([place for place, _ in module.seen], np.int64),
    }
    if module.training is not None:
        tensors |= _training_tensors(module.training, module.synapses)
    numbers: Any = module.random.bit_generator.state
    document: Document = {
        "kind": KIND,
        "about": about or {},
        "config": dataclasses.asdict(module.config),
        "n_places": int(module.n_places),
        "seed": int(module.seed),
        "random": {name: int(numbers["state"][name]) for name in ("state", "inc")},
    }
    return write_pair(path, document, tensors)


def _training_tensors(session: Session, synapses: Synapses) -> Tensors:
    state = session.state
    return {f"training.{name}": getattr(state, name) for name in (*_MEMBRANES, *_LAST_SPIKES)} | {
        "training.arrived": synapses.by_neuron(state.arrived),
        "training.late": session.late,
        "training.steps": session.in_transit.steps,
        "training.sources": session.in_transit.sources,
    }


def load(path: str | Path) -> TrainedModule:
    """Read a module, see `DiehlCookModule.load`."""
    document, tensors = read_pair(path, KIND)
    with reading(path):
        root = Field(document).only(_FIELDS)
        try:
            config = from_mapping(DiehlCookConfig, root["config"].value, "config")
        except ConfigError as exc:
            raise ModelFileError(str(exc)) from exc
        n_places = root["n_places"].integer(1, 2**31 - 1)
        seed = root["seed"].integer(0, 2**63 - 1)
        arrays = Arrays(dict(tensors))
        shape = (config.n_inputs, config.n_excitatory)
        longest = config.steps(config.longest_delay_s)
        weights = arrays.take("weights", shape, np.float64, low=0)
        delays = arrays.take("delays", shape, np.int32, low=0, high=longest)
        theta_v = arrays.take("theta_v", shape[1:], np.float64)
        counts = arrays.take("training_counts", (None, *shape[1:]), np.int64, low=0)
        places = arrays.take(
            "training_places", counts.shape[:1], np.int64, low=0, high=n_places - 1
        )
        synapses, random = Synapses.of(delays, longest, weights), _random(root)
        training = None
        if len(counts) or "training.late" in arrays:
            training = Session(config, synapses, theta_v, random, learning=True)
            _restore_training(training, synapses, arrays, longest)
        arrays.require_all_taken()
    seen = [(int(place), one) for place, one in zip(places, counts, strict=True)]
    return TrainedModule(config, n_places, seed, synapses, theta_v, random, training, seen)


def _random(root: Field) -> np.random.Generator:
    numbers = root["random"].only(("state", "inc"))
    state, inc = (numbers[name].integer(0, 2**128 - 1) for name in ("state", "inc"))
    generator = np.random.PCG64()
    generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": state, "inc": inc},
        "has_uint32": 0,
        "uinteger": 0,
    }
    return np.random.Generator(generator)


def _restore_training(session: Session, synapses: Synapses, arrays: Arrays, longest: int) -> None:
    """Set the state of a session to the saved one."""
    shape, state = synapses.weight.shape, session.state
    arrived = arrays.take("training.arrived", shape, np.int32, low=NEVER, high=-1)
    session.late = arrays.take("training.late", shape[1:], np.int64, low=0)
    steps = arrays.take("training.steps", (None,), np.int32, low=-longest, high=-1)
    sources = arrays.take("training.sources", steps.shape, np.int32, low=0, high=shape[0] - 1)
    if np.any(np.diff(steps) < 0):
        raise ModelFileError("array 'training.steps': expected ascending time steps")
    session.in_transit = Spikes(steps, sources)
    values = {"arrived": by_input(synapses.wiring, arrived)}
    for name in _MEMBRANES:
        values[name] = arrays.take(f"training.{name}", shape[1:], np.float64)
    for name in _LAST_SPIKES:
        values[name] = arrays.take(f"training.{name}", shape[1:], np.int32, low=NEVER, high=-1)
    session.state = state._replace(**values)
