"""C function of one kernel, statement by statement."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from snn_control.errors import ParameterError
from snn_control.export.c.names import RESERVED
from snn_control.export.c.network_code import INDENT
from snn_control.export.c.shell.expressions import (
    C_TYPES,
    Array,
    Expression,
    Expressions,
    constant,
    unsupported,
)

__all__ = ["Kernel", "Surroundings"]


class Surroundings(Protocol):
    """Functions around a kernel."""

    def helper(self, key: str) -> str:
        """Return the name of a helper, which is defined from then on."""

    def translated(
        self, function: Callable[..., Any], arguments: list[Array | Expression]
    ) -> Kernel:
        """Return the translation of a kernel for the lengths of its arrays."""


class Kernel:
    """Translation of one kernel.

    Args:
        function: kernel.
        sizes: length of each array argument; None for numbers.
        code: functions around it.

    Raises:
        ParameterError: the arguments are others.
    """

    def __init__(
        self, function: Callable[..., Any], sizes: tuple[int | None, ...], code: Surroundings
    ) -> None:
        python: Any = getattr(function, "py_func", function)
        tree = ast.parse(textwrap.dedent(inspect.getsource(python))).body[0]
        if not isinstance(tree, ast.FunctionDef):
            raise unsupported(tree, "expected a function")
        self.name, self._tree, self._code = "", tree, code
        """Name in C, set before its definition is written."""
        self.parameters = [argument.arg for argument in tree.args.args]
        if len(sizes) != len(self.parameters):
            raise ParameterError(f"kernel {tree.name} takes {', '.join(self.parameters)}")
        self.kind = _kind(tree.returns)
        """Kind of the returned number; empty: none."""
        self.written: set[str] = set()
        """Parameters whose arrays the kernel changes."""
        self._e = Expressions(python.__globals__, code.helper, self._call)
        self._types: dict[str, str] = {}
        """Kind of each variable."""
        for argument, size in zip(tree.args.args, sizes, strict=True):
            kind = _kind(argument.annotation)
            if (size is None) != bool(kind):
                raise ParameterError(f"kernel {tree.name}: {argument.arg} is annotated otherwise")
            if kind:
                self._declare(argument.arg, kind)
            else:
                name = argument.arg
                self._e.names[name] = Array(self._name(name), size or 0, name)
        self._temporaries = 0
        assigned = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _stored(n)]
        self._once = {name for name in assigned if assigned.count(name) == 1}
        self._changed = set(assigned)
        self._starts: dict[str, set[int]] = {}
        """Statements that declare a variable; none: it is declared at the head."""
        self._hoisted: dict[str, str] = {}
        """Kinds of the variables that are declared at the head."""

    @staticmethod
    def _name(name: str) -> str:
        return f"{name}_" if name in RESERVED or name == "real" else name

    def definition(self) -> str:
        """Return the C function."""
        nodes = [node for node in self._tree.body if not _documents(node)]
        self._starts = {
            name: {id(each) for each in _first_assignments(name, nodes) or ()}
            for name in self._changed
        }
        body = self._block(nodes)
        hoisted = [
            f"{C_TYPES[kind]} {self._name(name)} = 0;" for name, kind in self._hoisted.items()
        ]
        used = _names(nodes)
        unused = [f"(void){self._name(p)};" for p in self.parameters if p not in used]
        inner = "\n".join(_deeper([*unused, *hoisted, *body]))
        return f"{self._head()}\n{{\n{inner}\n}}"

    def _head(self) -> str:
        """Return name and parameters of the C function."""
        heads = []
        for parameter in self.parameters:
            value = self._e.names[parameter]
            if isinstance(value, Array):
                const = "" if parameter in self.written else "const "
                heads.append(f"{const}double *{value.text}")
            else:
                const = "" if parameter in self._changed else "const "
                heads.append(f"{const}{C_TYPES[value.kind]} {value.text}")
        head = f"static {C_TYPES[self.kind] if self.kind else 'void'} {self.name}("
        solid = [each.replace(" ", "\0") for each in heads]
        lines = [each.replace("\0", " ") for each in textwrap.wrap(", ".join(solid), 94)]
        if len(head + "".join(lines)) > 98:
            lines = ["", *_deeper(lines)]
        return head + "\n".join(lines) + ")"

    def call(self, arguments: list[Array | Expression]) -> str:
        """Return the C call; arrays that it changes must not be tables."""
        texts = []
        for parameter, each in zip(self.parameters, arguments, strict=True):
            if isinstance(each, Array) and parameter in self.written and not each.source:
                raise ParameterError(f"kernel {self.name} writes the constant array {each.text}")
            texts.append(each.text)
        return f"{self.name}({', '.join(texts)})"

    def _call(self, function: Callable[..., Any], node: ast.Call) -> Expression:
        """Return the call of another kernel by this one."""
        python = getattr(function, "py_func", function)
        if not inspect.isfunction(python) or node.keywords:
            raise unsupported(node)
        arguments = [
            self._e.array(each) if self._is_array(each) else self._e.of(each) for each in node.args
        ]
        other = self._code.translated(function, arguments)
        for parameter, each in zip(other.parameters, arguments, strict=True):
            if isinstance(each, Array) and parameter in other.written:
                self.written.add(each.source)
        return Expression(other.call(arguments), other.kind or "none")

    def _is_array(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and isinstance(self._e.names.get(node.id), Array)

    # Statements.

    def _block(self, nodes: list[ast.stmt]) -> list[str]:
        """Return the lines of a block; variables that it declares end with it."""
        outer = dict(self._e.names)
        lines = [line for node in nodes for line in self._statement(node)]
        for name in self._e.names.keys() - outer.keys() - self._hoisted.keys():
            del self._e.names[name]
        self._e.names.update(outer)
        return lines

    def _declare(self, name: str, kind: str) -> None:
        self._types[name] = kind
        self._e.names[name] = Expression(self._name(name), kind)

    def _statement(self, node: ast.stmt) -> list[str]:
        match node:
            case ast.Assign():
                return self._assign(node)
            case ast.AugAssign():
                whole = ast.copy_location(
                    ast.BinOp(_loaded(node.target), node.op, node.value), node
                )
                return self._store(node.target, self._e.of(whole))
            case ast.If():
                return self._if(node)
            case ast.While(orelse=[]):
                body = self._block(node.body)
                return [f"while ({self._e.of(node.test).test}) {{", *_deeper(body), "}"]
            case ast.For():
                return self._for(node)
            case ast.Return():
                return [
                    "return;" if node.value is None else f"return {self._returned(node.value)};"
                ]
            case ast.Expr(value=ast.Call()):
                return [f"{self._e.of(node.value).text};"]
        raise unsupported(node)

    def _returned(self, node: ast.expr) -> str:
        value = self._e.of(node)
        if self.kind == "int" and value.kind == "real":
            raise unsupported(node, "a number is returned as an integer")
        return value.test if self.kind == "bool" else value.text

    def _if(self, node: ast.If) -> list[str]:
        test = self._e.of(node.test)
        lines = [f"if ({test.text if test.kind == 'bool' else test.test}) {{"]
        lines += _deeper(self._block(node.body))
        if node.orelse:
            other = self._block(node.orelse)
            if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                return [*lines, f"}} else {other[0]}", *other[1:]]
            return [*lines, "} else {", *_deeper(other), "}"]
        return [*lines, "}"]

    def _for(self, node: ast.For) -> list[str]:
        if not isinstance(node.target, ast.Name) or node.orelse:
            raise unsupported(node)
        if node.target.id in _assigned(node.body):
            raise unsupported(node, "the loop variable is assigned in the loop")
        outer = self._e.names.get(node.target.id)
        if outer is not None:
            raise unsupported(node, "the loop variable is a variable before the loop")
        match node.iter:
            case ast.Call(func=ast.Name(id="range")):
                lines = self._for_range(node, node.iter, node.target.id)
            case _:
                lines = self._for_constants(node, node.target.id)
        self._e.names.pop(node.target.id)
        return lines

    def _for_range(self, node: ast.For, call: ast.Call, name: str) -> list[str]:
        """Return the loop over a range; its end is evaluated once."""
        k, arguments = self._name(name), [self._e.of(each) for each in call.args]
        start, stop = (constant(0), arguments[0]) if len(arguments) == 1 else arguments[:2]
        down = len(arguments) == 3
        if down and arguments[2].constant != -1:
            raise unsupported(node, "expected a step of 1 or -1")
        end, bound = stop.inside(6), ""
        if stop.constant is None and (not end.isidentifier() or end in _assigned(node.body)):
            end, bound = f"{k}_end", f", {k}_end = {end}"
        move, sign = (f"--{k}", ">") if down else (f"++{k}", "<")
        self._declare(name, "int")
        head = f"for (int32_t {k} = {start.text}{bound}; {k} {sign} {end}; {move}) {{"
        return [head, *_deeper(self._block(node.body)), "}"]

    def _for_constants(self, node: ast.For, name: str) -> list[str]:
        """Return the loop over a tuple."""
        k = self._name(name)
        if isinstance(node.iter, ast.Tuple):
            items = [self._e.of(each) for each in node.iter.elts]
        else:
            items = [constant(each) for each in self._e.value(node.iter)]
        kind = "real" if any(each.kind == "real" for each in items) else "int"
        static = "static " if all(each.constant is not None for each in items) else ""
        values = textwrap.wrap(", ".join(each.text for each in items), 84)
        self._declare(name, kind)
        table = [f"{static}const {C_TYPES[kind]} {k}_of[{len(items)}] = {{", *_deeper(values), "};"]
        head = f"for (uint32_t {k}_at = 0; {k}_at < {len(items)}u; ++{k}_at) {{"
        body = [f"const {C_TYPES[kind]} {k} = {k}_of[{k}_at];", *self._block(node.body)]
        return ["{", *_deeper([*table, head, *_deeper(body), "}"]), "}"]

    def _assign(self, node: ast.Assign) -> list[str]:
        if len(node.targets) > 1:
            value = self._e.of(node.value)
            stored = self._temporary(value) if value.constant is None else ([], value)
            lines = stored[0]
            for target in node.targets:
                lines += self._assign_one(target, stored[1])
            return lines
        target = node.targets[0]
        if not isinstance(target, ast.Tuple):
            return self._assign_one(target, self._e.of(node.value))
        if not isinstance(node.value, ast.Tuple) or len(node.value.elts) != len(target.elts):
            raise unsupported(node)
        values = [self._e.of(each) for each in node.value.elts]
        lines = []
        if _overlap(target, node.value):
            kept = [self._temporary(each) for each in values]
            lines, values = [line for made, _ in kept for line in made], [v for _, v in kept]
        for each, value in zip(target.elts, values, strict=True):
            lines += self._assign_one(each, value)
        return lines

    def _temporary(self, value: Expression) -> tuple[list[str], Expression]:
        """Return the line that keeps a value, and its name."""
        self._temporaries += 1
        name = f"kept{self._temporaries}"
        return (
            [f"const {C_TYPES[value.kind]} {name} = {value.text};"],
            Expression(name, value.kind),
        )

    def _assign_one(self, target: ast.expr, value: Expression) -> list[str]:
        if isinstance(target, ast.Name) and target.id not in self._e.names:
            name, kind = target.id, value.kind
            self._declare(name, kind)
            if self._starts[name]:
                const = "const " if name in self._once else ""
                return [f"{const}{C_TYPES[kind]} {self._name(name)} = {value.text};"]
            self._hoisted[name] = kind
        return self._store(target, value)

    def _store(self, target: ast.expr, value: Expression) -> list[str]:
        if isinstance(target, ast.Name):
            kind = self._types[target.id]
            if kind != "real" and value.kind == "real":
                raise unsupported(target, "an integer variable gets a real number")
            return [f"{self._name(target.id)} = {value.text};"]
        if not isinstance(target, ast.Subscript):
            raise unsupported(target)
        array = self._e.array(target.value)
        self.written.add(array.source)
        if isinstance(target.slice, ast.Slice):
            if ast.unparse(target.slice) != ":":
                raise unsupported(target)
            return [f"for (int32_t all = 0; all < {array.size}; ++all) {array.text}[all] = "
                    f"{value.text};"]  # fmt: skip
        return [f"{self._e.element(target)} = {value.text};"]


def _kind(annotation: ast.expr | None) -> str:
    """Return the kind of an annotated number; empty for an array or None."""
    kinds = {"float": "real", "int": "int", "bool": "bool"}
    return kinds.get(ast.unparse(annotation), "") if annotation else ""


def _deeper(lines: Iterable[str]) -> list[str]:
    return [INDENT + line for line in lines]


def _documents(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _loaded(node: ast.expr) -> ast.expr:
    """Return a target as the expression that reads it."""
    expression = ast.parse(ast.unparse(node), mode="eval").body
    return ast.copy_location(expression, node)


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    """Return all names in statements or expressions."""
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}


def _targets(node: ast.stmt) -> list[ast.expr]:
    """Return the single targets of an assignment."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [each for t in targets for each in (t.elts if isinstance(t, ast.Tuple) else [t])]


