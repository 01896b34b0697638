"""Conversion of a network to a JSON document with named arrays and back; see `network.files`."""

from __future__ import annotations

from typing import Any

import numpy as np

from snn_control.errors import ModelFileError, ParameterError, did_you_mean
from snn_control.network.fields import Field
from snn_control.network.network import Connection, Network, Population, Readout
from snn_control.network.neurons import PARAMETERS, NeuronParams
from snn_control.network.shared import Shared

MAX_NEURONS = 1_000_000
"""Largest number of neurons in a file; this and the limits below bound the memory of a load."""
MAX_DELAY_TICKS = 10_000
MAX_SUB_TICKS = 10_000
MAX_BUFFERED = 50_000_000
"""Largest number of buffered outputs: (neurons + inputs) times (largest delay + 1)."""

Document = dict[str, Any]
Tensors = dict[str, np.ndarray]


def network_document(network: Network, tensors: Tensors, prefix: str = "") -> Document:
    """Return the document of a network; add its arrays to `tensors` with `prefix` in their keys."""
    return {
        "name": network.name,
        "control_period_s": network.control_period_s,
        "sub_ticks": network.sub_ticks,
        "start": network.start,
        "inputs": list(network.inputs),
        "populations": [
            {
                "name": p.name,
                "size": p.size,
                "model": p.params.model,
                "parameters": {
                    f.name: _put(getattr(p.params, f.name), f"{prefix}{p.name}.{f.name}", tensors)
                    for f in p.params.numeric_fields()
                },
                "variant": {f.name: getattr(p.params, f.name) for f in p.params.choice_fields()},
            }
            for p in network.populations
        ],
        "connections": [
            {
                "source": c.source,
                "target": c.target,
                "kind": c.kind,
                "delay_ticks": c.delay_ticks,
                "port": c.port,
                "weights": _put(c.weights, f"{prefix}connection{k}.weights", tensors),
                **_put_synapses(c, f"{prefix}connection{k}", tensors),
            }
            for k, c in enumerate(network.connections)
        ],
        "readouts": [
            {"name": r.name, "population": r.population, "neuron": r.neuron}
            for r in network.readouts
        ],
    }


def network_from_document(document: Document, tensors: Tensors, place: str = "network") -> Network:
    """Return the network of a document and its arrays.

    Args:
        document: result of `network_document`.
        tensors: arrays by key.
        place: position of the document in its file, for messages.

    Raises:
        ModelFileError: the document is invalid; the message names the field.
    """
    root = Field(document, place).only(
        ("name", "control_period_s", "sub_ticks", "start", "inputs", "populations", "connections",
         "readouts")
    )  # fmt: skip
    try:
        network = Network(
            name=root["name"].text(),
            control_period_s=root["control_period_s"].number(),
            sub_ticks=root["sub_ticks"].integer(1, MAX_SUB_TICKS),
            start=root["start"].one_of(("rest", "steady")),
            inputs=_distinct(root["inputs"]),
            populations=_populations(root["populations"], tensors),
            connections=tuple(_connection(c, tensors) for c in root["connections"].items()),
            readouts=tuple(_readout(r) for r in root["readouts"].items()),
        )
    except ParameterError as exc:
        raise ModelFileError(f"{place}: {exc}") from exc
    names = [r.name for r in network.readouts]
    if len(set(names)) < len(names):
        raise ModelFileError(f"{place}.readouts: names must differ: {names}")
    values = len(network.inputs) + sum(p.size for p in network.populations)
    if values * (network.max_delay_ticks + 1) > MAX_BUFFERED:
        raise ModelFileError(
            f"{place}.connections: a delay of {network.max_delay_ticks} ticks of {values} outputs "
            f"needs more than {MAX_BUFFERED} buffered numbers"
        )
    return network


def _distinct(field: Field) -> tuple[str, ...]:
    names = tuple(item.text() for item in field.items())
    if len(set(names)) < len(names):
        raise field.fail("distinct names")
    return names


