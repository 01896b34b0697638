"""Controller of networks as plain data, for exports: no behaviour."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.errors import ParameterError
from snn_control.network.network import Network

__all__ = ["Program"]


@dataclass(frozen=True, eq=False)
class Program:
    """Networks whose read-outs add up to actions.

    Raises:
        ParameterError: an index is out of range, or a network has another control period.
    """

    observation_names: tuple[str, ...]
    """Entries of the observation."""
    action_names: tuple[str, ...]
    """Entries of the action."""
    control_period_s: float
    """Control period, s."""
    networks: tuple[Network, ...]
    """Networks, in the order of their steps."""
    feeds: tuple[tuple[int, ...], ...]
    """Index in the observation of each input of each network."""
    sums: tuple[tuple[int, ...], ...]
    """Read-outs whose sum is each action, as indices in the read-outs of all networks, in order."""

    def __post_init__(self) -> None:
        n_readouts = sum(len(network.readouts) for network in self.networks)
        for network, feed in zip(self.networks, self.feeds, strict=True):
            network.require_period(self.control_period_s)
            if len(feed) != len(network.inputs):
                raise ParameterError(
                    f"network {network.name!r} has {len(network.inputs)} inputs; "
                    f"{len(feed)} are fed"
                )
            _check("feeds", feed, len(self.observation_names))
        if len(self.sums) != len(self.action_names):
            raise ParameterError(f"{len(self.sums)} sums for {len(self.action_names)} actions")
        for indices in self.sums:
            _check("sums", indices, n_readouts)

    @property
    def n_spiking(self) -> int:
        """Number of spiking neurons of all networks."""
        return sum(network.n_spiking for network in self.networks)

    @classmethod
    def of_network(cls, network: Network) -> Program:
        """Return one network whose inputs are the observation and whose read-outs the action."""
        n_inputs, n_readouts = len(network.inputs), len(network.readouts)
        return cls(
            network.inputs,
            tuple(readout.name for readout in network.readouts),
            network.control_period_s,
            (network,),
            (tuple(range(n_inputs)),),
            tuple((k,) for k in range(n_readouts)),
        )


def _check(name: str, indices: tuple[int, ...], n: int) -> None:
    if not all(0 <= index < n for index in indices):
        raise ParameterError(f"{name} {indices}: expected indices of 0 to {n - 1}")
