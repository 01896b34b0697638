"""Torch engine: differentiable, batched, on any device.

Norse provides the normalised LIF neuron with hard reset, the normalised leaky integrator (with its
`dt / tau` set to `1 - exp(-dt / tau)`) and the IF neuron with hard reset. The other variants are
implemented here with Norse's surrogate gradients.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch
from norse.torch.functional.iaf import IAFFeedForwardState, IAFParameters, iaf_feed_forward_step
from norse.torch.functional.lif import LIFFeedForwardState, LIFParameters, lif_feed_forward_step
from norse.torch.functional.threshold import threshold
from torch import Tensor

from snn_control.copies import Copied
from snn_control.engines.inputs import check_batch, run_inputs
from snn_control.engines.torch_parts import (
    Memory,
    is_norse_lif,
    leaky_integrator,
    partner,
    rest,
    settle,
    weighted_input,
)
from snn_control.engines.torch_state import (
    Outputs,
    TorchState,
    n_remembered,
    pack,
    state_size,
    unpack,
)
from snn_control.engines.trace import Trace
from snn_control.errors import ParameterError
from snn_control.network import INPUT, Network, Population, Shared
from snn_control.network.neurons import (
    IWTA,
    LIF,
    Graded,
    IntegrateAndFire,
    LeakyIntegrator,
    NeuronParams,
)

__all__ = ["TorchEngine"]


class TorchEngine(Copied, torch.nn.Module):
    """Network as a torch module with trainable weights, thresholds, biases and time constants.

    Shared parameters stay shared: the module holds their `values`. Time constants of 0 or infinity
    are fixed; the others are stored as logarithms, so that they remain positive.

    Args:
        network: network to run.
        dtype: floating-point type.
        surrogate: name of Norse's surrogate gradient.
        alpha: steepness of the surrogate gradient.
    """

    def __init__(
        self,
        network: Network,
        dtype: torch.dtype = torch.float64,
        surrogate: str = "super",
        alpha: float = 100.0,
    ) -> None:
        super().__init__()
        self.source = network
        self.surrogate, self.alpha = surrogate, alpha
        self.raw = torch.nn.ParameterDict()
        self._fixed: dict[str, tuple[Tensor, Tensor]] = {}
        for k, connection in enumerate(network.connections):
            self._store(f"connection{k}", connection.weights, dtype)
        for population in network.populations:
            for field in population.params.numeric_fields():
                value = getattr(population.params, field.name)
                key = f"{population.name}__{field.name}"
                if field.metadata["unit"] == "s":
                    self._store_time_constant(key, value, dtype)
                else:
                    self._store(key, value, dtype)

    def _register(self, name: str, value: np.ndarray) -> None:
        self.register_buffer(name, torch.as_tensor(value), persistent=False)

    def _store(self, key: str, value: Any, dtype: torch.dtype) -> None:
        if isinstance(value, Shared):
            self._register(f"{key}__index", value.index)
            self._register(f"{key}__sign", value.sign.astype(np.float64))
            value = value.values
        array = np.asarray(value, np.float64)
        if np.all(np.isfinite(array)):
            self.raw[key] = torch.nn.Parameter(torch.tensor(array, dtype=dtype))
        else:
            self.register_buffer(f"{key}__fixed", torch.tensor(array, dtype=dtype))

    def _store_time_constant(self, key: str, value: Any, dtype: torch.dtype) -> None:
        values = np.asarray(value.values if isinstance(value, Shared) else value, np.float64)
        free = np.isfinite(values) & (values > 0)
        logs = np.log(np.where(free, values, 1.0))
        self._register(f"{key}__free", free)
        self._register(f"{key}__constant", np.where(free, 1.0, values))
        stored = Shared(logs, value.index, value.sign) if isinstance(value, Shared) else logs
        self._store(key, stored, dtype)

    def _values(self, key: str) -> Tensor:
        """Return the free values of a parameter, with shared values not expanded."""
        if key not in self.raw:
            return self.get_buffer(f"{key}__fixed")
        raw = self.raw[key]
        if not hasattr(self, f"{key}__free"):
            return raw
        constant = self.get_buffer(f"{key}__constant").to(raw.dtype)
        return torch.where(self.get_buffer(f"{key}__free"), raw.exp(), constant)

    def _expanded(self, key: str) -> Tensor:
        values = self._values(key)
        if hasattr(self, f"{key}__index"):
            sign = self.get_buffer(f"{key}__sign").to(values.dtype)
            return values[self.get_buffer(f"{key}__index")] * sign
        return values

    def network(self) -> Network:
        """Return the network with the current values of the parameters."""

        def value_of(key: str, value: Any) -> Any:
            values = self._values(key).detach().cpu().to(torch.float64).numpy()
            if isinstance(value, Shared):
                return Shared(values, value.index, value.sign)
            return values if values.ndim else float(values)

        def params(population: Population) -> NeuronParams:
            changed = {
                f.name: value_of(f"{population.name}__{f.name}", getattr(population.params, f.name))
                for f in population.params.numeric_fields()
            }
            return dataclasses.replace(population.params, **changed)

        return dataclasses.replace(
            self.source,
            populations=tuple(
                dataclasses.replace(p, params=params(p)) for p in self.source.populations
            ),
            connections=tuple(
                dataclasses.replace(c, weights=value_of(f"connection{k}", c.weights))
                for k, c in enumerate(self.source.connections)
            ),
        )

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Run from the initial state over `inputs` of shape (n_ticks, batch, n_inputs).

        Returns:
            Read-outs, shape (n_ticks, batch, n_readouts), and spikes, shape
            (n_ticks, batch, n_spiking).

        Raises:
            ParameterError: the inputs have another shape.
        """
        check_batch(inputs.shape, self.source)
        c, weights = self._tick_parameters()
        state = self._start(inputs, c, weights)
        return self._run(inputs, state, c, weights)[:2]

    @property
    def state_size(self) -> int:
        """Length of the state of one batch entry, see `advance`."""
        return state_size(self.source)

    def advance(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Run from a given state over `inputs` of shape (n_ticks, batch, n_inputs).

        Calls in sequence, each from the state that the one before returned, equal one call of
        `forward` bit for bit.

        Args:
            inputs: inputs of each tick.
            state: shape (batch, state_size); a row of zeros is the state before the first tick.

        Returns:
            Read-outs and spikes, see `forward`, and the state after the last tick.

        Raises:
            ParameterError: inputs or state have another shape.
        """
        network = self.source
        check_batch(inputs.shape, network)
        expected = (inputs.shape[1], self.state_size)
        if tuple(state.shape) != expected:
            raise ParameterError(f"state of shape {tuple(state.shape)}; expected {expected}")
        c, weights = self._tick_parameters()
        start = pack(network, self._start(inputs, c, weights))
        begun = unpack(network, torch.where(state[:, :1] > 0.0, state, start))
        readouts, spikes, end = self._run(inputs, begun, c, weights)
        return readouts, spikes, pack(network, end)

    def _tick_parameters(self) -> tuple[dict[str, dict[str, Tensor]], list[Tensor]]:
        """Return the coefficients of each population and the weights of each connection."""
        network = self.source
        c = {p.name: self._coefficients(p) for p in network.populations}
        return c, [self._matrix(k) for k in range(len(network.connections))]

    def _start(
        self, inputs: Tensor, c: dict[str, dict[str, Tensor]], weights: list[Tensor]
    ) -> TorchState:
        """Return the state before the first tick of `inputs`."""
        network = self.source
        memory = {p.name: rest(p, c[p.name], inputs) for p in network.populations}
        silent = {p.name: inputs.new_zeros(inputs.shape[1], p.size) for p in network.populations}
        outputs = silent | {INPUT: torch.zeros_like(inputs[0])}
        if network.start == "steady":
            outputs = settle(network, inputs[0], c, weights, memory, silent)
        return TorchState((outputs,) * n_remembered(network), memory)

    def _run(
        self,
        inputs: Tensor,
        state: TorchState,
        c: dict[str, dict[str, Tensor]],
        weights: list[Tensor],
    ) -> tuple[Tensor, Tensor, TorchState]:
        """Run from a state; return read-outs, spikes and the state after the last tick."""
        network, history = self.source, state.outputs
        memory = {name: dict(values) for name, values in state.memory.items()}
        readouts, spikes = [], []
        for row in inputs:
            counted = row.new_zeros(len(row), network.n_spiking)
            for _ in range(network.sub_ticks):
                outputs = self._tick(row, history, c, weights, memory)
                history = (outputs, *history[:-1])
                fired = [outputs[p.name] for p in network.populations if p.params.spiking]
                counted = counted + torch.cat([row.new_zeros(len(row), 0), *fired], 1)
            spikes.append(counted)
            readouts.append(
                torch.stack([history[0][r.population][:, r.neuron] for r in network.readouts], 1)
            )
        return torch.stack(readouts), torch.stack(spikes), TorchState(history, memory)

    def run(self, inputs: Any) -> Trace:
        """Run from the initial state over `inputs` of shape (n_ticks, n_inputs), without gradients.

        Raises:
            ParameterError: the inputs have another shape.
        """
        rows = run_inputs(inputs, self.source, np.float64)
        dtype = next(iter(self.raw.values())).dtype
        with torch.no_grad():
            readouts, spikes = self(torch.as_tensor(rows, dtype=dtype)[:, None])
        return Trace(readouts[:, 0].numpy(), spikes[:, 0].numpy())

    def _tick(
        self,
        row: Tensor,
        history: tuple[Outputs, ...],
        c: dict[str, dict[str, Tensor]],
        weights: list[Tensor],
        memory: dict[str, Memory],
    ) -> Outputs:
        outputs, before = {INPUT: row}, history[0]
        for population in self.source.populations:
            drives = {"current": torch.zeros_like(before[population.name])}
            for weight, connection in zip(weights, self.source.connections, strict=True):
                if connection.target == population.name:
                    age = connection.delay_ticks
                    source = (history[age - 1] if age else outputs)[connection.source]
                    drives[connection.port] = drives.get(connection.port, 0.0) + weighted_input(
                        connection, weight, source
                    )
            outputs[population.name] = self._step(
                population, c[population.name], memory[population.name], before[population.name],
                drives["current"] + c[population.name]["bias"], drives.get("adaptation"),
            )  # fmt: skip
        return outputs

    def _step(
        self,
        population: Population,
        c: dict[str, Tensor],
        memory: Memory,
        before: Tensor,
        drive: Tensor,
        adaptation_drive: Tensor | None,
    ) -> Tensor:
        params = population.params
        match params:
            case Graded():
                return torch.minimum(torch.clamp(drive, min=0.0), c["ceiling"])
            case LeakyIntegrator():
                return leaky_integrator(params, c, memory, drive)
            case IntegrateAndFire():
                return self._integrate_and_fire(params, c, memory, before, drive)
            case LIF() if is_norse_lif(params):
                p = LIFParameters(
                    1.0 - c["decay_syn"], 1.0 - c["decay_mem"], torch.zeros_like(drive),
                    c["threshold"], c["reset_potential"], self.surrogate, self.alpha,
                )  # fmt: skip
                state = LIFFeedForwardState(memory["potential"], memory["current"])
                spikes, state = lif_feed_forward_step(drive, state, p, 1.0)
                memory["potential"], memory["current"] = state.v, state.i
                return spikes
            case LIF() | IWTA():
                return self._lif(params, c, memory, before, drive, adaptation_drive)
        raise AssertionError(params.model)

    def _lif(
        self,
        params: LIF | IWTA,
        c: dict[str, Tensor],
        memory: Memory,
        before: Tensor,
        drive: Tensor,
        adaptation_drive: Tensor | None,
    ) -> Tensor:
        memory["current"] = c["decay_syn"] * memory["current"] + drive
        rested = memory["potential"]
        theta = memory["theta"] if isinstance(params, IWTA) else c["threshold"]
        hard = isinstance(params, LIF) and params.reset == "hard"
        if hard:
            rested = torch.where(before > 0, c["reset_potential"], rested)
        potential = c["decay_mem"] * rested + c["gain"] * memory["current"]
        memory["potential"] = potential if hard else potential - before * theta
        if isinstance(params, IWTA):
            trace = memory["trace"]
            if params.own_spikes:
                trace = c["decay_adaptation"] * trace + before
            if adaptation_drive is not None:
                trace = c["decay_adaptation"] * trace + adaptation_drive
            trace = torch.minimum(torch.maximum(trace, -c["limit"]), c["limit"])
            memory["trace"] = trace
            theta = (
                c["threshold"] + c["adaptation"] * trace + c["partner_adaptation"] * partner(trace)
            )
            memory["theta"] = theta
        return threshold(memory["potential"] - theta, self.surrogate, self.alpha)

    def _integrate_and_fire(
        self,
        params: IntegrateAndFire,
        c: dict[str, Tensor],
        memory: Memory,
        before: Tensor,
        drive: Tensor,
    ) -> Tensor:
        if params.reset == "hard":
            state = IAFFeedForwardState(torch.maximum(memory["potential"], c["floor"] - drive))
            p = IAFParameters(c["threshold"], c["reset_potential"], self.surrogate, self.alpha)
            spikes, state = iaf_feed_forward_step(drive, state, p, 1.0)
            memory["potential"] = state.v
            return spikes
        potential = torch.maximum(memory["potential"] + drive, c["floor"])
        memory["potential"] = potential - before * c["threshold"]
        return threshold(memory["potential"] - c["threshold"], self.surrogate, self.alpha)

    def _coefficients(self, population: Population) -> dict[str, Tensor]:
        """Return the coefficients of a tick, as in the neuron model, with gradients."""
        coefficients = {}
        for field in population.params.numeric_fields():
            value = self._expanded(f"{population.name}__{field.name}").expand(population.size)
            if field.metadata["unit"] == "s":
                name = field.name.replace("tau", "decay").removesuffix("_s")
                coefficients[name] = torch.exp(-self.source.dt_s / value)
            else:
                coefficients[field.name] = value
        if "decay_mem" in coefficients:
            normalised = population.params.choice("normalised", False)
            one = torch.ones_like(coefficients["decay_mem"])
            coefficients["gain"] = one - coefficients["decay_mem"] if normalised else one
        return coefficients

    def _matrix(self, k: int) -> Tensor:
        """Return the weights of connection `k`; a sparse connection becomes a matrix."""
        connection = self.source.connections[k]
        weights = self._expanded(f"connection{k}")
        if connection.kind != "sparse":
            return weights
        shape = (self.source.size_of(connection.source), self.source.size_of(connection.target))
        where = (
            torch.as_tensor(connection.synapses[0], device=weights.device),
            torch.as_tensor(connection.synapses[1], device=weights.device),
        )
        return weights.new_zeros(shape).index_put(where, weights, accumulate=True)
