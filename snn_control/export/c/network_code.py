"""C code of one network: state, tick and steady start, in the order of `ReferenceEngine`.

Numbers and connections are written by `FloatCode` and `IntegerCode`. Outputs of spiking neurons are
bytes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from snn_control.export.c.names import identifiers
from snn_control.export.c.neurons import Cells
from snn_control.export.c.tables import Tables
from snn_control.network import (
    INPUT,
    Connection,
    Network,
    looped_populations,
    settling_passes,
)

__all__ = ["INDENT", "NetworkCode", "indented", "loop"]

INDENT = "    "


def loop(n: int, body: Iterable[str], index: str = "k") -> list[str]:
    """Return the lines of a loop from 0 to n - 1."""
    return [f"for (uint32_t {index} = 0; {index} < {n}u; ++{index}) {{", *indented(body), "}"]


def indented(lines: Iterable[str]) -> list[str]:
    """Return lines, one level deeper."""
    return [INDENT + line for line in lines]


class NetworkCode(ABC):
    """Source of one network.

    Attributes:
        number: C type of an analog value.
        input_number: C type of an input.
    """

    number: str
    input_number: str

    def __init__(self, network: Network, prefix: str) -> None:
        self.network, self.prefix = network, prefix
        self.tables = Tables(prefix)
        """Constant tables, complete after `functions`."""
        named = identifiers([INPUT, *(p.name for p in network.populations)])
        self._names = {name: f"p{k}_{text}" for k, (name, text) in enumerate(named.items())}
        self._depth = dict.fromkeys(self._names, 0)
        for c in network.connections:
            self._depth[c.source] = max(self._depth[c.source], c.delay_ticks)
        self._looped = looped_populations(network)
        self._passes = settling_passes(network)

    @abstractmethod
    def cells(self, name: str) -> Cells:
        """Return a population with its coefficients."""

    @abstractmethod
    def initial(self) -> str:
        """Return the lines of an initialised state that are not 0."""

    @abstractmethod
    def readout(self, index: int) -> str:
        """Return the expression of a read-out from the state `s`."""

    @abstractmethod
    def _population(self, name: str) -> list[str]:
        """Return the lines that advance a population by a tick."""

    @abstractmethod
    def _settled(self, name: str) -> list[str]:
        """Return the lines of a settling pass over a population; `changed` is 1 if it moved."""

    @property
    def settles(self) -> bool:
        """True for a start in the steady state of the first input."""
        return self._passes > 0

    @property
    def counts(self) -> bool:
        """True if the state holds a count of spikes for each neuron, over the sub-ticks."""
        return self.network.sub_ticks > 1 and self.network.n_spiking > 0

    def struct(self) -> str:
        """Return the members of the state."""
        lines = []
        for name, c_name in self._names.items():
            kind, size = self._output(name)
            if name != INPUT:
                states = self.cells(name).state
                lines += [
                    f"{self.number} {c_name}_{each}[{self.network.size_of(name)}];"
                    for each in states
                ]
            if name != INPUT or self._depth[name]:
                lines.append(f"{kind} {c_name}[{size}];")
            if self._depth[name]:
                lines.append(f"{kind} {c_name}_past[{self._depth[name]}][{size}];")
        if self.counts:
            lines.append(f"uint16_t spikes[{self.network.n_spiking}];")
        return "\n".join(INDENT + line for line in lines)

    def functions(self) -> str:
        """Return the functions `PREFIX_tick`, and `PREFIX_settle` if it starts settled."""
        functions = [*(self._settling() if self.settles else []), self._tick()]
        return "\n\n".join(functions)

    def count_lines(self) -> list[str]:
        """Return the lines that add the spikes of a tick to the counts of the state."""
        lines, first = [], 0
        for name in self._spiking_names():
            size = self.network.size_of(name)
            at = f"s->spikes[{first}u + k]"
            lines += loop(size, [f"{at} = (uint16_t)({at} + s->{self._names[name]}[k]);"])
            first += size
        return lines

    def spike_lines(self, first: int) -> list[str]:
        """Return the lines that copy the spikes of a control tick to `counts[first:]`."""
        if self.counts:
            return loop(self.network.n_spiking, [f"counts[{first}u + k] = s->spikes[k];"])
        lines = []
        for name in self._spiking_names():
            lines += self._copied(name, first)
            first += self.network.size_of(name)
        return lines

    def _copied(self, name: str, first: int) -> list[str]:
        """Return the lines that copy the spikes of a population."""
        size = self.network.size_of(name)
        return loop(size, [f"counts[{first}u + k] = s->{self._names[name]}[k];"])

    # Tick.

    def _tick(self) -> str:
        lines = self._shift()
        for p in self.network.populations:
            lines += ["{", *indented(self._population(p.name)), "}"]
        arguments = f"{self.prefix}_state *s, const {self.input_number} *in"
        return self._function(f"static void {self.prefix}_tick({arguments})", lines)

    def _shift(self) -> list[str]:
        """Return the lines that move past outputs on by a tick."""
        lines = []
        for name, depth in self._depth.items():
            c_name, (_, size) = self._names[name], self._output(name)
            past = f"s->{c_name}_past"
            body = [f"{past}[{d}][k] = {past}[{d - 1}][k];" for d in range(depth - 1, 0, -1)]
            if depth:
                body.append(f"{past}[0][k] = s->{c_name}[k];")
                if name == INPUT:
                    body.append(f"s->{c_name}[k] = in[k];")
                lines += loop(size, body)
        return lines

    def _source(self, c: Connection) -> str:
        """Return the array of a connection's source, of its delay."""
        if c.delay_ticks:
            return f"s->{self._names[c.source]}_past[{c.delay_ticks - 1}]"
        return self._settled_source(c)

    def _settled_source(self, c: Connection) -> str:
        """Return the array of a connection's source without its delay."""
        return "in" if c.source == INPUT else f"s->{self._names[c.source]}"

    # Steady start.

    def _settling(self) -> list[str]:
        """Return the functions of a settling pass and of all passes."""
        p = self.prefix
        arguments = f"{p}_state *s, const {self.input_number} *in"
        lines = ["int changed = 0;"]
        for population in self.network.populations:
            if body := self._settled(population.name):
                lines += ["{", *indented(body), "}"]
        lines.append("return changed;")
        one = self._function(f"static int {p}_settle_once({arguments})", lines)
        lines = [
            f"for (int pass = 0; pass < {self._passes}; ++pass) {{",
            f"    if (!{p}_settle_once(s, in)) break;",
            "}",
        ]
        for name, depth in self._depth.items():
            if depth:
                c_name, (_, size) = self._names[name], self._output(name)
                now = "in[k]" if name == INPUT else f"s->{c_name}[k]"
                body = [f"s->{c_name}_past[{d}][k] = {now};" for d in range(depth)]
                body += [f"s->{c_name}[k] = in[k];"] if name == INPUT else []
                lines += loop(size, body)
        return [one, self._function(f"static void {p}_settle({arguments})", lines)]

    # Parts.

    def _output(self, name: str) -> tuple[str, int]:
        """Return the C type and the size of the array of a population's outputs."""
        kind = self.input_number if name == INPUT else self.number
        return "uint8_t" if self._is_spiking(name) else kind, self.network.size_of(name)

    def _is_spiking(self, name: str) -> bool:
        return name != INPUT and self.network.population(name).params.spiking

    def _spiking_names(self) -> list[str]:
        return [p.name for p in self.network.populations if p.params.spiking]

    def _function(self, head: str, lines: Iterable[str]) -> str:
        body = indented(["(void)s;", "(void)in;", *lines])
        return "\n".join([head, "{", *body, "}"])
