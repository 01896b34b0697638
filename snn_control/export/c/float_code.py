"""C code of one network in floating point.

Connections are written by kind. A dense connection with at least half of its weights 0 is written
as a sparse one: silent terms change no finite number.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from snn_control.export.c.literals import real, reals
from snn_control.export.c.network_code import INDENT, NetworkCode, indented, loop
from snn_control.export.c.neurons import Cells, threshold_lines, update_lines
from snn_control.network import Connection, Network, expand
from snn_control.network.neurons import NEURON_MODELS

__all__ = ["FloatCode"]

FloatArray = npt.NDArray[np.float64]
SPARSE_BELOW = 0.5
"""Share of weights other than 0 below which a dense connection is written as a sparse one."""


class FloatCode(NetworkCode):
    """Source of one network in floating point.

    Args:
        network: network.
        prefix: prefix of all names.
        precision: `float32` or `float64`.
    """

    number = input_number = "real"

    def __init__(self, network: Network, prefix: str, precision: str) -> None:
        super().__init__(network, prefix)
        self.precision = precision
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

    def cells(self, name: str) -> Cells:
        """Return a population with its coefficients."""
        return self._cells[name]

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

    def readout(self, index: int) -> str:
        """Return the expression of a read-out from the state `s`."""
        readout = self.network.readouts[index]
        value = f"s->{self._names[readout.population]}[{readout.neuron}]"
        spiking = self._cells[readout.population].spiking
        return f"(real){value}" if spiking else value

    def _population(self, name: str) -> list[str]:
        cells, c_name = self._cells[name], self._names[name]
        size = cells.population.size
        lines = [f"{self._output(name)[0]} *const out = s->{c_name};"]
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
        first, targets = self.tables.integers("first", starts), self.tables.integers("post", post)
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

    def _settled(self, name: str) -> list[str]:
        """Return the lines of the kernel `settling_pass`."""
        cells, c_name, refer = self._cells[name], self._names[name], self._refer(name)
        size = cells.population.size
        state = cells.state
        if cells.model == "integrate_and_fire" or (
            cells.model in ("lif", "iwta") and "current" not in state
        ):
            return []

        def of(coefficient: str) -> str:
            return refer(coefficient, cells.coefficients[coefficient])

        lines = self._driven("drive", size, name, "current", self._settled_source)
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
        content = reals(values, self.precision)
        return self.tables.array(label, "real", content, np.size(values))
