"""A circuit as a torch module whose strengths keep their signs during training.

A strength of fixed sign is `sign softplus(raw)` with softplus(x) = log(1 + exp(x)): no optimiser
step crosses zero, and the gradient is nowhere zero. A strength of free sign is `raw` itself.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn.functional import softplus

from snn_control.copies import Copied
from snn_control.engines.torch import TorchEngine
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.network import Network
from snn_control.network.circuit import Circuit

__all__ = ["TorchCircuit"]


class TorchCircuit(Copied, torch.nn.Module):
    """Circuit with some trainable strengths; all other parameters are fixed.

    Args:
        circuit: circuit to train.
        trained: names of the trainable strengths.
        dtype: floating-point type.
        surrogate: see `TorchEngine`.
        alpha: see `TorchEngine`.

    Raises:
        UnknownNameError: a strength is unknown.
        ParameterError: a trainable strength of fixed sign is 0 and could not change.
    """

    def __init__(
        self,
        circuit: Circuit,
        trained: Iterable[str],
        dtype: torch.dtype = torch.float64,
        surrogate: str = "super",
        alpha: float = 100.0,
    ) -> None:
        super().__init__()
        self.circuit = circuit
        self.engine = TorchEngine(circuit.network(), dtype, surrogate, alpha)
        self.engine.requires_grad_(False)
        self.raw = torch.nn.ParameterDict()
        for name in trained:
            if name not in circuit.strengths:
                raise UnknownNameError("strength", name, circuit.strengths)
            strength = circuit.strengths[name]
            value = torch.tensor(strength.value, dtype=dtype)
            if strength.sign and not strength.value:
                raise ParameterError(f"strength {name!r} is 0; with a fixed sign it cannot change")
            size = value.abs()  # inverse of softplus, without its overflow
            raw = size + torch.log(-torch.expm1(-size)) if strength.sign else value
            self.raw[name] = torch.nn.Parameter(raw)
        self._shared = {
            f"raw.connection{k}": names
            for k, names in enumerate(circuit.connection_strengths())
            if not self.raw.keys().isdisjoint(names)
        }

    def strengths(self) -> dict[str, float]:
        """Return the current values of the trainable strengths."""
        return {name: float(self._strength(name).detach()) for name in self.raw}

    def network(self) -> Network:
        """Return the network with the current strengths."""
        return self.circuit.network(self.strengths())

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Run from the initial state, see `TorchEngine.forward`."""
        fixed = dict(self.engine.named_parameters())
        changed = {
            key: torch.stack(
                [
                    self._strength(name) if name in self.raw else fixed[key][k]
                    for k, name in enumerate(names)
                ]
            )
            for key, names in self._shared.items()
        }
        outputs: tuple[Tensor, Tensor] = torch.func.functional_call(self.engine, changed, (inputs,))
        return outputs

    def _strength(self, name: str) -> Tensor:
        raw, sign = self.raw[name], self.circuit.strengths[name].sign
        return sign * softplus(raw) if sign else raw
