"""Contract of the learned forward models of `Adapting`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from snn_control.controllers.adapting_config import AdaptingConfig
from snn_control.copies import Copied
from snn_control.errors import ParameterError
from snn_control.network.program import Program

__all__ = ["ForwardModel", "Wiring"]


@dataclass(frozen=True)
class Wiring:
    """Connections of an adapting controller, for `ForwardModel.adapting_program`."""

    observation_names: tuple[str, ...]
    """Observations."""
    inputs: tuple[int, ...]
    """Index of each observation of the wrapped controller, those of the model last."""
    measured: tuple[int, ...]
    """The same without the model; -1: not measured."""
    start: tuple[float, ...] | None
    """Parameters at the start; None: those of the nominal vehicle."""
    config: AdaptingConfig
    """Limits of the adaptation."""


class ForwardModel(Copied, ABC):
    """Model of a vehicle that learns in operation and predicts over the vehicle's dead time.

    Attributes:
        name: name of the class in model files, a key of `forward_models.FORWARD_MODELS`.
        observation_names: entries of `tick`'s observation.
        predicted_names: observations of a controller that `predicted` replaces.
        unobserved_names: those of them that no sensor measures.
        action_name: the command that drives the vehicle.
        command_limit: largest magnitude of the command.
        parameter_names: entries of `parameters`.
    """

    name: ClassVar[str]
    observation_names: ClassVar[tuple[str, ...]]
    predicted_names: ClassVar[tuple[str, ...]]
    unobserved_names: ClassVar[tuple[str, ...]] = ()
    action_name: ClassVar[str]
    command_limit: ClassVar[float]
    parameter_names: tuple[str, ...]

    @abstractmethod
    def reset(self) -> None:
        """Return to the state before the first tick."""

    @abstractmethod
    def tick(
        self, observation: Sequence[float], sent: float, trusted: bool | None, learns: float
    ) -> None:
        """Advance to a measurement and learn from it.

        Args:
            observation: entries of `observation_names`.
            sent: command in force since the last tick.
            trusted: False if the measurement is replaced by an estimate; None: the model has to
                detect a frozen sensor itself.
            learns: rate of learning, 0 (parameters are kept) to 1.
        """

    @property
    @abstractmethod
    def predicted(self) -> tuple[float, ...]:
        """Entries of `predicted_names` at the time at which the next command takes effect."""

    @abstractmethod
    def command(self, output: float) -> float:
        """Return the command for an output of a controller made for the nominal vehicle."""

    @property
    @abstractmethod
    def parameters(self) -> tuple[float, ...]:
        """Learned parameters, in the order of `parameter_names`."""

    @abstractmethod
    def restore(self, parameters: Sequence[float]) -> None:
        """Continue with parameters of an earlier time; the state of the motion is kept.

        Raises:
            ParameterError: another number of parameters, or one is not finite or out of bounds.
        """

    @property
    @abstractmethod
    def lost(self) -> bool:
        """True while the model rests because its sensor is frozen."""

    @property
    def hypothesis(self) -> int:
        """Index of the hypothesis in use; 0 for a model of one hypothesis."""
        return 0

    @property
    def changes(self) -> int:
        """Number of changes of the hypothesis in use since the reset."""
        return 0

    @property
    def sign(self) -> float:
        """Sign of the learned effect of a command; parameters of the other sign are refuted."""
        return 1.0

    @property
    @abstractmethod
    def normalised_innovation(self) -> float:
        """Squared prediction error of the last trusted measurement over its variance (NIS)."""

    @property
    @abstractmethod
    def readouts(self) -> dict[str, float]:
        """Named values of the last tick."""

    def adapting_program(self, inner: Program, wiring: Wiring) -> Program:
        """Return a controller on this model as plain data, for exports.

        Args:
            inner: controller, networks and sums.
            wiring: its place around the model.

        Raises:
            ParameterError: model, controller or settings cannot be exported.
        """
        raise ParameterError(
            f"the forward model {self.name!r} cannot be exported: it has no adapting_program"
        )

    @abstractmethod
    def document(self) -> dict[str, Any]:
        """Return the settings as JSON values, for `from_settings`."""

    @classmethod
    @abstractmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> ForwardModel:
        """Build the model from the result of `document`.

        Raises:
            ParameterError: an unknown setting, or one out of range.
        """
