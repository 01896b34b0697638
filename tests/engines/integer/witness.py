"""Equations of networks in fixed point once more, in Python integers and rationals, without NumPy.

Python integers do not wrap, so a result that equals that of 64-bit arrays and of compiled C was
within range in both. Numbers that C stores in 32 bits are checked.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from snn_control.engines.integer.arithmetic import LIMIT, Rescaling
from snn_control.engines.integer.formats import NetworkFormat, PopulationFormat
from snn_control.network import INPUT, looped_populations, settling_passes


def nearest(x: Fraction) -> int:
    """Round to the nearest integer, halves away from zero."""
    size = abs(x) + Fraction(1, 2)
    whole = size.numerator // size.denominator
    return whole if x >= 0 else -whole


def within(x: int, limit: int = LIMIT) -> int:
    assert 0 <= limit < 2**31
    return max(-limit, min(limit, x))


def scaled(x: int, rescaling: Rescaling, k: int) -> int:
    multiplier = int(np.ravel(rescaling.multiplier)[k if rescaling.multiplier.size > 1 else 0])
    assert abs(multiplier) < 2**31
    x = max(-rescaling.largest, min(rescaling.largest, x))
    assert abs(x) * abs(multiplier) < 2**63 - 2**62
    return nearest(Fraction(x * multiplier, 2**rescaling.shift))


class Witness:
    """One network in Python integers."""

    def __init__(self, form: NetworkFormat) -> None:
        self.form, self.network = form, form.network
        self.weights = [each.weights.tolist() for each in form.connections]
        self.c = {
            name: {key: values.tolist() for key, values in each.coefficients.items()}
            for name, each in form.populations.items()
        }
        sizes = {name: each.population.size for name, each in form.populations.items()}
        self.state = {
            name: [
                {"current": 0, "potential": 0, "trace": 0, "theta": self.c[name]["compared"][k]}
                if "compared" in self.c[name]
                else {"current": 0, "potential": 0}
                for k in range(n)
            ]
            for name, n in sizes.items()
        }
        zeros: dict[str, list[int]] = {name: [0] * n for name, n in sizes.items()}
        zeros[INPUT] = [0] * len(self.network.inputs)
        self.past = [zeros for _ in range(self.network.max_delay_ticks + 2)]
        self.fresh = True
        self.spikes: list[int] = []

    def advance(self, inputs: list[int]) -> list[int]:
        if self.fresh and self.network.start == "steady":
            self.settle(inputs)
        self.fresh = False
        counts: list[int] = []
        for _ in range(self.network.sub_ticks):
            now: dict[str, list[int]] = {INPUT: inputs}
            self.past = [now, *self.past[:-1]]
            for name, each in self.form.populations.items():
                now[name] = self.population(each, self.past[1][name])
            fired = [s for p in self.network.populations if p.params.spiking for s in now[p.name]]
            counts = [a + b for a, b in zip(counts or [0] * len(fired), fired, strict=True)]
        self.spikes = counts
        return [now[r.population][r.neuron] for r in self.network.readouts]

    def drive(self, name: str, port: str, sources: Any, k: int) -> int:
        total = 0
        limit = self.form.populations[name].drive_limit
        for weights, each in zip(self.weights, self.form.connections, strict=True):
            c = each.connection
            if (c.target, c.port) == (name, port):
                x = sources(c)[c.source]
                acc = sum(row[k] * value for row, value in zip(weights, x, strict=True))
                assert abs(acc) <= each.bound
                total += within(scaled(acc, each.rescaling, 0), limit)
                assert abs(total) < 2**31
        if port == "current":
            total += self.c[name]["bias"][k]
        assert abs(total) < 2**31
        return within(total)

    def population(self, form: PopulationFormat, out: list[int]) -> list[int]:
        name = form.population.name
        c, states = self.c[name], self.state[name]

        def sources(connection: Any) -> Any:
            return self.past[connection.delay_ticks]

        outputs = []
        for k, s in enumerate(states):
            drive = self.drive(name, "current", sources, k)
            if form.model == "graded":
                outputs.append(min(max(drive, 0), c["ceiling"][k]))
            elif form.model == "leaky_integrator":
                outputs.append(self.leaky(form, s, out[k], drive, k))
            else:
                outputs.append(self.potential(form, s, out[k], drive, k))
        if form.model != "iwta":
            return outputs
        adapted = any(
            (each.connection.target, each.connection.port) == (name, "adaptation")
            for each in self.form.connections
        )
        for k, s in enumerate(states):
            kept = Fraction(c["decay_adaptation"][k], 2**31)
            if form.population.params.choice("own_spikes", False):
                s["trace"] = within(nearest(kept * s["trace"]) + out[k] * form.trace_unit)
            if adapted:
                extra = self.drive(name, "adaptation", sources, k)
                s["trace"] = within(nearest(kept * s["trace"]) + extra)
            s["trace"] = within(s["trace"], c["limit"][k])
        even = len(states) // 2 * 2
        assert form.own is not None
        assert form.cross is not None
        for k, s in enumerate(states):
            partner = states[k ^ 1 if k < even else k]
            theta = within(c["compared"][k] + within(scaled(s["trace"], form.own, k)))
            s["theta"] = within(theta + within(scaled(partner["trace"], form.cross, k)))
            outputs[k] = int(s["potential"] > s["theta"])
        return outputs

    def current(self, form: PopulationFormat, s: dict[str, int], drive: int, k: int) -> int:
        kept = Fraction(self.c[form.population.name]["decay_syn"][k], 2**31)
        s["current"] = within(nearest(kept * s["current"]) + drive)
        return s["current"]

    def filtered(self, form: PopulationFormat, before: int, current: int, k: int) -> int:
        c = self.c[form.population.name]
        kept = nearest(Fraction(c["decay_mem"][k], 2**31) * before)
        return within(kept + nearest(Fraction(c["gain"][k], 2**30) * current))

    def leaky(self, form: PopulationFormat, s: dict[str, int], out: int, drive: int, k: int) -> int:
        return within(self.filtered(form, out, self.current(form, s, drive, k), k), form.limit)

    def potential(
        self, form: PopulationFormat, s: dict[str, int], spike: int, drive: int, k: int
    ) -> int:
        c, soft = self.c[form.population.name], "soft"
        if form.model != "iwta":
            soft = form.population.params.choice("reset", "soft")
        before = s["potential"]
        if soft == "hard" and spike:
            before = c["reset_potential"][k]
        if form.model == "integrate_and_fire":
            v = max(within(before + drive), c["floor"][k])
        else:
            v = self.filtered(form, before, self.current(form, s, drive, k), k)
        if soft == "soft" and spike:
            v = within(v - (s["theta"] if form.model == "iwta" else c["threshold"][k]))
        s["potential"] = v
        return int(v > c["compared"][k])

    def settle(self, inputs: list[int]) -> None:
        settled = {name: [0] * len(states) for name, states in self.state.items()}
        settled[INPUT] = inputs
        for _ in range(settling_passes(self.network)):
            for name, form in self.form.populations.items():
                settled[name] = [
                    self.settled(form, s, settled, k) for k, s in enumerate(self.state[name])
                ]
        self.past = [settled for _ in self.past]

    def settled(
        self, form: PopulationFormat, s: dict[str, int], settled: dict[str, list[int]], k: int
    ) -> int:
        name = form.population.name
        out = settled[name][k]
        drive = self.drive(name, "current", lambda _: settled, k)
        if name in looped_populations(self.network):
            return self.leaky(form, s, out, drive, k)
        if form.model == "graded":
            return min(max(drive, 0), self.c[name]["ceiling"][k])
        if form.steady is None:
            return out
        s["current"] = within(scaled(drive, form.steady[0], k))
        if form.model != "leaky_integrator":
            return out
        return within(scaled(s["current"], form.steady[1], k), form.limit)
