"""Controller on a forward model that learns in operation, as a wrapper of any controller.

At each tick the forward model advances with the command that was really sent, learns from a fresh
and trusted measurement, and predicts the observations at the time at which the next command takes
effect. The wrapped controller acts on the prediction, and the model turns its output into a command
of the vehicle as it now is. Switched off from the start, the wrapper returns the output of the
wrapped controller on the measured observations, bit for bit; switched off in flight, it adds the
difference to the last command, so that the command does not jump.

Learning rests while it is frozen by its order, while the measurement is not trusted or the sensor
frozen, in the dead zone, and without a need if essential variables are named. When trust is lost or
the predictions diverge, the parameters return to those of `rollback_s` before within the tick,
unless they are frozen; a change of the sign of the actuator is not undone.
Each change that is not gradual is a `Version` with its reason; observations and orders of a flight
replay all of them bit for bit.
"""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.adapting_config import (
    COMPUTED,
    MOST_VERSIONS,
    ORDERS,
    SATURATION_TAU_S,
    AdaptingConfig,
    Orders,
    Version,
)
from snn_control.controllers.adapting_document import adapting_parts, parameters_in, snapshot_of
from snn_control.controllers.controller import Controller
from snn_control.controllers.document import ControllerDocument
from snn_control.controllers.files import file_kind
from snn_control.controllers.forward_model import ForwardModel, Wiring
from snn_control.controllers.parameter_history import ParameterHistory
from snn_control.engines.default import default_engine
from snn_control.errors import ParameterError
from snn_control.network import Network
from snn_control.network.program import Program
from snn_control.plasticity.need import Needs
from snn_control.plasticity.prediction_monitor import PredictionMonitor

__all__ = ["Adapting"]

FloatArray = npt.NDArray[np.float64]


