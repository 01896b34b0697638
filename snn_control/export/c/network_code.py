"""C code of one network: tables, state, tick and steady start, in the order of `ReferenceEngine`.

Connections are written by kind. A dense connection with at least half of its weights 0 is written
as a sparse one: silent terms change no finite number. Outputs of spiking neurons are bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from snn_control.export.c.literals import integers, real, reals
from snn_control.export.c.names import identifiers
from snn_control.export.c.neurons import Cells, threshold_lines, update_lines
from snn_control.network import (
    INPUT,
    Connection,
    Network,
    looped_populations,
    settling_passes,
)
from snn_control.network.neurons import NEURON_MODELS
from snn_control.network.shared import expand

__all__ = ["INDENT", "NetworkCode", "indented", "loop"]

FloatArray = npt.NDArray[np.float64]
INDENT = "    "
SPARSE_BELOW = 0.5
"""Share of weights other than 0 below which a dense connection is written as a sparse one."""


def loop(n: int, body: Iterable[str], index: str = "k") -> list[str]:
    """Return the lines of a loop from 0 to n - 1."""
    return [f"for (uint32_t {index} = 0; {index} < {n}u; ++{index}) {{", *indented(body), "}"]


def indented(lines: Iterable[str]) -> list[str]:
    """Return lines, one level deeper."""
    return [INDENT + line for line in lines]


class NetworkCode:
    """Source of one network.

    Args:
        network: network.
        prefix: prefix of all names.
        precision: `float32` or `float64`.
    """

    def __init__(self, network: Network, prefix: str, precision: str) -> None:
        self.network, self.prefix, self.precision = network, prefix, precision
        self.tables: list[str] = []
        """Definitions of the constant tables."""
        self._names = identifiers([INPUT, *(p.name for p in network.populations)])
        self._cells = {
            p.name: Cells(
                p,
                NEURON_MODELS[p.params.model]
                .coefficients(p.params, p.size, network.dt_s)
                ._asdict(),
                any(c.port == "adaptation" for c in self._incoming(p.name)),
            )
            for p in network.populations
        }
        self._depth = dict.fromkeys(self._names, 0)
        for c in network.connections:
            self._depth[c.source] = max(self._depth[c.source], c.delay_ticks)
        self._looped = looped_populations(network)
        self._passes = settling_passes(network)
        self._written: dict[tuple[str, bytes], str] = {}
        self._functions = [self._tick()]
        if self._passes:
            self._functions = [*self._settling(), *self._functions]

    @property
    def n_spiking(self) -> int:
        """Number of spiking neurons."""
        return self.network.n_spiking

    def struct(self) -> str:
        """Return the members of the state."""
        lines = []
        for name, c_name in self._names.items():
            size, kind = self.network.size_of(name), self._kind(name)
            if name == INPUT:
                if self._depth[name]:
                    lines.append(f"real {c_name}[{size}];")
            else:
                lines += [f"real {c_name}_{each}[{size}];" for each in self._cells[name].state]
                lines.append(f"{kind} {c_name}[{size}];")
            if self._depth[name]:
                lines.append(f"{kind} {c_name}_past[{self._depth[name]}][{size}];")
        return "\n".join(INDENT + line for line in lines)

    def initial(self) -> str:
        """Return the lines of an initialised state that are not 0."""
        lines = []
        for name, cells in self._cells.items():
            if "theta" in cells.state:
                value = self._refer(name)("threshold", cells.coefficients["threshold"])
                lines += loop(
                    cells.population.size, [f"s->{self._names[name]}_theta[k] = {value};"]
                )
        return "\n".join(INDENT + line for line in lines)

    def functions(self) -> str:
        """Return the functions `PREFIX_tick`, and `PREFIX_settle` if it starts settled."""
        return "\n\n".join(self._functions)

    @property
    def settles(self) -> bool:
        """True for a start in the steady state of the first input."""
        return self._passes > 0

    def readout(self, index: int) -> str:
        """Return the expression of a read-out from the state `s`."""
        readout = self.network.readouts[index]
        value = f"s->{self._names[readout.population]}[{readout.neuron}]"
        spiking = self._cells[readout.population].spiking
        return f"(real){value}" if spiking else value

    def count_lines(self, first: int) -> list[str]:
        """Return the lines that add the spikes of a tick to `spikes[first:]`."""
        lines = []
        for name, cells in self._cells.items():
            if cells.spiking:
                size = cells.population.size
                out = f"s->{self._names[name]}[k]"
                lines += loop(
                    size, [f"spikes[{first}u + k] = (uint16_t)(spikes[{first}u + k] + {out});"]
                )
                first += size
        return lines

    # Tick.

    def _tick(self) -> str:
        lines = self._shift()
        for name, cells in self._cells.items():
            lines += ["{", *indented(self._population(name, cells)), "}"]
        head = f"static void {self.prefix}_tick({self.prefix}_state *s, const real *in)"
        return self._function(head, lines)

    def _shift(self) -> list[str]:
        """Return the lines that move past outputs on by a tick."""
        lines = []
        for name, depth in self._depth.items():
            c_name, size = self._names[name], self.network.size_of(name)
            past = f"s->{c_name}_past"
            body = [f"{past}[{d}][k] = {past}[{d - 1}][k];" for d in range(depth - 1, 0, -1)]
            if depth:
                body.append(f"{past}[0][k] = s->{c_name}[k];")
                if name == INPUT:
                    body.append(f"s->{c_name}[k] = in[k];")
                lines += loop(size, body)
        return lines

    def _population(self, name: str, cells: Cells) -> list[str]:
        size, c_name = cells.population.size, self._names[name]
        lines = [f"{self._kind(name)} *const out = s->{c_name};"]
        lines += [f"real *const {each} = s->{c_name}_{each};" for each in cells.state]
        lines += self._driven("drive", size, name, "current", self._source)
        if cells.adapted:
            lines += self._driven("extra", size, name, "adaptation", self._source)
        if cells.model == "iwta" and "potential" not in cells.state:
            lines.append(f"real v_now[{size}];")
        refer = self._refer(name)
        lines += loop(size, update_lines(cells, refer))
        if cells.model == "iwta":
            lines += loop(size, threshold_lines(cells, refer))
        return lines

    def _driven(
        self, array: str, size: int, name: str, port: str, source: Callable[[Connection], str]
    ) -> list[str]:
        """Return the lines of the weighted input to a population."""
        lines = [f"real {array}[{size}];", *loop(size, [f"{array}[k] = 0;"])]
        for c in self._incoming(name):
            if c.port == port:
                lines += self._added(array, c, source(c))
        return lines

    def _source(self, c: Connection) -> str:
        c_name = self._names[c.source]
        if c.delay_ticks:
            return f"s->{c_name}_past[{c.delay_ticks - 1}]"
        return "in" if c.source == INPUT else f"s->{c_name}"

    def _added(self, array: str, c: Connection, source: str) -> list[str]:
        """Return the lines that add a connection to an array."""
        weights, spiking = expand(c.weights), self._is_spiking(c.source)
        n_source = self.network.size_of(c.source)
        x = "" if spiking else "x * "
        if c.kind == "diagonal":
            table = self._table("w", weights)
            value = f"{source}[k] ? {table} : 0" if spiking else f"{source}[k] * {table}"
            return loop(n_source, [f"{array}[k] += {value};"])
        if c.kind == "block2":
            table = self._array("w", weights)
            lines = []
            for k in range(2):
                at = f"{table}[4u * p + {2 * k}u + j]"
                lines += [
                    f"const {'uint8_t' if spiking else 'real'} x{k} = {source}[2u * p + {k}u];",
                    f"for (uint32_t j = 0; j < 2u; ++j) {array}[2u * p + j] += "
                    + (f"x{k} ? {at} : 0;" if spiking else f"x{k} * {at};"),
                ]
            return loop(n_source // 2, lines, "p")
        if c.kind == "sparse":
            pre, post = c.synapses
            return self._sparse(array, source, spiking, pre, post, weights, n_source)
        used = weights != 0.0
        if used.mean() < SPARSE_BELOW:
            pre, post = np.nonzero(used)
            return self._sparse(array, source, spiking, pre, post, weights[used], n_source)
        n_target = weights.shape[1]
        table = self._table_2d("w", weights)
        body = [f"{array}[j] += {x}{table};"]
        inner = [
            "const real x = " + source + "[k];" if not spiking else "",
            f"if ({'x != 0' if not spiking else source + '[k]'}) {{",
            *indented(loop(n_target, body, "j")),
            "}",
        ]
        return loop(n_source, [line for line in inner if line])

    def _sparse(
        self, array: str, source: str, spiking: bool, pre: npt.NDArray[np.int64],
        post: npt.NDArray[np.int64], weights: FloatArray, n_source: int,
    ) -> list[str]:  # fmt: skip
        if not weights.size:
            return []
        if weights.size <= 4:
            lines = []
            for p, q, w in zip(pre.tolist(), post.tolist(), weights.tolist(), strict=True):
                value = real(w, self.precision)
                term = f"{source}[{p}] ? {value} : 0" if spiking else f"{source}[{p}] * {value}"
                lines.append(f"{array}[{q}] += {term};")
            return lines
        starts = np.searchsorted(pre, np.arange(n_source + 1))
        first, targets = self._indices("first", starts), self._indices("post", post)
        table = self._array("w", weights)
        x = "" if spiking else "x * "
        inner = [
            "" if spiking else f"const real x = {source}[k];",
            f"if ({source + '[k]' if spiking else 'x != 0'}) {{",
            f"    for (uint32_t j = {first}[k]; j < {first}[k + 1u]; ++j) {{",
            f"        {array}[{targets}[j]] += {x}{table}[j];",
            "    }",
            "}",
        ]
        return loop(n_source, [line for line in inner if line])

    # Steady start.

    def _settling(self) -> list[str]:
        """Return the functions of a settling pass and of all passes."""
        p = self.prefix
        lines = ["int changed = 0;"]
        for name, cells in self._cells.items():
            body = self._settled(name, cells)
            if body:
                lines += ["{", *indented(body), "}"]
        lines.append("return changed;")
        one = self._function(f"static int {p}_settle_once({p}_state *s, const real *in)", lines)
        lines = [
            f"for (int pass = 0; pass < {self._passes}; ++pass) {{",
            f"    if (!{p}_settle_once(s, in)) break;",
            "}",
        ]
        for name, depth in self._depth.items():
            if depth:
                c_name, size = self._names[name], self.network.size_of(name)
                now = "in[k]" if name == INPUT else f"s->{c_name}[k]"
                body = [f"s->{c_name}_past[{d}][k] = {now};" for d in range(depth)]
                body += [f"s->{c_name}[k] = in[k];"] if name == INPUT else []
                lines += loop(size, body)
        whole = self._function(f"static void {p}_settle({p}_state *s, const real *in)", lines)
        return [one, whole]

    def _settled(self, name: str, cells: Cells) -> list[str]:
        """Return the lines that settle a population, as in the kernel `settling_pass`."""
        c_name, size, refer = self._names[name], cells.population.size, self._refer(name)
        state = cells.state
        if cells.model == "integrate_and_fire" or (
            cells.model in ("lif", "iwta") and "current" not in state
        ):
            return []

        def of(coefficient: str) -> str:
            return refer(coefficient, cells.coefficients[coefficient])

        def source(c: Connection) -> str:
            return "in" if c.source == INPUT else f"s->{self._names[c.source]}"

        lines = self._driven("drive", size, name, "current", source)
        bias = "" if cells.zero("bias") else f"{of('bias')} + "
        body = [f"const real x = {bias}drive[k];"]
        out, current = f"s->{c_name}[k]", f"s->{c_name}_current[k]"
        if cells.model == "graded":
            body += ["real y = x;", "if (y < 0) y = 0;"]
            if not np.isposinf(cells.coefficients["ceiling"]).all():
                body.append(f"if (y > {of('ceiling')}) y = {of('ceiling')};")
            body += [f"changed = changed || y != {out};", f"{out} = y;"]
        elif name in self._looped:
            before = f"{of('decay_syn')} * {current} + " if "current" in state else ""
            body += [
                f"const real i = {before}x;",
                f"const real y = {of('decay_mem')} * {out} + {of('gain')} * i;",
                f"changed = changed || y != {out};",
            ]
            if "current" in state:
                body += [f"changed = changed || i != {current};", f"{current} = i;"]
            body.append(f"{out} = y;")
        else:
            body += self._steady(cells, of, out, current)
        return [*lines, *loop(size, body)]

    def _steady(self, cells: Cells, of: Callable[[str], str], out: str, current: str) -> list[str]:
        """Return the lines of the closed form, in double precision as in the native engine."""
        body = [
            f"const double d = 1.0 - (double){of('decay_syn')};",
            "const double i = d > 0.0 ? (double)x / d : 0.0;",
        ]
        if "current" in cells.state:
            body.append(f"{current} = (real)i;")
        if cells.model == "leaky_integrator":
            body += [
                f"const double m = 1.0 - (double){of('decay_mem')};",
                f"const real y = (real)(m > 0.0 ? (double){of('gain')} * i / m : 0.0);",
                f"changed = changed || y != {out};",
                f"{out} = y;",
            ]
        return body

    # Parts.

    def _kind(self, name: str) -> str:
        return "uint8_t" if self._is_spiking(name) else "real"

    def _is_spiking(self, name: str) -> bool:
        return name != INPUT and self.network.population(name).params.spiking

    def _incoming(self, name: str) -> list[Connection]:
        return [c for c in self.network.connections if c.target == name]

    def _refer(self, name: str) -> Callable[[str, FloatArray], str]:
        """Return a function that writes a coefficient of a population."""

        def refer(coefficient: str, values: FloatArray) -> str:
            return self._table(f"{self._names[name]}_{coefficient}", values)

        return refer

    def _table(self, label: str, values: FloatArray, index: str = "k") -> str:
        """Return the expression of element `index`, a constant if all are equal."""
        flat = np.ravel(values)
        if (flat == flat[0]).all():
            return real(float(flat[0]), self.precision)
        return f"{self._array(label, values)}[{index}]"

    def _table_2d(self, label: str, values: FloatArray) -> str:
        """Return the expression of the weight from `k` to `j`."""
        if (values == values[:, :1]).all():
            return self._table(label, values[:, 0], "k")
        if (values == values[:1]).all():
            return self._table(label, values[0], "j")
        return f"{self._array(label, values)}[{values.shape[1]}u * k + j]"

    def _array(self, label: str, values: FloatArray) -> str:
        """Return the name of a table, written once for equal values."""
        return self._named(label, "real", reals(values, self.precision), np.size(values))

    def _indices(self, label: str, values: npt.NDArray[np.int64]) -> str:
        bits = next(n for n in (8, 16, 32) if values.max() < 1 << n)
        kind = f"uint{bits}_t"
        return self._named(label, kind, integers(values), values.size)

    def _named(self, label: str, kind: str, content: str, n: int) -> str:
        key = (kind, content.encode())
        if key not in self._written:
            name = f"{self.prefix}_{label}{len(self._written)}"
            self._written[key] = name
            self.tables.append(f"static const {kind} {name}[{n}] = {{\n{content}\n}};")
        return self._written[key]

    def _function(self, head: str, lines: Iterable[str]) -> str:
        body = indented(["(void)s;", "(void)in;", *lines])
        return "\n".join([head, "{", *body, "}"])