def _assigned(nodes: list[ast.stmt]) -> set[str]:
    """Return the names of all variables that statements assign."""
    walked = (each for node in nodes for each in ast.walk(node))
    stored = (n for n in walked if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return {name.id for name in stored}


def _overlap(target: ast.Tuple, value: ast.Tuple) -> bool:
    """Return True if a value reads an array or a variable of an earlier target."""
    changed: set[str] = set()
    for each, read in zip(target.elts, value.elts, strict=True):
        if changed & {n.id for n in ast.walk(read) if isinstance(n, ast.Name)}:
            return True
        changed.add(next(n.id for n in ast.walk(each) if isinstance(n, ast.Name)))
    return False


def _first_assignments(name: str, nodes: list[ast.stmt]) -> list[ast.stmt] | None:
    """Return the assignments before all other uses of a variable in separate blocks; or None.

    Each is directly in a block that has all uses that follow it.
    """
    users = [node for node in nodes if name in _names([node])]
    if not users:
        return []
    first = users[0]
    if isinstance(first, ast.Assign):
        plain = name in _names(t for t in _targets(first) if isinstance(t, ast.Name))
        return [first] if plain and name not in _names([first.value]) else None
    starts = []
    for node in users:
        if not isinstance(node, ast.If | ast.For | ast.While):
            return None
        if isinstance(node, ast.For) and name in _names([node.target]):
            continue
        head = node.iter if isinstance(node, ast.For) else node.test
        inner = [_first_assignments(name, part) for part in (node.body, node.orelse)]
        if name in _names([head]) or None in inner:
            return None
        starts += [each for part in inner for each in part or ()]
    return starts
