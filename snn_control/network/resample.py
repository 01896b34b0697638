"""Conversion of a network to another control period.

If the new period is a whole number of network ticks, only `sub_ticks` changes: the dynamics stay
the same and the input is held for a longer or shorter time. Otherwise the tick changes from dt to
dt' = r dt, and

    time constants     stay the same in s; decays become exp(-dt' / tau)
    delays             stay the same in s; they must be whole numbers of new ticks, at least 1
    levels             (inputs, outputs without spikes, spikes of neurons that fire in every tick
                       while their drive is high) act once a tick, so their weights and the bias
                       scale by F = (1 - d') / (1 - d) for each filter of gain 1 on their path:
                       r for a perfect integrator, 1 for a normalised or memoryless filter
    events             (spikes of neurons with a membrane) last one tick of any length, so their
                       weights scale by F / r: 1 into a perfect integrator
    adaptation traces  keep their increment per spike; `adaptation` scales by F / r, `limit` by
                       r / F

Preserved exactly: the steady state of every filter for a constant input and for a constant rate of
events, the slope of integrators, and the rate of integrate-and-fire neurons with soft reset below
one spike a tick. Preserved to one tick: spike times, and thus the rate of leaky neurons. Not
preserved: transients shorter than a tick, the neuron's spikes in an adaptation trace that also has
incoming connections, and the lag T / (exp(T / tau) - 1) of a filter, which approaches tau only for
short periods T. A derivative computed as a value minus its trace changes with that lag; changes of
more than `max_lag_change` of tau are refused. Loops of leaky integrators are refused as well,
because their time constant depends on their weights and on the tick.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ControlPeriodError, ParameterError
from snn_control.network.network import INPUT, Connection, Network, Population
from snn_control.network.neurons import IWTA, LIF, Graded, IntegrateAndFire, LeakyIntegrator
from snn_control.network.recurrence import looped_populations
from snn_control.network.shared import Shared, expand

__all__ = ["MAX_LAG_CHANGE", "resample", "resampling_remedy"]

FloatArray = npt.NDArray[np.float64]

MAX_LAG_CHANGE = 0.1
"""Default of `resample`."""


def resample(
    network: Network, control_period_s: float, *, max_lag_change: float = MAX_LAG_CHANGE
) -> Network:
    """Return the network for another control period; see the module docstring for the rules.

    Args:
        network: network to resample; it is not changed.
        control_period_s: new control period in s.
        max_lag_change: largest accepted change of a filter's lag, as a fraction of its time
            constant; 1 accepts any change and loops of leaky integrators.

    Raises:
        ParameterError: the period is not positive and finite, or `max_lag_change` not in [0, 1].
        ControlPeriodError: the period would change the behaviour of the network; the message names
            the population or connection.
    """
    if not (np.isfinite(control_period_s) and control_period_s > 0):
        raise ParameterError(f"control_period_s: {control_period_s} is not positive and finite")
    if not 0.0 <= max_lag_change <= 1.0:
        raise ParameterError(f"max_lag_change is {max_lag_change}; expected 0 to 1")
    ratio = control_period_s / network.dt_s
    sub_ticks = max(1, round(ratio))
    if abs(ratio - sub_ticks) < 1e-9 * sub_ticks:
        ratio = sub_ticks
    r = ratio / sub_ticks
    if math.isclose(control_period_s, network.control_period_s, rel_tol=1e-9):
        return network
    _check_lags(network, control_period_s, max_lag_change)
    if max_lag_change < 1.0:
        _check_loops(network)
    _check_held_inputs(network, control_period_s)
    if r == 1.0:
        return dataclasses.replace(network, control_period_s=control_period_s, sub_ticks=sub_ticks)
    events = {p.name: _fires_events(p) for p in network.populations}
    events[INPUT] = np.zeros(len(network.inputs), bool)
    _check_memoryless(network, events)
    return dataclasses.replace(
        network,
        control_period_s=control_period_s,
        sub_ticks=sub_ticks,
        populations=tuple(_population(network, p, r) for p in network.populations),
        connections=tuple(_connection(network, c, r, events) for c in network.connections),
    )


def resampling_remedy(networks: Sequence[Network], control_period_s: float) -> str:
    """Return the end of an error message: how networks can be used at a control period, if so.

    Empty without networks.
    """
    problem = ""
    if not networks:
        return problem
    for changed, options in (
        (MAX_LAG_CHANGE, ""),
        (1.0, ", max_lag_change=1, which changes its transients, and evaluate it"),
    ):
        try:
            for network in networks:
                resample(network, control_period_s, max_lag_change=changed)
        except ControlPeriodError as exc:
            problem = f"; it cannot be resampled: {exc}"
        else:
            return f", or load it with resample=True{options}"
    return problem


def _population(network: Network, p: Population, r: float) -> Population:
    params, changed = p.params, {}
    if "bias" in {f.name for f in params.numeric_fields()}:
        changed["bias"] = _scaled(params.bias, _drive_factor(network, p, r))  # type: ignore[attr-defined]
    if isinstance(params, IWTA):
        scale = _trace_factor(network, p, r) / r
        changed["adaptation"] = _scaled(params.adaptation, scale)
        changed["partner_adaptation"] = _scaled(params.partner_adaptation, scale)
        changed["limit"] = _scaled(params.limit, 1.0 / scale)
    return dataclasses.replace(p, params=dataclasses.replace(params, **changed))


def _connection(
    network: Network, c: Connection, r: float, events: dict[str, npt.NDArray[np.bool_]]
) -> Connection:
    delay = c.delay_ticks / r
    if abs(delay - round(delay)) > 1e-6 or (c.delay_ticks and round(delay) < 1):
        raise ControlPeriodError(
            f"{network.name}: {c.label}: a delay of {c.delay_ticks} ticks is {delay:.4g} ticks at "
            f"the new period, expected a whole number; choose another period or design a "
            "network for this one"
        )
    target = network.population(c.target)
    adapts = c.port == "adaptation"
    scale_in = np.full(target.size, r) if adapts else _drive_factor(network, target, r)
    event = events[c.source]
    match c.kind:
        case "dense":
            event, scale_in = event[:, None], scale_in[None, :]
        case "block2":
            event, scale_in = event.reshape(-1, 2, 1), scale_in.reshape(-1, 1, 2)
        case "sparse":
            pre, post = c.synapses
            event, scale_in = event[pre], scale_in[post]
    factor = np.where(event, scale_in / r, scale_in)
    return dataclasses.replace(c, weights=_scaled(c.weights, factor), delay_ticks=round(delay))


def _drive_factor(network: Network, p: Population, r: float) -> FloatArray:
    """Return the scale of a level that keeps each neuron's steady state, shape (size,)."""
    match p.params:
        case IntegrateAndFire():
            return np.full(p.size, r)
        case LIF() | IWTA() | LeakyIntegrator():
            factor = _filter_factor(p.params.expanded("tau_syn_s", p.size), network.dt_s, r)
            if p.params.normalised:
                return factor
            return factor * _filter_factor(p.params.expanded("tau_mem_s", p.size), network.dt_s, r)
    return np.ones(p.size)


