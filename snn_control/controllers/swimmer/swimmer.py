"""Swimmer controller: a circuit on joint angles, with a clock and commands for speed and turn."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.controllers.document import ControllerDocument
from snn_control.controllers.swimmer.circuit import (
    CLOCK,
    COMMANDS,
    muscles_spike,
    unit_strengths,
)
from snn_control.controllers.swimmer.homeostasis import (
    BOUNDS_SIZE,
    CLOCK_SIZE,
    FROZEN,
    PERIOD,
    Homeostasis,
)
from snn_control.controllers.swimmer.kernels import act, perceive
from snn_control.controllers.swimmer.plan import SwimmerPlan, plan_of
from snn_control.controllers.swimmer.shell import swimmer_program
from snn_control.controllers.swimmer.trials import (
    SPEED_SENSOR,
    SwimmerTrials,
    reward_of,
    set_slow,
    window_ends,
)
from snn_control.engines.default import default_engine
from snn_control.errors import ParameterError
from snn_control.network import Network
from snn_control.network.program import Program
from snn_control.plasticity.trials import Trials

__all__ = ["Swimmer", "bounds_of", "check_swimmer_network", "command_inputs"]

FloatArray = npt.NDArray[np.float64]


class Swimmer(Controller):
    """Swimmer controller: efforts of a `swimmer_circuit` on joint angles.

    Args:
        network: network of the circuit. Inputs are the joint angles, `CLOCK` unless it has a
            half-centre, and `COMMANDS`; read-outs are the dorsal, then the ventral muscles. Spiking
            muscles must be its last spiking cells.
        period_ticks: period of the clock's square wave, control periods; 60 as published.
        posture_start: True to start the clock with the half that swings the head against the bend
            of the whole body in the first measurement; False: with the dorsal half, as published.
        homeostasis: adaptation to the activity of the undamaged body; None: none.
        trials: adaptation to the speed of the head, which is then the last observation,
            `link_0_vy_m_s`: NaN while it is not measured. None: none.
        engine: function that makes the engine of the network; default: compiled.

    Raises:
        ParameterError: a network of other inputs, a period below 2, setpoints of another body, or
            two adaptations.
    """

    order_names = ("speed", "turn", "frozen")

    def __init__(
        self,
        network: Network,
        period_ticks: int = 60,
        posture_start: bool = False,
        homeostasis: Homeostasis | None = None,
        engine: Callable[[Network], Any] = default_engine,
        trials: SwimmerTrials | None = None,
    ) -> None:
        n = check_swimmer_network(network)
        if period_ticks < 2:
            raise ParameterError(f"period_ticks is {period_ticks}; expected at least 2")
        if homeostasis and trials:
            raise ParameterError(
                "homeostasis and trials both change period and gains; choose one of them"
            )
        if homeostasis:
            homeostasis.check_joints(n)
        self._set_points = homeostasis.set_points if homeostasis else np.zeros(n - 1)
        self._bounds = bounds_of(homeostasis, network)
        self._frozen_bounds = self._bounds * FROZEN
        self.networks, self.homeostasis, self.trials = (network,), homeostasis, trials
        self.period_ticks, self.posture_start = period_ticks, posture_start
        self.optional_names = (SPEED_SENSOR,) if trials else ()
        self.observation_names = (*network.inputs[:n], *self.optional_names)
        self.action_names = tuple(f"joint_{k}_effort" for k in range(n))
        self.control_period_s = network.control_period_s
        self._n, self.clocked = n, CLOCK[0] in network.inputs
        self._ticks = network.sub_ticks if muscles_spike(network) else 0
        self._engine = engine(network)
        self._inputs = np.zeros(len(network.inputs))
        self.search = trials.search(self.clocked, self.control_period_s) if trials else None
        """State of the trials with the log of their changes; None without trials."""
        self.frozen = False
        """True if the adaptation is frozen; set by `command`, unchanged by `reset`."""
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Reset network, clock and gains to the state before the first tick; command full speed.

        A frozen adaptation stays frozen.
        """
        self._engine.reset()
        self._clock = np.zeros(CLOCK_SIZE)
        self._muscles = np.zeros(2 * self._n)
        self.gains = np.ones(self._n)
        if self.search:
            self.search.reset()
        self.command(1.0, 0.0)

    @property
    def adapts(self) -> bool:
        """Return True if the controller has an adaptation that can be frozen."""
        return self.homeostasis is not None or self.trials is not None

    def command(self, speed: float, turn: float, frozen: bool | None = None) -> None:
        """Set speed and turn until the next reset, and freeze or release the adaptation.

        Args:
            speed: speed of the head, 0 (rest) to 1 (full); clipped.
            turn: turn of the head, -1 (left) to 1 (right); clipped.
            frozen: True to keep gains and period constant, False to adapt; None: unchanged. A
                running trial is rolled back before.

        Raises:
            ParameterError: not finite; the previous command stays.
        """
        self._inputs[-3:] = command_inputs(speed, turn)
        if frozen is not None:
            self.frozen = bool(frozen)

    def take_orders(self, orders: Sequence[float]) -> None:
        """Set speed, turn and the freezing of the adaptation, see `command`."""
        if len(orders) != len(self.order_names):
            raise ParameterError(f"{len(orders)} orders; expected {self.order_names}")
        speed, turn, frozen = orders
        self.command(speed, turn, bool(frozen))

    def _step(self, observation: FloatArray) -> FloatArray:
        perceive(
            self._inputs, observation[: self._n], self.gains, self._clock, self.clocked,
            self.period_ticks, self.posture_start,
        )  # fmt: skip
        outputs = self._engine.step(self._inputs)
        if self._ticks:
            outputs = self._engine.spikes
        effort = np.empty(self._n)
        act(
            outputs, self._ticks, self._muscles, effort, self.gains, self._clock,
            self._set_points, self._frozen_bounds if self.frozen else self._bounds,
            self.period_ticks,
        )  # fmt: skip
        if self.search:
            self._try(self.search, float(observation[self._n]))
        return effort

    def _try(self, search: Trials, velocity_m_s: float) -> None:
        """Advance the trials; they rest while frozen and for commands other than full ahead."""
        reward = math.nan if self.frozen else reward_of(velocity_m_s, self._inputs[-3:])
        missing = "frozen" if self.frozen else "no speed, or not full ahead"
        if search.advance(reward, window_ends(self._clock), missing):
            set_slow(self._clock, self.gains, *search.values, self.period_ticks)

    def to_document(self) -> ControllerDocument:
        """Return the network and the settings of the constructor."""
        settings: dict[str, Any] = {
            "period_ticks": self.period_ticks,
            "posture_start": self.posture_start,
        }
        if self.homeostasis:
            settings["homeostasis"] = self.homeostasis.document()
        if self.trials:
            settings["trials"] = self.trials.document()
        return ControllerDocument(self.networks, settings)

    def to_program(self) -> Program:
        """Return the network and the kernels around it.

        Raises:
            ParameterError: with trials, or a clock that follows the wave.
        """
        if self.trials:
            raise ParameterError("trials of slow parameters cannot be exported: load without them")
        return swimmer_program(
            self.networks[0], self._ticks, self.clocked, self.period_ticks, self.posture_start,
            self._set_points, self._bounds,
        )  # fmt: skip

    @classmethod
    def from_document(  # type: ignore[override]  # names the options that it takes
        cls,
        document: ControllerDocument,
        *,
        untrained: bool = False,
        n_links: int | None = None,
        period_ticks: int | None = None,
        posture_start: bool | None = None,
        homeostasis: Homeostasis | None = None,
        engine: Callable[[Network], Any] = default_engine,
        trials: SwimmerTrials | None = None,
    ) -> Swimmer:
        """Build the controller from a file.

        Args:
            document: one network and the settings.
            untrained: True for unit strengths, a clock of 60 control periods that starts with the
                dorsal half, and no adaptation, as published, in place of the values of the file.
            n_links: links of the body, by the rule of `SwimmerPlan.on`; None: that of the file.
            period_ticks: replaces the value of the file, see `Swimmer`.
            posture_start: replaces the value of the file.
            homeostasis: replaces the adaptation of the file, which applies to its body only.
            engine: see `Swimmer`.
            trials: replaces the adaptation of the file, too.

        Raises:
            ParameterError: another number of networks, wrong settings, an invalid number of links,
                or a network that fits one body only.
        """
        if len(document.networks) != 1:
            raise ParameterError(f"{len(document.networks)} networks; expected one")
        network = document.networks[0]
        settings = {} if untrained else _checked(document.settings)
        if untrained:
            network = unit_strengths(network)
        ticks, start = settings.get("period_ticks", 60), settings.get("posture_start", False)
        kept, trying = settings.get("homeostasis"), settings.get("trials")
        if n_links is not None:
            plan = plan_of(network, ticks, start).on(n_links)
            network, ticks, kept, trying = plan.network(), plan.period_ticks, None, None
        if homeostasis or trials:
            kept, trying = homeostasis, trials
        return cls(
            network,
            ticks if period_ticks is None else period_ticks,
            start if posture_start is None else posture_start,
            kept,
            engine,
            trying,
        )

    @classmethod
    def planned(
        cls,
        plan: SwimmerPlan,
        homeostasis: Homeostasis | None = None,
        engine: Callable[[Network], Any] = default_engine,
        trials: SwimmerTrials | None = None,
    ) -> Swimmer:
        """Build the controller from a plan."""
        start = plan.period_ticks, plan.posture_start
        return cls(plan.network(), *start, homeostasis, engine, trials)

    @property
    def plan(self) -> SwimmerPlan:
        """Plan of the circuit, without an adaptation, which depends on the body.

        Raises:
            ParameterError: the network is not one that a `SwimmerPlan` can build.
        """
        return plan_of(self.networks[0], self.period_ticks, self.posture_start)

    @property
    def spikes(self) -> FloatArray:
        """Spikes of every spiking cell in the last tick, shape (n_spiking,)."""
        spikes: FloatArray = self._engine.spikes.copy()
        return spikes

    @property
    def readouts(self) -> dict[str, float]:
        """Activity of each muscle in the last tick, 0 to 1, and the number of `spikes`.

        With trials also `period_s`, `receptor_gain`, `trial`, 1 while one is running, and `change`,
        the number of the last change in `search`.
        """
        names = (readout.name for readout in self.networks[0].readouts)
        values = dict(zip(names, self._muscles.tolist(), strict=True))
        values["spikes"] = float(self.spikes.sum())
        if self.search:
            values["period_s"] = float(self._clock[PERIOD]) * self.control_period_s
            values["receptor_gain"] = float(self.gains[0])
            values["trial"] = float(bool(self.search.on_trial))
            values["change"] = float(self.search.n_changes)
        return values


