"""Networks on disk: a JSON document beside a safetensors file, byte-stable, no code in either.

The document names everything and holds single numbers; arrays lie in the safetensors file under
keys the document refers to. An infinite time constant or limit is `null`. The document carries the
schema version and the SHA-256 of the array file. There is no time and no path in either.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from snn_control.errors import ModelFileError, ParameterError, did_you_mean
from snn_control.network.network import Connection, Network, Population, Readout
from snn_control.network.neurons import PARAMETERS, NeuronParams
from snn_control.network.shared import Shared

SCHEMA_VERSION = 1

Document = dict[str, Any]
Tensors = dict[str, np.ndarray]


def save_network(network: Network, path: str | Path) -> Path:
    """Write `<path>.json` and `<path>.safetensors`; return the path of the document."""
    tensors: Tensors = {}
    document = {"kind": "network", "network": network_document(network, tensors)}
    return write_pair(path, document, tensors)


def load_network(path: str | Path) -> Network:
    """Read a network written by `save_network`.

    Raises:
        ModelFileError: the file is missing, corrupt, truncated, of another version or not finite;
            the message names the field.
    """
    document, tensors = read_pair(path, "network")
    with reading(path):
        return network_from_document(document["network"], tensors)


def write_pair(path: str | Path, document: Document, tensors: Tensors) -> Path:
    """Write a document and its arrays, each whole or not at all."""
    stem = _stem(path)
    stem.parent.mkdir(parents=True, exist_ok=True)
    arrays = safetensors.numpy.save({k: np.ascontiguousarray(v) for k, v in tensors.items()})
    document = document | {
        "schema_version": SCHEMA_VERSION,
        "arrays_sha256": hashlib.sha256(arrays).hexdigest(),
    }
    text = json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"
    _replace(stem.with_name(stem.name + ".safetensors"), arrays)
    target = stem.with_name(stem.name + ".json")
    _replace(target, text.encode())
    return target


def read_pair(path: str | Path, kind: str) -> tuple[Document, Tensors]:
    """Read what `write_pair` wrote and check version, kind, checksum and finiteness.

    Raises:
        ModelFileError: names the file and the field.
    """
    stem = _stem(path)
    json_path = stem.with_name(stem.name + ".json")
    array_path = stem.with_name(stem.name + ".safetensors")
    try:
        document = json.loads(json_path.read_text(encoding="utf-8"))
        arrays = array_path.read_bytes()
    except OSError as exc:
        raise ModelFileError(f"{exc.filename}: {exc.strerror}") from exc
    except ValueError as exc:
        raise ModelFileError(f"{json_path}: not a JSON document ({exc})") from exc
    if not isinstance(document, dict):
        raise ModelFileError(f"{json_path}: expected a JSON object")
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ModelFileError(
            f"{json_path}: schema_version is {version!r}, this version of snn_control reads "
            f"{SCHEMA_VERSION}; save the model again with a matching version"
        )
    if document.get("kind") != kind:
        raise ModelFileError(f"{json_path}: kind is {document.get('kind')!r}, expected {kind!r}")
    if document.get("arrays_sha256") != hashlib.sha256(arrays).hexdigest():
        raise ModelFileError(
            f"{array_path}: arrays_sha256 does not match the document; the file is truncated, "
            "corrupt or belongs to another model"
        )
    try:
        tensors = safetensors.numpy.load(arrays)
    except SafetensorError as exc:
        raise ModelFileError(f"{array_path}: not a safetensors file ({exc})") from exc
    for key, value in tensors.items():
        if value.dtype.kind == "f" and np.any(np.isnan(value)):
            raise ModelFileError(f"{array_path}: {key} holds NaN")
    return document, tensors


def network_document(network: Network, tensors: Tensors, prefix: str = "") -> Document:
    """Describe `network`, putting its arrays into `tensors` under keys that start with `prefix`."""
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


def network_from_document(document: Document, tensors: Tensors) -> Network:
    """Rebuild a network from its description and arrays.

    Raises:
        KeyError, TypeError, ParameterError, ModelFileError: the description is not one.
    """
    return Network(
        name=document["name"],
        control_period_s=document["control_period_s"],
        sub_ticks=document["sub_ticks"],
        start=document["start"],
        inputs=tuple(document["inputs"]),
        populations=tuple(
            Population(p["name"], p["size"], _params(p, tensors)) for p in document["populations"]
        ),
        connections=tuple(
            Connection(
                source=c["source"],
                target=c["target"],
                kind=c["kind"],
                delay_ticks=c["delay_ticks"],
                port=c["port"],
                weights=_get(c["weights"], f"connection {k}.weights", tensors),
                pre=_tensor(c["pre"], tensors) if "pre" in c else None,
                post=_tensor(c["post"], tensors) if "post" in c else None,
            )
            for k, c in enumerate(document["connections"])
        ),
        readouts=tuple(
            Readout(r["name"], r["population"], r["neuron"]) for r in document["readouts"]
        ),
    )


class reading:  # noqa: N801 - reads as a statement
    """Turn what goes wrong while rebuilding into a ModelFileError that names the file."""

    def __init__(self, path: str | Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, KeyError):
            raise ModelFileError(f"{self.path}: field {error} is missing") from error
        if isinstance(error, (TypeError, AttributeError, ParameterError)):
            raise ModelFileError(f"{self.path}: {error}") from error


def _params(p: Document, tensors: Tensors) -> NeuronParams:
    if p["model"] not in PARAMETERS:
        raise ModelFileError(
            f"{p['name']}.model: unknown {p['model']!r}{did_you_mean(p['model'], PARAMETERS)}"
        )
    cls = PARAMETERS[p["model"]]
    known = {f.name for f in (*cls.numeric_fields(), *cls.choice_fields())}
    for name in (*p["parameters"], *p["variant"]):
        if name not in known:
            raise ModelFileError(f"{p['name']}.{name}: unknown field{did_you_mean(name, known)}")
    values = {
        name: _get(value, f"{p['name']}.{name}", tensors) for name, value in p["parameters"].items()
    }
    return cls(**values, **p["variant"])


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


def _get(value: Any, where: str, tensors: Tensors) -> Any:
    if value is None:
        return np.inf
    if isinstance(value, dict):
        if "shared" in value:
            parts = (
                _tensor(f"{value['shared']}.{n}", tensors) for n in ("values", "index", "sign")
            )
            return Shared(*parts)
        return _tensor(value["array"], tensors)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelFileError(f"{where}: expected a number, got {value!r}")
    return float(value)


def _tensor(key: str, tensors: Tensors) -> np.ndarray:
    if key not in tensors:
        raise ModelFileError(f"array {key!r} is missing")
    return tensors[key]


def _put_synapses(c: Connection, key: str, tensors: Tensors) -> Document:
    if c.pre is None or c.post is None:
        return {}
    tensors[key + ".pre"], tensors[key + ".post"] = c.pre, c.post
    return {"pre": key + ".pre", "post": key + ".post"}


def _stem(path: str | Path) -> Path:
    path = Path(path)
    return path.with_suffix("") if path.suffix in (".json", ".safetensors") else path


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
