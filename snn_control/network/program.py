"""Controller of networks as plain data, for exports: no behaviour."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.errors import ParameterError
from snn_control.network.network import Network
from snn_control.network.shell import Order, Shell

__all__ = ["Program"]


@dataclass(frozen=True, eq=False)
class Program:
    """Networks whose read-outs add up to actions, or networks in a shell of kernels.

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
    """Index of each input of each network in the observation, or in the signals of the shell."""
    sums: tuple[tuple[int, ...], ...] = ()
    """Read-outs whose sum is each action, as indices in the read-outs of all networks, in order;
    none with a shell."""
    shell: Shell | None = None
    """Kernels before and after the networks."""

    def __post_init__(self) -> None:
        for network, feed in zip(self.networks, self.feeds, strict=True):
            network.require_period(self.control_period_s)
            if len(feed) != len(network.inputs):
                raise ParameterError(
                    f"network {network.name!r} has {len(network.inputs)} inputs; "
                    f"{len(feed)} are fed"
                )
            _check("feeds", feed, self.n_signals)
        n_sums = 0 if self.shell else len(self.action_names)
        if len(self.sums) != n_sums:
            raise ParameterError(f"{len(self.sums)} sums; expected {n_sums}")
        for indices in self.sums:
            _check("sums", indices, self.n_network_readouts)

    def require_sums(self, target: str) -> None:
        """Refuse a controller with kernels around its networks.

        Raises:
            ParameterError: it has some; with the name of the target.
        """
        if self.shell is not None:
            raise ParameterError(
                f"{target} cannot express the kernels around the networks of this controller: "
                "export it to c"
            )

    @property
    def n_signals(self) -> int:
        """Number of values from which the networks are fed."""
        return self.shell.n_signals if self.shell else len(self.observation_names)

    @property
    def n_network_readouts(self) -> int:
        """Number of read-outs of all networks."""
        return sum(len(network.readouts) for network in self.networks)

    @property
    def orders(self) -> tuple[Order, ...]:
        """Additional inputs."""
        return self.shell.orders if self.shell else ()

    @property
    def usual(self) -> tuple[tuple[float, float], ...]:
        """Range of each observation in operation, for traces."""
        known = self.shell.usual if self.shell else {}
        return tuple(known.get(name, (-1.0, 1.0)) for name in self.observation_names)

    @property
    def readout_names(self) -> tuple[str, ...]:
        """Named values of a tick: those of the shell, or the read-outs of all networks."""
        if self.shell:
            return tuple(self.shell.readouts)
        return tuple(readout.name for network in self.networks for readout in network.readouts)

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
