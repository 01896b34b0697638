"""C code of one network in integers, bit-equal to `IntegerEngine`.

Neurons with equal incoming weights and biases have one drive, which is computed once: a column.
A population with few columns is written column by column, others neuron by neuron. Memoryless LIF
neurons of one column fire in the order of their thresholds, so the number of those that fire, the
rank of the column, holds all spikes: where all readers of the population have few columns, it is
its state, and sums of weights over the neurons that fire are tables of running sums.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from snn_control.engines.integer.arithmetic import LIMIT, IntArray
from snn_control.engines.integer.formats import ConnectionFormat, NetworkFormat
from snn_control.export.c.integer.neurons import (
    IntegerCells,
    steady,
    threshold_lines,
    update_lines,
)
from snn_control.export.c.integer.sums import columns_of, is_wide, rescaled
from snn_control.export.c.literals import integers
from snn_control.export.c.network_code import INDENT, NetworkCode, loop
from snn_control.network import INPUT, Connection

__all__ = ["IntegerCode"]

MOST_COLUMNS = 8
"""Number of columns up to which a population is written column by column."""
UNROLLED = 4
"""Number of terms up to which a sum is written without a loop."""
UNSIGNED = ("decay_syn", "decay_mem", "decay_adaptation", "gain")


class IntegerCode(NetworkCode):
    """Source of one network in integers.

    Args:
        form: network in integers.
        prefix: prefix of all names.
    """

    number, input_number = "int32_t", "int16_t"

    def __init__(self, form: NetworkFormat, prefix: str) -> None:
        super().__init__(form.network, prefix)
        self.form = form
        self._cells = {
            name: IntegerCells(each.population, {}, bool(form.incoming(name, "adaptation")), each)
            for name, each in form.populations.items()
        }
        self._columns = {name: columns_of(form, name) for name in form.populations}
        self._ranked = {name for name in form.populations if self._can_be_ranked(name)}

    def _few_columns(self, name: str) -> bool:
        return len(self._columns[name]) <= MOST_COLUMNS

    def _can_be_ranked(self, name: str) -> bool:
        cells = self._cells[name]
        reset = cells.population.params.choice("reset", "soft")
        if cells.model != "lif" or cells.state or reset != "hard" or self.network.sub_ticks > 1:
            return False
        readers = {
            c.connection.target for c in self.form.connections if c.connection.source == name
        }
        if not all(map(self._few_columns, {name, *readers})):
            return False
        return max(column.size for column in self._columns[name]) < 256

    def cells(self, name: str) -> IntegerCells:
        """Return a population with its coefficients."""
        return self._cells[name]

    def initial(self) -> str:
        """Return the lines of an initialised state that are not 0."""
        lines = []
        for name, cells in self._cells.items():
            if "theta" in cells.state:
                value = self._refer(name)("compared", cells.form.coefficients["compared"])
                lines += loop(
                    cells.population.size, [f"s->{self._names[name]}_theta[k] = {value};"]
                )
        return "\n".join(INDENT + line for line in lines)

    def readout(self, index: int) -> str:
        """Return the expression of a read-out from the state `s`."""
        readout = self.network.readouts[index]
        name, c_name = readout.population, self._names[readout.population]
        if name not in self._ranked:
            value = f"s->{c_name}[{readout.neuron}]"
            return f"(int32_t){value}" if self._is_spiking(name) else value
        for g, column in enumerate(self._columns[name]):
            if readout.neuron in column:
                return f"(int32_t)(s->{c_name}[{g}] > {column.tolist().index(readout.neuron)}u)"
        raise AssertionError(readout)

    # Parts of the state.

    def _output(self, name: str) -> tuple[str, int]:
        if name != INPUT and name in self._ranked:
            return "uint8_t", len(self._columns[name])
        return super()._output(name)

    def _copied(self, name: str, first: int) -> list[str]:
        if name not in self._ranked:
            return super()._copied(name, first)
        lines = []
        for g, column in enumerate(self._columns[name]):
            rank, start = f"s->{self._names[name]}[{g}]", int(column[0])
            step = int(column[1] - start) if column.size > 1 else 1
            if column.size == 1:
                lines.append(f"counts[{first + start}] = {rank};")
            elif step > 0 and (column == start + step * np.arange(column.size)).all():
                lines.append(
                    f"spread_rank(counts + {first + start}, {column.size}u, {step}u, {rank});"
                )
            else:
                order = self.tables.integers("order", column)
                index = f"{first}u + {order}[k]"
                lines += loop(column.size, [f"counts[{index}] = k < {rank};"])
        return lines

    # Tick.

    def _population(self, name: str) -> list[str]:
        cells, c_name = self._cells[name], self._names[name]
        if name in self._ranked:
            return self._ranks(name, c_name)
        size, refer = cells.population.size, self._refer(name)
        lines = [f"{self._output(name)[0]} *const out = s->{c_name};"]
        lines += [f"int32_t *const {each} = s->{c_name}_{each};" for each in cells.state]
        if cells.driven:
            lines += self._drive(name, "current", "drive", self._source)
        if cells.adapted:
            lines += self._drive(name, "adaptation", "extra", self._source)
        if cells.model == "iwta" and "potential" not in cells.state:
            lines.append(f"int32_t v_now[{size}];")
        lines += loop(size, update_lines(cells, refer))
        if cells.model == "iwta":
            lines += loop(size, threshold_lines(cells, refer))
        return lines

    def _ranks(self, name: str, c_name: str) -> list[str]:
        """Return the lines that count the neurons that fire in each column."""
        lines = self._column_drives(name, "current", self._source)
        compared = self._cells[name].form.coefficients["compared"]
        for g, column in enumerate(self._columns[name]):
            thresholds = compared[column]
            bits = 16 if np.abs(thresholds).max() < 2**15 else 32
            rank = f"(uint8_t)(d{g} > {thresholds[0]})"
            if column.size > 1:
                content = integers(thresholds)
                table = self.tables.array("theta", f"int{bits}_t", content, column.size)
                rank = f"rank{bits}({table}, {column.size}u, d{g})"
            lines.append(f"s->{c_name}[{g}] = {rank};")
        return lines

    def _drive(
        self, name: str, port: str, array: str, source: Callable[[Connection], str]
    ) -> list[str]:
        """Return the lines of the saturated input to each neuron."""
        size = self.network.size_of(name)
        if self._few_columns(name):
            return [*self._column_drives(name, port, source), *self._spread(name, array)]
        bias = "0"
        if port == "current":
            bias = self._refer(name)("bias", self._cells[name].form.coefficients["bias"])
        lines = [f"int32_t {array}[{size}];", *loop(size, [f"{array}[k] = {bias};"])]
        for each in self._incoming(name, port, source):
            lines += self._added(array, each, source(each.connection))
        return [*lines, *loop(size, [f"{array}[k] = saturate({array}[k], {LIMIT});"])]

    def _incoming(
        self, name: str, port: str, source: Callable[[Connection], str]
    ) -> list[ConnectionFormat]:
        """Return the connections that end at a port; no neuron fires while the network settles."""
        incoming = self.form.incoming(name, port)
        if source == self._settled_source:
            return [each for each in incoming if not self._is_spiking(each.connection.source)]
        return incoming

    # Column by column.

    def _column_drives(
        self, name: str, port: str, source: Callable[[Connection], str]
    ) -> list[str]:
        """Return the lines that define the drive `dG` of each column."""
        lines: list[str] = []
        done: dict[tuple[int, bytes], str] = {}
        form = self._cells[name].form
        prefix = "d" if port == "current" else "e"
        for g, column in enumerate(self._columns[name]):
            bias = int(form.coefficients["bias"][column[0]]) if port == "current" else 0
            terms = [str(bias)] if bias else []
            for number, each in enumerate(self._incoming(name, port, source)):
                weights = each.weights[:, column[0]]
                if not weights.any():
                    continue
                key, mirrored = (number, weights.tobytes()), (number, (-weights).tobytes())
                if key not in done and mirrored not in done:
                    done[key] = f"{prefix}{g}_{number}"
                    lines += self._summed(done[key], each, weights, source(each.connection))
                terms.append(done[key] if key in done else f"-{done[mirrored]}")
            total = _sum(terms)
            if len(terms) > 1 or form.drive_limit > LIMIT:
                total = f"saturate({total}, {LIMIT})"
            lines.append(f"const int32_t {prefix}{g} = {total};")
        return lines

    def _summed(
        self, label: str, each: ConnectionFormat, weights: IntArray, source: str
    ) -> list[str]:
        """Return the lines that define `label`, the rescaled sum of a column."""
        name, wide = each.connection.source, is_wide(each)
        kind = "int64_t" if wide else "int32_t"
        lines: list[str] = []
        terms: list[str] = []
        if name != INPUT and name in self._ranked:
            for h, column in enumerate(self._columns[name]):
                if weights[column].any():
                    terms.append(self._running_sum(weights[column], f"{source}[{h}]"))
        elif np.count_nonzero(weights) <= UNROLLED:
            for k in np.flatnonzero(weights).tolist():
                terms.append(_times(int(weights[k]), f"({kind}){source}[{k}]"))
        else:
            table = self.tables.integers("w", weights)
            spiking = self._is_spiking(name)
            term = f"{table}[k]" if spiking else f"({kind}){source}[k] * {table}[k]"
            add = (
                f"if ({source}[k]) sum_{label} += {term};" if spiking else f"sum_{label} += {term};"
            )
            lines = [f"{kind} sum_{label} = 0;", *loop(weights.size, [add])]
            terms = [f"sum_{label}"]
        value = rescaled(_sum(terms), each, self._limit(each))
        return [*lines, f"const int32_t {label} = {value};"]

    def _running_sum(self, weights: IntArray, rank: str) -> str:
        """Return the expression of the sum over the first `rank` weights."""
        if (weights == weights[0]).all():
            return _times(int(weights[0]), f"(int32_t){rank}")
        sums = np.concatenate([[0], np.cumsum(weights)])
        sign = 1 if sums[np.flatnonzero(sums)[0]] > 0 else -1  # mirrored codes share a table
        return _times(sign, f"(int32_t){self.tables.integers('sums', sign * sums)}[{rank}]")

    def _spread(self, name: str, array: str) -> list[str]:
        """Return the lines that copy the drives of columns to neurons."""
        size, columns = self.network.size_of(name), self._columns[name]
        prefix = "d" if array == "drive" else "e"
        drives = ", ".join(f"{prefix}{g}" for g in range(len(columns)))
        if size == len(columns):
            order = np.argsort([int(column[0]) for column in columns])
            drives = ", ".join(f"{prefix}{g}" for g in order.tolist())
            return [f"const int32_t {array}[{size}] = {{{drives}}};"]
        if len(columns) == 1:
            return [f"int32_t {array}[{size}];", *loop(size, [f"{array}[k] = {prefix}0;"])]
        of = np.zeros(size, np.int64)
        for g, column in enumerate(columns):
            of[column] = g
        table = self.tables.integers("column", of)
        return [
            f"const int32_t {array}_of[{len(columns)}] = {{{drives}}};",
            f"int32_t {array}[{size}];",
            *loop(size, [f"{array}[k] = {array}_of[{table}[k]];"]),
        ]

    # Neuron by neuron.

    def _added(self, array: str, each: ConnectionFormat, source: str) -> list[str]:
        """Return the lines that add a connection to an array of drives."""
        weights, spiking = each.weights, self._is_spiking(each.connection.source)
        kind = "int64_t" if is_wide(each) else "int32_t"
        n_source, n_target = weights.shape
        pre, post = np.nonzero(weights)
        if (np.bincount(post, minlength=n_target) <= 1).all():
            return self._single(array, each, source)
        lines = [f"{kind} sum[{n_target}];", *loop(n_target, ["sum[j] = 0;"], "j")]
        values = weights[pre, post]
        constant = str(int(values[0])) if (values == values[0]).all() else ""
        if post.size == weights.size:
            target, inner = "j", f"j = 0; j < {n_target}u; ++j"
            weight = constant or f"{self.tables.integers('w', weights)}[{n_target}u * k + j]"
        else:
            starts = self.tables.integers("first", np.searchsorted(pre, np.arange(n_source + 1)))
            inner = f"j = {starts}[k]; j < {starts}[k + 1u]; ++j"
            target = f"{self.tables.integers('post', post)}[j]"
            weight = constant or f"{self.tables.integers('w', values)}[j]"
        term = weight if spiking else f"x * {weight}"
        body = [
            *([] if spiking else [f"const {kind} x = {source}[k];"]),
            f"if ({f'{source}[k]' if spiking else 'x != 0'}) {{",
            f"    for (uint32_t {inner}) sum[{target}] += {term};",
            "}",
        ]
        total = rescaled("sum[j]", each, self._limit(each))
        lines += loop(n_source, body)
        lines += loop(n_target, [f"{array}[j] += {total};"], "j")
        return ["{", *(INDENT + line for line in lines), "}"]

    def _single(self, array: str, each: ConnectionFormat, source: str) -> list[str]:
        """Return the lines of a connection with at most one source for each target."""
        pre, post = np.nonzero(each.weights)
        order = np.argsort(post)
        pre, post = pre[order], post[order]
        values = each.weights[pre, post]
        n = post.size
        plain = (post == np.arange(n)).all()
        target = "k" if plain else f"{self.tables.integers('post', post)}[k]"
        if (pre == pre[0]).all():
            index = str(pre[0])
        elif (pre == np.arange(n)).all():
            index = "k"
        else:
            index = f"{self.tables.integers('pre', pre)}[k]"
        value = f"({'int64_t' if is_wide(each) else 'int32_t'}){source}[{index}]"
        if (values == values[0]).all():
            value = _times(int(values[0]), value)
        else:
            value = f"{value} * {self.tables.integers('w', values)}[k]"
        return loop(n, [f"{array}[{target}] += {rescaled(value, each, self._limit(each))};"])

    # Steady start.

    def _settled(self, name: str) -> list[str]:
        cells, c_name, refer = self._cells[name], self._names[name], self._refer(name)
        size, state, form = cells.population.size, cells.state, cells.form
        looped = name in self._looped
        if not (cells.driven if looped else cells.settles):
            return []
        lines = self._drive(name, "current", "drive", self._settled_source)
        lines.append(f"int32_t *const out = s->{c_name};" if not cells.spiking else "")
        lines += [f"int32_t *const {each} = s->{c_name}_{each};" for each in state
                  if each == "current"]  # fmt: skip
        if cells.model == "graded" or looped:
            body = ["const int32_t before = out[k];"]
            body += ["const int32_t i_before = current[k];"] if "current" in state else []
            body += update_lines(cells, refer)
            body.append("changed = changed || out[k] != before;")
            if "current" in state:
                body.append("changed = changed || current[k] != i_before;")
        else:
            assert form.steady is not None
            current, output = form.steady
            body = [f"const int32_t i = {steady('drive[k]', current, 'steady_i', refer, LIMIT)};"]
            body += ["current[k] = i;"] if "current" in state else []
            if cells.model == "leaky_integrator":
                value = steady("i", output, "steady_y", refer, form.limit)
                body += [
                    f"const int32_t y = {value};",
                    "changed = changed || y != out[k];",
                    "out[k] = y;",
                ]
        return [line for line in [*lines, *loop(size, body)] if line]

    # Parts.

    def _limit(self, each: ConnectionFormat) -> int:
        return self._cells[each.connection.target].form.drive_limit

    def _refer(self, name: str) -> Callable[[str, IntArray], str]:
        """Return a function that writes a coefficient of a population."""

        def refer(coefficient: str, values: IntArray) -> str:
            flat = np.ravel(values)
            if (flat == flat[0]).all():
                return f"{flat[0]}{'u' if flat[0] >= 2**31 else ''}"
            unsigned = coefficient in UNSIGNED
            label = f"{self._names[name]}_{coefficient}"
            return f"{self.tables.integers(label, flat, signed=not unsigned)}[k]"

        return refer


def _times(weight: int, value: str) -> str:
    return value if weight == 1 else f"-{value}" if weight == -1 else f"{weight} * {value}"


def _sum(terms: list[str]) -> str:
    return " + ".join(terms).replace("+ -", "- ") or "0"