def _trace_factor(network: Network, p: Population, r: float) -> FloatArray:
    """Return the scale of an adaptation trace, leaking twice a tick with both kinds of input."""
    ported = any(c.target == p.name and c.port == "adaptation" for c in network.connections)
    leaks = int(p.params.own_spikes) + int(ported)  # type: ignore[attr-defined]
    tau = p.params.expanded("tau_adaptation_s", p.size)
    return _filter_factor(tau / max(leaks, 1), network.dt_s, r)


def _filter_factor(tau_s: FloatArray, dt_s: float, r: float) -> FloatArray:
    """Return (1 - d') / (1 - d); 1 for a time constant of 0, r for an infinite one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.expm1(-r * dt_s / tau_s) / np.expm1(-dt_s / tau_s)
    return np.where(np.isinf(tau_s), r, factor)


def _fires_events(p: Population) -> npt.NDArray[np.bool_]:
    """Return True for neurons whose spikes are events, at a rate independent of the tick."""
    match p.params:
        case IntegrateAndFire():
            return np.ones(p.size, bool)
        case LIF():
            return p.params.expanded("tau_mem_s", p.size) > 0
        case IWTA():
            adapts = sum(
                np.abs(p.params.expanded(name, p.size))
                for name in ("adaptation", "partner_adaptation")
            )
            own = p.params.own_spikes & (adapts > 0)
            return (p.params.expanded("tau_mem_s", p.size) > 0) | own
    return np.zeros(p.size, bool)


def _check_memoryless(network: Network, events: dict[str, npt.NDArray[np.bool_]]) -> None:
    """Refuse events into neurons that compare or clip within the tick: no scale fits them."""
    for c in network.connections:
        target = network.population(c.target)
        match target.params:
            case Graded():
                memoryless = np.ones(target.size, bool)
            case LIF() | IWTA():
                taus = [target.params.expanded(n, target.size) for n in ("tau_syn_s", "tau_mem_s")]
                memoryless = (taus[0] == 0) & (taus[1] == 0)
            case _:
                continue
        if c.port == "current" and events[c.source].any() and memoryless.any():
            raise ControlPeriodError(
                f"{network.name}: {c.label}: spikes of one tick drive neurons without memory "
                f"({target.params.model} with time constants of 0), whose response depends on the "
                "tick length; design a network for the new period"
            )


def _check_lags(network: Network, control_period_s: float, max_change: float) -> None:
    """Refuse a change of lag above `max_change`; the message names the largest one."""
    largest, message = 0.0, ""
    for p in network.populations:
        for name in p.params.time_constants():
            tau = p.params.expanded(name, p.size)
            for tau_s in np.unique(tau[(tau > 0) & np.isfinite(tau)]).tolist():
                old, new = (_lag(tau_s, t) for t in (network.control_period_s, control_period_s))
                change = abs(new - old) / tau_s
                if change > max(largest, max_change):
                    largest = change
                    message = (
                        f"{network.name}: {p.name}.{name}: {tau_s:g} s is too short for periods of "
                        f"{network.control_period_s:g} and {control_period_s:g} s: the lag would "
                        f"change from {old:.3g} to {new:.3g} s; design a network for the new "
                        f"period, or accept it with max_lag_change={min(change + 0.005, 1.0):.2f}"
                    )
    if message:
        raise ControlPeriodError(message)


def _check_loops(network: Network) -> None:
    loops = sorted(looped_populations(network))
    if loops:
        raise ControlPeriodError(
            f"{network.name}: {', '.join(loops)}: the time constant of a loop of leaky integrators "
            "depends on the tick; design a network for the new period, or accept another "
            "transient with max_lag_change=1"
        )


def _lag(tau_s: float, period_s: float) -> float:
    """Return the mean delay in s of a leaky filter that is updated once a period."""
    return period_s / float(np.expm1(min(period_s / tau_s, 700.0)))


def _check_held_inputs(network: Network, control_period_s: float) -> None:
    for c in network.connections:
        delay_s = c.delay_ticks * network.dt_s
        visible = delay_s >= network.control_period_s * (1 - 1e-9)
        if c.source == INPUT and visible and delay_s < control_period_s * (1 - 1e-9):
            raise ControlPeriodError(
                f"{network.name}: {c.label}: a delay of {delay_s:g} s is shorter than the new "
                f"period of {control_period_s:g} s, so the delayed input would equal the "
                "current one; design a network for the new period"
            )


def _scaled(value: Any, factor: FloatArray) -> Any:
    """Multiply a parameter by `factor`; values stay shared if all their entries have one factor."""
    if np.all(factor == 1.0):
        return value
    if not isinstance(value, Shared):
        plain = expand(value)
        if plain.ndim == 0 and np.all(factor == factor.flat[0]):
            return float(plain) * float(factor.flat[0])
        return plain * factor
    by_value = np.ones(value.values.size)
    by_value[value.index] = factor
    if np.array_equal(by_value[value.index], factor):
        return Shared(value.values * by_value, value.index, value.sign)
    return value.expand() * factor