def _checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a file as arguments of `Swimmer`."""
    known = {
        "period_ticks": int,
        "posture_start": bool,
        "homeostasis": Mapping,
        "trials": Mapping,
    }
    for name, value in settings.items():
        kind = known.get(name)
        if kind is None or not isinstance(value, kind) or (kind is int and value is True):
            raise ParameterError(f"settings: {name!r} is {value!r}; expected {list(known)}")
    checked = dict(settings)
    if "homeostasis" in checked:
        checked["homeostasis"] = Homeostasis.read(checked["homeostasis"])
    if "trials" in checked:
        checked["trials"] = SwimmerTrials.read(checked["trials"])
    return checked


def command_inputs(speed: float, turn: float) -> tuple[float, float, float]:
    """Return the inputs `COMMANDS` of the network for a command, see `Swimmer.command`.

    Raises:
        ParameterError: not finite.
    """
    if not (np.isfinite(speed) and np.isfinite(turn)):
        raise ParameterError(f"command of speed {speed:g}, turn {turn:g}: expected numbers")
    turn = min(max(turn, -1.0), 1.0)
    return 1.0 - min(max(speed, 0.0), 1.0), max(turn, 0.0), max(-turn, 0.0)


def check_swimmer_network(network: Network) -> int:
    """Return the number of joints of a swimmer's network.

    Raises:
        ParameterError: the network has other inputs or read-outs.
    """
    n = len(network.readouts) // 2
    angles = tuple(f"joint_{k}_rad" for k in range(n))
    if network.inputs not in ((*angles, *COMMANDS), (*angles, *CLOCK, *COMMANDS)):
        raise ParameterError(
            f"network {network.name!r} takes {network.inputs}; expected joint angles, {CLOCK} "
            f"(optional) and {COMMANDS}, and two read-outs for each joint"
        )
    return n


def bounds_of(homeostasis: Homeostasis | None, network: Network) -> FloatArray:
    """Return `homeostasis.bounds` at the network's control period; zeros for None."""
    return homeostasis.bounds(network.control_period_s) if homeostasis else np.zeros(BOUNDS_SIZE)