class Adapting(Controller):
    """Wrapper of a controller with a forward model that learns in operation.

    Args:
        inner: controller; its observations are those of the vehicle or predicted by the model.
        model: forward model of the vehicle.
        config: limits of the adaptation.

    Raises:
        ParameterError: the controller has other actions, or lacks the read-out of `config`.
    """

    order_names, whole_in_c = ORDERS, False

    def __init__(
        self, inner: Controller, model: ForwardModel, config: AdaptingConfig | None = None
    ) -> None:
        self.inner, self.model, self.config = inner, model, config or AdaptingConfig()
        if tuple(inner.action_names) != (model.action_name,):
            raise ParameterError(
                f"a forward model of {model.name!r} commands {model.action_name!r}, the controller "
                f"has the actions {tuple(inner.action_names)}"
            )
        readout = self.config.readout
        if readout and readout not in inner.readouts:
            raise ParameterError(
                f"readout is {readout!r}; the controller has {', '.join(inner.readouts)}"
            )
        self.needs = Needs(self.config.needs)
        needed = [v.name for v in self.needs.variables if v.name not in COMPUTED]
        measured = [n for n in inner.observation_names if n not in model.unobserved_names]
        names = dict.fromkeys((*measured, *model.observation_names, "dt_s", *needed))
        self.observation_names = tuple(names)
        self.action_names = inner.action_names
        self.control_period_s = inner.control_period_s
        self.networks = inner.networks
        self.may_switch_off = len(measured) == len(inner.observation_names)
        """False if the controller has observations that only the model provides."""
        place = {name: k for k, name in enumerate(self.observation_names)}
        predicted = {name: len(place) + k for k, name in enumerate(model.predicted_names)}
        self._measured = [place.get(name, -1) for name in inner.observation_names]
        self._inputs = [{**place, **predicted}[name] for name in inner.observation_names]
        self._model_inputs = [place[name] for name in model.observation_names]
        self._dt_at = place["dt_s"]
        self._needed = [(name, place[name]) for name in needed]
        self._orders = Orders()
        self.start: tuple[float, ...] | None = None
        """Parameters at the start, learned earlier; None: those of the nominal vehicle."""
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Reset controller and model; orders stay."""
        self.inner.reset(seed)
        self._restart_model()
        self.needs.reset()
        self._time_s = self._offset = self._saturation = 0.0
        self._command: float | None = None
        self._on, self._trusted, self._learns = True, True, 0.0
        self.reason = ""
        """Reason why learning rests, or empty."""
        self._predictions = PredictionMonitor(*self.config.prediction_limits)
        self._obeyed: Orders | None = None
        self._history = ParameterHistory(self.config.rollback_s)
        self.versions: deque[Version] = deque(maxlen=MOST_VERSIONS)
        """Versions of the parameters since the reset, the last `MOST_VERSIONS`."""
        self.n_versions = 0
        self.saved = self.model.parameters
        """Parameters of the last request to save; at first those of the start."""
        self._log("start")

    # Orders.

    @property
    def adaptation(self) -> dict[str, str | float]:
        """State of the adaptation for the operator: rest of learning, last version, parameters."""
        version = self.versions[-1]
        return {
            "learning": self.reason or "yes",
            "model": f"not used: {self.diverged}" if self.diverged else "used",
            "version": version.number,
            "reason": version.reason,
            "need": self.needs.cause or "none",
            **self.model.readouts,
        }

    @property
    def diverged(self) -> str:
        """Reason not to use the model, or empty."""
        return self._predictions.diverged

    @property
    def adapts(self) -> bool:
        """Return True: the adaptation can be frozen."""
        return True

    def take_orders(self, orders: Sequence[float]) -> None:
        """Set the entries of `ORDERS` for the following steps.

        Raises:
            ParameterError: another number of orders.
        """
        if len(orders) != len(ORDERS):
            raise ParameterError(f"{len(orders)} orders; expected {ORDERS}")
        self._orders = Orders(*map(float, orders))

    # Steps.

    def _step(self, observation: FloatArray) -> FloatArray:
        values = observation.tolist()
        dt_s = max(values[self._dt_at], 0.0)
        self._time_s += dt_s
        self._obey()
        usable = self._follow(values, dt_s)
        switched_off = self.may_switch_off and (self.diverged or not self._orders.adapting > 0.0)
        if usable and not switched_off:
            values += self.model.predicted
            output = self.inner.step(np.array([values[k] for k in self._inputs]))
            readout = self.config.readout
            acted = self.inner.readouts[readout] if readout else output.item()
            command, self._on = self.model.command(acted), True
        elif self.may_switch_off:
            output = self.inner.step(np.array([values[k] for k in self._measured]))
            command = self._without_prediction(output.item())
        else:
            command = 0.0 if self._command is None else self._command
        self._command = command
        if self.needs.variables:
            full = abs(command) >= self.model.command_limit
            kept = math.exp(-dt_s / SATURATION_TAU_S)
            self._saturation = kept * self._saturation + (1.0 - kept) * full
        return np.array([command])

    def _without_prediction(self, output: float) -> float:
        """Return the command for an output of the controller alone, without a jump at its start."""
        if self._on:
            kept = output if self._command is None or self.diverged else self._command
            self._offset = kept - output
            self._on = False
        return output + self._offset if self._offset else output

    def _obey(self) -> None:
        """Carry out new requests to save and to roll back."""
        orders, obeyed = self._orders, self._obeyed or self._orders
        if orders.saves != obeyed.saves:
            self.saved = self.model.parameters
            self._log("saved")
        if orders.rollbacks != obeyed.rollbacks:
            self._continue_with(self.saved, "rolled back on request")
        self._obeyed = orders

    def _follow(self, values: list[float], dt_s: float) -> bool:
        """Advance the model to the tick; return False if it failed."""
        orders, model = self._orders, self.model
        trusted = None if math.isnan(orders.trusted) else orders.trusted > 0.0
        if trusted is False and self._trusted:
            self._roll_back("sensor not trusted")
        elif trusted and not self._trusted:
            self._log("sensor trusted")
        self._trusted = trusted is not False
        if not orders.fresh:
            trusted = False
        need = self._need(values, dt_s) if self.needs.variables else 1.0
        self.reason = self._objection(need)
        self._learns = 0.0 if self.reason else need
        sent = orders.sent_command
        if math.isnan(sent):
            sent = 0.0 if self._command is None else self._command  # -0.0 turns the servo
        was_lost, changes, sign = model.lost, model.changes, model.sign
        model.tick([values[k] for k in self._model_inputs], sent, trusted, self._learns)
        if not all(map(math.isfinite, model.predicted)):
            self._fail("prediction is not finite")
            return False
        if model.lost:
            self.reason, self._learns = self.reason or "sensor frozen", 0.0
        if model.lost != was_lost:
            self._log("sensor frozen" if model.lost else "sensor moves again")
        elif model.changes != changes:
            self._predictions.change_hypothesis()
            self._log(f"hypothesis {model.hypothesis} used")
        if model.sign != sign and not self.diverged:
            self._history.restart(self._time_s, model.parameters)
        self._judge(dt_s)
        self._remember()
        return True

    def _need(self, values: list[float], dt_s: float) -> float:
        """Return the largest need of the essential variables."""
        measured = {name: values[at] for name, at in self._needed}
        measured["saturation_share"] = self._saturation
        measured["spikes_per_s"] = float(self.inner.spikes.sum()) / self.control_period_s
        return self.needs.update(measured, dt_s)

    def _objection(self, need: float) -> str:
        """Return the reason to keep the parameters in this tick, or an empty string."""
        orders, zone = self._orders, self.config.dead_zone_sigma
        if orders.frozen > 0.0:
            return "frozen"
        if self.may_switch_off and not orders.adapting > 0.0:
            return "switched off"
        if not self._trusted:
            return "sensor not trusted"
        if not orders.fresh:
            return "no measurement"
        if self._predictions.rests:
            return "diverged"
        if zone and self.model.normalised_innovation < zone * zone:
            return "dead zone"
        return "" if need else "no need"

    def _judge(self, dt_s: float) -> None:
        """Detect a divergence of the predictions, and its end."""
        if not (self._trusted and self._orders.fresh) or self.model.lost:
            return
        event = self._predictions.update(self.model.normalised_innovation, dt_s)
        if event and self.diverged:
            self._roll_back(event)
        elif event:
            self._history.restart(self._time_s, self.model.parameters)
            self._log(event)
        elif self.reason == "diverged" and (event := self._predictions.wait(dt_s)):
            self._log(event)

    def _fail(self, reason: str) -> None:
        """Start the model again with parameters from before a failure."""
        self._predictions.fail(reason)
        self.reason, self._learns = "diverged", 0.0
        self._restart_model()
        self._roll_back(reason)

    def _restart_model(self) -> None:
        """Reset the model to the parameters of the start."""
        self.model.reset()
        if self.start is not None:
            self.model.restore(self.start)

    def _roll_back(self, reason: str) -> None:
        """Return to the parameters of `rollback_s` ago, unless frozen."""
        parameters = self._history.before(self._time_s, self.model.parameters)
        frozen = self._orders.frozen > 0.0 and all(map(math.isfinite, self.model.parameters))
        if frozen or not all(map(math.isfinite, parameters)):
            self._log(reason)
        else:
            self._continue_with(parameters, reason)

    def _continue_with(self, parameters: tuple[float, ...], reason: str) -> None:
        """Continue with parameters, to which alone a rollback may return from now on."""
        self.model.restore(parameters)
        self._history.restart(self._time_s, parameters)
        self._log(reason)

    def _remember(self) -> None:
        """Keep the parameters of the last `rollback_s`, and log them at times."""
        if not self.diverged and self._history.due(self._time_s):
            self._history.add(self._time_s, self.model.parameters)
        if self._time_s - self.versions[-1].time_s >= self.config.version_s:
            self._log("learned")

    def _log(self, reason: str) -> None:
        self.n_versions += 1
        self.versions.append(Version(self.n_versions, self._time_s, reason, self.model.parameters))

    # Read-outs and files.

    @property
    def readouts(self) -> dict[str, float]:
        """Read-outs of controller and model in the last tick, and the state of the adaptation."""
        return {
            **self.inner.readouts,
            **self.model.readouts,
            "learning": self._learns,
            "prediction_used": float(self._on),
            "version": float(self.n_versions),
        }

    @property
    def spikes(self) -> FloatArray:
        """Spikes of the wrapped controller in the last tick, shape (n_spiking,)."""
        return np.array(self.inner.spikes)

    def synaptic_operations(self, spike_counts: npt.ArrayLike, n_ticks: int) -> float | None:
        """Return the operations of the wrapped controller; those of the model do not count."""
        return self.inner.synaptic_operations(spike_counts, n_ticks)

    def snapshot(self) -> dict[str, Any]:
        """Return the learned parameters as JSON values, for `restore`."""
        return snapshot_of(self.inner, self.model)

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Continue with the parameters of a snapshot.

        Raises:
            ParameterError: one of another controller or model, incomplete, or out of bounds.
        """
        self._continue_with(parameters_in(snapshot, self.inner, self.model), "snapshot")
        self.saved = self.model.parameters

    def begin_with(self, parameters: Sequence[float]) -> None:
        """Start each episode with parameters that were learned earlier, and reset.

        Raises:
            ParameterError: see `ForwardModel.restore`.
        """
        self.model.restore(parameters)
        self.start = tuple(map(float, parameters))
        self.reset()

    def to_document(self) -> ControllerDocument:
        """Return the networks, and the settings of controller, model and adaptation."""
        inner = self.inner.to_document()
        settings: dict[str, Any] = {
            "inner": file_kind(self.inner.filed_as),
            "inner_settings": dict(inner.settings),
            "forward_model": self.model.name,
            "model": self.model.document(),
            "adaptation": dataclasses.asdict(self.config),
        }
        if self.start is not None:
            settings["start"] = list(self.start)
        return ControllerDocument(inner.networks, settings)

    def to_program(self) -> Program:
        """Return networks, model and adaptation, see `ForwardModel.adapting_program`."""
        observed = self.observation_names, tuple(self._inputs), tuple(self._measured)
        wiring = Wiring(*observed, self.start, self.config)
        return self.model.adapting_program(self.inner.to_program(), wiring)

    @classmethod
    def from_document(  # type: ignore[override]  # names the options that it takes
        cls, document: ControllerDocument, *, engine: Callable[[Network], Any] = default_engine
    ) -> Adapting:
        """Build the controller from a file.

        Args:
            document: networks and settings.
            engine: function that makes the engines of the networks; default: compiled.

        Raises:
            ParameterError: unknown kinds or wrong settings.
        """
        kind, inner, model, config = adapting_parts(document)
        adapting = cls(kind.from_document(inner, engine=engine), model, config)
        if "start" in document.settings:
            adapting.begin_with(document.settings["start"])
        return adapting
