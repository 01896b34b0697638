"""A network at another control period than it was made for.

Where the new period is a whole number of the network's ticks, only `sub_ticks` changes: the network
stays the same in time and its input is held longer or shorter. Otherwise its tick changes from dt
to dt', r = dt' / dt, and

    time constants     stay, as they are in s; decays follow as exp(-dt' / tau)
    delays             stay in s; they must be whole ticks of the new length, at least one
    levels             (inputs, outputs without spikes, spikes of neurons that fire in every tick
                       while their drive is high) count once a tick, so their weights and the bias
                       scale by F = (1 - d') / (1 - d) of each filter with gain 1 on their way,
                       r for a perfect integrator, 1 where the filter is normalised or forgets
    events             (spikes of neurons with a membrane) last one tick however long it is, so
                       their weights scale by F / r: 1 into a perfect integrator
    adaptation traces  keep their quantum a spike; `adaptation` scales by F / r, `limit` by r / F

Exact: the steady state of every filter under a constant input and under a steady rate of events,
the slope of integrators, the rate of integrate-and-fire neurons with soft reset below one spike a
tick. To a tick: spike times, and so the rate of leaky neurons. Not kept: transients shorter than a
tick; own spikes in an adaptation trace that connections end at too; and the lag
T / (exp(T / tau) - 1) of a filter, which tends to tau for short periods T alone. A derivative made
of a value less its trace changes with that lag; more than `max_lag_change` of tau is refused. So
are loops of leaky integrators: their time constant lies in their weights and ticks.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ControlPeriodError, ParameterError
from snn_control.network.network import INPUT, Connection, Network, Population
from snn_control.network.neurons import IWTA, LIF, Graded, IntegrateAndFire, LeakyIntegrator
from snn_control.network.recurrence import looped_populations
from snn_control.network.shared import Shared, expand

__all__ = ["resample"]

FloatArray = npt.NDArray[np.float64]


def resample(network: Network, control_period_s: float, *, max_lag_change: float = 0.1) -> Network:
    """Return the network for another control period; see the module docstring for what is kept.

    Args:
        network: what to resample; it is not changed.
        control_period_s: the new period in s.
        max_lag_change: largest change of a filter's lag that is accepted, as a share of its time
            constant; infinite: any, and loops of leaky integrators too.

    Raises:
        ParameterError: the period is not positive and finite.
        ControlPeriodError: the network cannot be the same at that period; the message names the
            population or connection.
    """
    if not (np.isfinite(control_period_s) and control_period_s > 0):
        raise ParameterError(f"control_period_s: {control_period_s} is not positive and finite")
    ratio = control_period_s / network.dt_s
    sub_ticks = max(1, round(ratio))
    if abs(ratio - sub_ticks) < 1e-9 * sub_ticks:
        ratio = sub_ticks
    r = ratio / sub_ticks
    if math.isclose(control_period_s, network.control_period_s, rel_tol=1e-9):
        return network
    _check_lags(network, control_period_s, max_lag_change)
    if np.isfinite(max_lag_change):
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


def _population(network: Network, p: Population, r: float) -> Population:
    params, changed = p.params, {}
    if "bias" in {f.name for f in params.numeric_fields()}:
        changed["bias"] = _scaled(params.bias, _drive_factor(network, p, r))  # type: ignore[attr-defined]
    if isinstance(params, IWTA):
        share = _trace_factor(network, p, r) / r
        changed["adaptation"] = _scaled(params.adaptation, share)
        changed["partner_adaptation"] = _scaled(params.partner_adaptation, share)
        changed["limit"] = _scaled(params.limit, 1.0 / share)
    return dataclasses.replace(p, params=dataclasses.replace(params, **changed))


def _connection(
    network: Network, c: Connection, r: float, events: dict[str, npt.NDArray[np.bool_]]
) -> Connection:
    delay = c.delay_ticks / r
    if abs(delay - round(delay)) > 1e-6 or (c.delay_ticks and round(delay) < 1):
        raise ControlPeriodError(
            f"{network.name}: {c.label}: a delay of {c.delay_ticks} ticks is {delay:.4g} ticks at "
            f"the new period, expected a whole number; choose another period or make a network "
            "for this one"
        )
    target = network.population(c.target)
    adapts = c.port == "adaptation"
    into = np.full(target.size, r) if adapts else _drive_factor(network, target, r)
    event = events[c.source]
    match c.kind:
        case "dense":
            event, into = event[:, None], into[None, :]
        case "block2":
            event, into = event.reshape(-1, 2, 1), into.reshape(-1, 1, 2)
        case "sparse":
            pre, post = c.synapses
            event, into = event[pre], into[post]
    factor = np.where(event, into / r, into)
    return dataclasses.replace(c, weights=_scaled(c.weights, factor), delay_ticks=round(delay))


def _drive_factor(network: Network, p: Population, r: float) -> FloatArray:
    """By how much a level must change to leave the steady state of each neuron, shape (size,)."""
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
    """The factor of an adaptation trace, which leaks twice a tick with both kinds of input."""
    ported = any(c.target == p.name and c.port == "adaptation" for c in network.connections)
    leaks = int(p.params.own_spikes) + int(ported)  # type: ignore[attr-defined]
    tau = p.params.expanded("tau_adaptation_s", p.size)
    return _filter_factor(tau / max(leaks, 1), network.dt_s, r)


def _filter_factor(tau_s: FloatArray, dt_s: float, r: float) -> FloatArray:
    """(1 - d') / (1 - d); 1 for a time constant of 0, r for an infinite one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.expm1(-r * dt_s / tau_s) / np.expm1(-dt_s / tau_s)
    return np.where(np.isinf(tau_s), r, factor)


def _fires_events(p: Population) -> npt.NDArray[np.bool_]:
    """Whether a neuron's spikes are events: their number a second does not follow the tick."""
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
                forgets = np.ones(target.size, bool)
            case LIF() | IWTA():
                taus = [target.params.expanded(n, target.size) for n in ("tau_syn_s", "tau_mem_s")]
                forgets = (taus[0] == 0) & (taus[1] == 0)
            case _:
                continue
        if c.port == "current" and events[c.source].any() and forgets.any():
            raise ControlPeriodError(
                f"{network.name}: {c.label}: spikes that last one tick meet neurons without memory "
                f"({target.params.model} with time constants of 0), which would see them "
                "differently at another tick length; make a network for the new period"
            )


def _check_lags(network: Network, control_period_s: float, max_change: float) -> None:
    for p in network.populations:
        for name in p.params.time_constants():
            tau = p.params.expanded(name, p.size)
            for tau_s in np.unique(tau[(tau > 0) & np.isfinite(tau)]).tolist():
                old, new = (_lag(tau_s, t) for t in (network.control_period_s, control_period_s))
                if abs(new - old) > max_change * tau_s:
                    raise ControlPeriodError(
                        f"{network.name}: {p.name}.{name}: at {tau_s:g} s it is too short for "
                        f"periods of {network.control_period_s:g} and {control_period_s:g} s: its "
                        f"lag would change from {old:.3g} to {new:.3g} s; make a network for the "
                        "new period, or accept it with resample(..., max_lag_change="
                        f"{abs(new - old) / tau_s + 0.005:.2f})"
                    )


def _check_loops(network: Network) -> None:
    loops = sorted(looped_populations(network))
    if loops:
        raise ControlPeriodError(
            f"{network.name}: {', '.join(loops)}: a loop of leaky integrators has a time constant "
            "in its weights and ticks; make a network for the new period, or accept another "
            "transient with resample(..., max_lag_change=float('inf'))"
        )


def _lag(tau_s: float, period_s: float) -> float:
    """Mean delay in s of a leaky filter that is updated once a period."""
    return period_s / float(np.expm1(min(period_s / tau_s, 700.0)))


def _check_held_inputs(network: Network, control_period_s: float) -> None:
    for c in network.connections:
        delay_s = c.delay_ticks * network.dt_s
        seen = delay_s >= network.control_period_s * (1 - 1e-9)
        if c.source == INPUT and seen and delay_s < control_period_s * (1 - 1e-9):
            raise ControlPeriodError(
                f"{network.name}: {c.label}: a delay of {delay_s:g} s is shorter than the new "
                f"period of {control_period_s:g} s, so the past input it carries would equal the "
                "present one; make a network for the new period"
            )


def _scaled(value: Any, factor: FloatArray) -> Any:
    """Multiply a parameter by `factor`; shared values stay shared where all uses agree."""
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