def _populations(field: Field, tensors: Tensors) -> tuple[Population, ...]:
    """Read all populations; the sum of their sizes is checked before any array is made."""
    items = [p.only(("name", "size", "model", "parameters", "variant")) for p in field.items()]
    total = sum(p["size"].integer(1, MAX_NEURONS) for p in items)
    if total > MAX_NEURONS:
        raise ModelFileError(f"{field.place}: {total} neurons, expected at most {MAX_NEURONS}")
    return tuple(Population(p["name"].text(), p["size"].value, _params(p, tensors)) for p in items)


def _params(p: Field, tensors: Tensors) -> NeuronParams:
    name = p["model"].text()
    if name not in PARAMETERS:
        raise ModelFileError(
            f"{p.place}.model: unknown {name[:60]!r}{did_you_mean(name[:60], PARAMETERS)} "
            "(the file may need a newer version of snn_control)"
        )
    cls = PARAMETERS[name]
    numbers = p["parameters"].only(f.name for f in cls.numeric_fields())
    choices = p["variant"].only(f.name for f in cls.choice_fields())
    values: dict[str, Any] = {f.name: _get(numbers[f.name], tensors) for f in cls.numeric_fields()}
    for f in cls.choice_fields():
        allowed = cls.choices(f.name)
        choice = choices[f.name]
        values[f.name] = choice.flag() if allowed == (False, True) else choice.one_of(allowed)
    return cls(**values)


def _connection(c: Field, tensors: Tensors) -> Connection:
    c.only(("source", "target", "kind", "delay_ticks", "port", "weights", "pre", "post"))
    kind = c["kind"].one_of(("dense", "diagonal", "block2", "sparse"))
    sparse = kind == "sparse"
    return Connection(
        source=c["source"].text(),
        target=c["target"].text(),
        kind=kind,
        delay_ticks=c["delay_ticks"].integer(0, MAX_DELAY_TICKS),
        port=c["port"].one_of(("current", "adaptation")),
        weights=_get(c["weights"], tensors),
        pre=_tensor(c["pre"], tensors, np.int64) if sparse else None,
        post=_tensor(c["post"], tensors, np.int64) if sparse else None,
    )


def _readout(r: Field) -> Readout:
    r.only(("name", "population", "neuron"))
    neuron = r["neuron"].integer(0, MAX_NEURONS)
    return Readout(r["name"].text(), r["population"].text(), neuron)


def _put(value: Any, key: str, tensors: Tensors) -> Any:
    if isinstance(value, Shared):
        tensors[key + ".values"] = value.values
        tensors[key + ".index"] = value.index
        tensors[key + ".sign"] = value.sign
        return {"shared": key}
    array = np.asarray(value, np.float64)
    if array.ndim == 0:
        return None if np.isposinf(array) else float(array)
    tensors[key] = array
    return {"array": key}


def _get(field: Field, tensors: Tensors) -> Any:
    if field.value is None:
        return np.inf
    if not isinstance(field.value, dict):
        return field.number()
    field.only(("array", "shared"))
    if "shared" not in field:
        return _tensor(field["array"], tensors, np.float64)
    if "array" in field:
        raise field.fail("either `array` or `shared`")
    key, parts = field["shared"].text(), []
    for name, dtype in (("values", np.float64), ("index", np.int64), ("sign", np.int8)):
        parts.append(_tensor(Field(f"{key}.{name}", field.place), tensors, dtype))
    try:
        return Shared(*parts)
    except ParameterError as exc:
        raise ModelFileError(f"{field.place}: {exc}") from exc


def _tensor(field: Field, tensors: Tensors, dtype: Any) -> np.ndarray:
    key = field.text()
    if key not in tensors:
        raise ModelFileError(f"{field.place}: array {key[:60]!r} is missing")
    if tensors[key].dtype != dtype:
        raise ModelFileError(
            f"{field.place}: array {key[:60]!r} holds {tensors[key].dtype}, "
            f"expected {np.dtype(dtype).name}"
        )
    return tensors[key]


def _put_synapses(c: Connection, key: str, tensors: Tensors) -> Document:
    if c.pre is None or c.post is None:
        return {}
    tensors[key + ".pre"], tensors[key + ".post"] = c.pre, c.post
    return {"pre": key + ".pre", "post": key + ".post"}
