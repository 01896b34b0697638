"""Networks of a checkpoint and their synapses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.errors import ModelFileError
from snn_control.network import Connection, Network
from snn_control.network.files import network_from_document, read_pair
from snn_control.network.shared import expand


@dataclass(frozen=True)
class Synapses:
    """Synapses of one connection, from neuron `pre[k]` to `post[k]`; arrays have shape (n,)."""

    source: str
    target: str
    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay_ticks: int


def load_networks(folder: Path) -> list[Network]:
    """Return all networks of the model files in `folder`, in the order of the file names.

    A model file contains one network, or several in the description of a controller.

    Raises:
        ModelFileError: a model file is malformed.
    """
    networks = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        if not path.with_suffix(".safetensors").exists():
            continue
        try:
            kind = json.loads(path.read_text("utf-8"))["kind"]
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise ModelFileError(f"{path} is not a model file: {exc}") from exc
        document, tensors = read_pair(path, kind)
        try:
            networks += [network_from_document(d, tensors) for d in _descriptions(document)]
        except (KeyError, TypeError, ValueError) as exc:
            raise ModelFileError(f"{path}: {exc}") from exc
    return networks


def synapses_of(network: Network) -> list[Synapses]:
    """Return the synapses of each connection of a network."""
    return [_synapses(network, connection) for connection in network.connections]


def _synapses(network: Network, c: Connection) -> Synapses:
    weights = expand(c.weights)
    if c.kind == "dense":
        pre, post = (index.ravel() for index in np.indices(weights.shape))
    elif c.kind == "diagonal":
        pre = post = np.arange(weights.size)
    elif c.kind == "block2":
        pair, a, b = (index.ravel() for index in np.indices(weights.shape))
        pre, post = 2 * pair + a, 2 * pair + b
    else:
        pre, post = np.asarray(c.pre), np.asarray(c.post)
    return Synapses(c.source, c.target, pre, post, weights.ravel(), c.delay_ticks)


def _descriptions(document: Any) -> Iterator[dict[str, Any]]:
    """Yield the descriptions of networks in a document."""
    if isinstance(document, dict):
        if {"populations", "connections", "inputs"} <= document.keys():
            yield document
            return
        for value in document.values():
            yield from _descriptions(value)
    elif isinstance(document, list):
        for value in document:
            yield from _descriptions(value)
