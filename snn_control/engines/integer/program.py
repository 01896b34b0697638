"""Controller of networks in fixed point: 16-bit observations, 32-bit actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.engines.integer.arithmetic import LIMIT, IntArray, add, clip, rescale, rounded
from snn_control.engines.integer.engine import IntegerEngine
from snn_control.engines.integer.formats import InputFormat, NetworkFormat
from snn_control.engines.integer.quantise import network_format
from snn_control.errors import ParameterError
from snn_control.network.program import Program

__all__ = ["IntegerProgram", "ProgramFormat", "program_format"]


@dataclass(frozen=True, eq=False)
class ProgramFormat:
    """Program in integers."""

    program: Program
    """Program."""
    bits: int
    """Bits of a weight with its sign."""
    inputs: tuple[InputFormat, ...]
    """Format of each entry of the observation, or signal of the shell."""
    networks: tuple[NetworkFormat, ...]
    """Formats of the networks."""
    exponents: tuple[int, ...]
    """Negative binary logarithm of the unit of each action."""

    @property
    def readout_exponents(self) -> tuple[int, ...]:
        """Exponents of the read-outs of all networks."""
        return tuple(
            form.output_exponent(readout.population)
            for form in self.networks
            for readout in form.network.readouts
        )


def program_format(
    program: Program, bits: int = 8, inputs: Sequence[InputFormat] | None = None
) -> ProgramFormat:
    """Return a program in integers.

    Args:
        program: program.
        bits: bits of a weight with its sign, 2 to 16.
        inputs: format of each entry of the observation, or signal of the shell; default: multiples
            of 2^-12 of its unit.

    Raises:
        ParameterError: see `network_format`.
    """
    n = program.n_signals
    formats = tuple(inputs) if inputs is not None else (InputFormat(),) * n
    if len(formats) != n:
        raise ParameterError(f"{len(formats)} formats for {n} inputs")
    networks = tuple(
        network_format(network, bits, [formats[index] for index in feed])
        for network, feed in zip(program.networks, program.feeds, strict=True)
    )
    spiking = [
        network.population(readout.population).params.spiking
        for network in program.networks
        for readout in network.readouts
    ]
    form = ProgramFormat(program, bits, formats, networks, ())
    exponents = tuple(
        min((form.readout_exponents[k] for k in indices if not spiking[k]), default=0)
        for indices in program.sums
    )
    return ProgramFormat(program, bits, formats, networks, exponents)


class IntegerProgram(Copied):
    """Program in fixed point, bit-equal to the exported C.

    Args:
        form: program in integers.
    """

    def __init__(self, form: ProgramFormat) -> None:
        self.format = form
        self._engines = [IntegerEngine(each) for each in form.networks]

    def reset(self) -> None:
        """Return to the state before the first tick."""
        for engine in self._engines:
            engine.reset()

    @property
    def spikes(self) -> npt.NDArray[np.float64]:
        """Spikes of each spiking neuron in the last control tick, shape (n_spiking,)."""
        return np.concatenate([np.zeros(0), *(engine.spikes for engine in self._engines)])

    def advance(self, observation: IntArray) -> IntArray:
        """Advance one control tick in integers.

        Args:
            observation: multiples of each entry's lsb, shape (n_observations,).

        Returns:
            Actions in units of 2^-exponent, shape (n_actions,).
        """
        observation = clip(observation, np.array([each.largest for each in self.format.inputs]))
        readouts = np.concatenate(
            [
                engine.advance(observation[list(feed)])
                for engine, feed in zip(self._engines, self.format.program.feeds, strict=True)
            ]
        )
        return np.array(
            [
                self._sum(readouts, indices, to)
                for indices, to in zip(self.format.program.sums, self.format.exponents, strict=True)
            ],
            np.int64,
        )

    def _sum(self, readouts: IntArray, indices: tuple[int, ...], to: int) -> IntArray:
        total = np.zeros((), np.int64)
        for index in indices:
            down = self.format.readout_exponents[index] - to
            term = readouts[index]
            if down > 0:
                term = rescale(term, 1, down)
            elif down < 0:
                term = rounded(np.ldexp(float(term), -down))
            total = add(total, term)
        return np.clip(total, -LIMIT, LIMIT)
