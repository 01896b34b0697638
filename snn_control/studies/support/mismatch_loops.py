"""Runs of models with drawn mismatch, open loop on sequences or closed loop in an environment."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.controllers.document import ControllerDocument
from snn_control.engines.layout import lay_out
from snn_control.engines.native import NativePopulation
from snn_control.errors import ParameterError
from snn_control.network import Network
from snn_control.network.mismatch import mismatched
from snn_control.studies.support.held_out import held_out_means
from snn_control.training.blimp.imitation import correlation, pd_network, pid_targets, published_fit
from snn_control.training.system import ENVIRONMENT
from snn_control.training.systems import system_of

FloatArray = npt.NDArray[np.float64]
LoopKind = Literal["auto", "open", "closed"]


def is_open(controller: Controller, name: str, kind: LoopKind) -> bool:
    """Return True to run a controller open loop.

    With `auto` these are the altitude models, unless their file names an environment.

    Raises:
        ParameterError: open loop, and the controller, called `name`, has no read-out `pd`.
    """
    if kind == "closed" or (kind == "auto" and ENVIRONMENT in controller.about):
        return False
    try:
        pd_network(controller, name)
    except ParameterError:
        if kind == "open":
            raise
        return False
    return True


class Loop(ABC):
    """Runs of one model with mismatch."""

    metric: str
    """Figure that summarises a run."""

    @abstractmethod
    def figures(self, share: float, seeds: Sequence[int]) -> dict[str, FloatArray]:
        """Return figures by name, each of shape (n_draws,).

        Args:
            share: standard deviation of the mismatch, see `network.mismatch.mismatched`.
            seeds: seeds of the draws.
        """


class OpenLoop(Loop):
    """Altitude networks on sequences of height errors; figures are means over the sequences.

    Figures are `pd_fit`, `pd_r` and, with an I network, `i_mae`.

    Args:
        controller: controller with a read-out `pd`.
        errors: sequences of height errors, m, each of shape (n_ticks,).
    """

    metric = "pd_fit"

    def __init__(self, controller: Controller, errors: Sequence[FloatArray]) -> None:
        self._networks, self._errors = controller.networks, errors
        self._targets: list[dict[str, Any]] = [pid_targets(row) for row in errors]
        self.n_sequences = len(errors)

    def figures(self, share: float, seeds: Sequence[int]) -> dict[str, FloatArray]:
        """Run all draws of each network at once."""
        sums: dict[str, FloatArray] = {}
        for index, network in enumerate(self._networks):
            drawn = [_drawn(network, index, share, seed) for seed in seeds]
            layout = lay_out(drawn[0])
            population = NativePopulation(layout, *layout.rows(drawn))
            names = [readout.name for readout in network.readouts]
            for row, target in zip(self._errors, self._targets, strict=True):
                outputs = population.run(row[:, None]).readouts
                for name in {"pd", "i"} & set(names):
                    output = outputs[:, :, names.index(name)]
                    for key, values in _judge(name, output, target[name]).items():
                        sums[key] = sums.get(key, 0.0) + values / len(self._errors)
        return {name: sums[name] for name in ("pd_fit", "pd_r", "i_mae") if name in sums}


class ClosedLoop(Loop):
    """Episodes in the environment of a model; figures are means over the episodes.

    Figures are `total_reward` and the metric in which the system summarises a result.

    Args:
        controller: controller made of networks.
        name: its name, for messages.
        episodes: seeds of the episodes.

    Raises:
        ParameterError: the controller has no networks or no document.
        InterfaceMismatchError: its file names no environment, and no system accepts it.
    """

    def __init__(self, controller: Controller, name: str, episodes: Sequence[int]) -> None:
        self._controller, self._name, self._episodes = controller, name, episodes
        self._document = _document(controller, name)
        self._system = system_of(controller)
        self.metric = self._system.headline.metric
        self.environment = self._system.environment

    def figures(self, share: float, seeds: Sequence[int]) -> dict[str, FloatArray]:
        """Run the episodes of each draw, equal for all draws.

        Raises:
            ParameterError: the class of the controller refuses other weights.
            See `held_out_means`.
        """
        system, episodes = self._system, self._episodes
        rows = [
            held_out_means(self._with_mismatch(share, seed), self._name, system, episodes)
            for seed in seeds
        ]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}

    def _with_mismatch(self, share: float, seed: int) -> Controller:
        networks = tuple(
            _drawn(network, index, share, seed)
            for index, network in enumerate(self._document.networks)
        )
        document = dataclasses.replace(self._document, networks=networks)
        try:
            return type(self._controller).from_document(document)
        except ParameterError as exc:
            raise ParameterError(f"{self._name} cannot be built with other weights: {exc}") from exc


def _drawn(network: Network, index: int, share: float, seed: int) -> Network:
    """Return a network with the mismatch of a draw; `index` is its rank in the controller."""
    return mismatched(network, np.random.default_rng([seed, index]), share)


def _judge(name: str, output: npt.NDArray[Any], target: FloatArray) -> dict[str, Any]:
    if name == "pd":
        return {"pd_fit": published_fit(output, target), "pd_r": correlation(output, target)}
    return {"i_mae": np.abs(output - target).mean(axis=-1)}


def _document(controller: Controller, name: str) -> ControllerDocument:
    if not controller.networks:
        raise ParameterError(
            f"{name} has no network with weights and thresholds; name a model made of networks"
        )
    try:
        document = controller.to_document()
    except ParameterError as exc:
        raise ParameterError(f"{name}: {exc}") from exc
    if not document.networks:
        raise ParameterError(
            f"{name}: the document of its class {type(controller).__name__} contains no network"
        )
    return document
