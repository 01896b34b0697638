"""C expressions from the Python expressions of kernels, with equal results in double precision."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from snn_control.errors import ParameterError
from snn_control.export.c.literals import real

__all__ = ["HELPERS", "Array", "Expression", "Expressions", "unsupported"]

C_TYPES = {"real": "double", "int": "int32_t", "bool": "int"}
"""C type of each kind of a value."""

HELPERS = {
    "lesser": "static double {0}(double a, double b)\n{{\n    return b < a ? b : a;\n}}",
    "greater": "static double {0}(double a, double b)\n{{\n    return b > a ? b : a;\n}}",
    "lesser_int": "static int32_t {0}(int32_t a, int32_t b)\n{{\n    return b < a ? b : a;\n}}",
    "greater_int": "static int32_t {0}(int32_t a, int32_t b)\n{{\n    return b > a ? b : a;\n}}",
    "size": "static double {0}(double a)\n{{\n    return a <= 0 ? 0.0 - a : a;\n}}",
    "size_int": "static int32_t {0}(int32_t a)\n{{\n    return a < 0 ? -a : a;\n}}",
    "signed": """static double {0}(double size, double sign)
{{
    union {{ double value; uint64_t bits; }} one, other;
    one.value = size;
    other.value = sign;
    one.bits = (one.bits & 0x7FFFFFFFFFFFFFFFu) | (other.bits & 0x8000000000000000u);
    return one.value;
}}""",
    "below": """static double {0}(double a)
{{
    if (!(a > -4503599627370496.0 && a < 4503599627370496.0)) return a;
    const double whole = (double)(int64_t)a;
    return whole > a ? whole - 1.0 : whole;
}}""",
    "root": """static double {0}(double a)
{{
    /* Bit by bit, rounded to nearest: equal on every processor. */
    union {{ double value; uint64_t bits; }} number;
    if (!(a > 0)) return a;
    number.value = a;
    int32_t power = (int32_t)(number.bits >> 52);
    if (power == 2047) return a;
    uint64_t digits = number.bits & 0xFFFFFFFFFFFFFu;
    if (power) digits |= 0x10000000000000u;
    else power = 1;
    while (!(digits & 0x10000000000000u)) {{
        digits <<= 1;
        --power;
    }}
    power -= 1023;
    if (power % 2) {{
        digits <<= 1;
        --power;
    }}
    digits <<= 1;
    uint64_t root = 0, rest = 0;
    for (uint64_t bit = 0x20000000000000u; bit; bit >>= 1) {{
        const uint64_t tried = rest + bit;
        if (tried <= digits) {{
            rest = tried + bit;
            digits -= tried;
            root += bit;
        }}
        digits <<= 1;
    }}
    root = (root >> 1) + (root & 1u);
    number.bits = root + ((uint64_t)(power / 2 + 1022) << 52);
    return number.value;
}}""",
}
"""Definition of each helper, with its name as the only field."""


@dataclass(frozen=True)
class Array:
    """Array argument of a kernel."""

    text: str
    """C expression."""
    size: int
    """Length."""
    source: str = ""
    """Name of the parameter that it came in by; empty for a table."""


@dataclass(frozen=True)
class Expression:
    """C expression of a number."""

    text: str
    """C text."""
    kind: str
    """`real`, `int` or `bool`."""
    level: int = 10
    """Precedence; 10 is that of a name."""
    constant: float | None = None
    """Value, if it is known."""

    def inside(self, level: int) -> str:
        """Return the text, in brackets if it binds less than `level`."""
        return self.text if self.level >= level else f"({self.text})"

    @property
    def test(self) -> str:
        """Text as a condition, to be joined with others."""
        return self.inside(5) if self.kind == "bool" else f"{self.inside(6)} != 0"


def unsupported(node: ast.AST, text: str = "") -> ParameterError:
    """Return the error for a part of a kernel that has no translation."""
    return ParameterError(
        f"no C for {ast.unparse(node)!r}{': ' if text else ''}{text}; write the kernel without it"
    )


def constant(value: Any) -> Expression:
    """Return the literal of a number.

    Raises:
        ParameterError: it is none.
    """
    if isinstance(value, bool):
        return Expression(str(int(value)), "bool", constant=value)
    if isinstance(value, int):
        return Expression(str(value), "int", 10 if value >= 0 else 8, value)
    if not isinstance(value, float):
        raise ParameterError(f"no C for {value!r}: expected a number")
    if math.isnan(value):
        return Expression("(0.0 / 0.0)", "real")
    if value == int(min(max(value, -1e9), 1e9)):
        text = f"{value:.1f}"
    else:
        text = real(value, "float64")
    return Expression(text, "real", 10 if value >= 0.0 else 8, value)


ARITHMETIC: dict[type, tuple[str, int]] = {
    ast.Add: ("+", 7), ast.Sub: ("-", 7), ast.Mult: ("*", 8), ast.Div: ("/", 8),
}  # fmt: skip
BITS: dict[type, tuple[str, int]] = {
    ast.BitAnd: ("&", 4), ast.RShift: (">>", 4), ast.LShift: ("<<", 4),
}  # fmt: skip
COMPARISONS: dict[type, str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


class Expressions:
    """Translator of the expressions of one kernel.

    Args:
        scope: globals of the kernel.
        helper: function from the key of a helper to its C name.
        call: function that translates the call of another kernel.
    """

    def __init__(
        self,
        scope: Mapping[str, Any],
        helper: Callable[[str], str],
        call: Callable[[Callable[..., Any], ast.Call], Expression],
    ) -> None:
        self.names: dict[str, Expression | Array] = {}
        """Values of parameters and local variables in scope."""
        self._scope, self._helper, self._kernel = scope, helper, call

    def value(self, node: ast.expr) -> Any:
        """Return the value of a global or of an attribute of a module.

        Raises:
            ParameterError: the kernel's module does not have it.
        """
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = self._scope.get(node.value.id)
            if hasattr(module, node.attr):
                return getattr(module, node.attr)
        if isinstance(node, ast.Name) and node.id in self._scope:
            return self._scope[node.id]
        raise unsupported(node, "the name is neither a variable nor a constant")

    def of(self, node: ast.expr) -> Expression:
        """Return the expression of a number."""
        match node:
            case ast.Constant():
                return constant(node.value)
            case ast.Name() if node.id in self.names:
                known = self.names[node.id]
                if isinstance(known, Array):
                    raise unsupported(node, "an array is not a number")
                return known
            case ast.Attribute(value=ast.Name() as array, attr="size"):
                return constant(self.array(array).size)
            case ast.Name() | ast.Attribute():
                return constant(self.value(node))
            case ast.Subscript():
                return Expression(self.element(node), "real")
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.BoolOp():
                joint, level = ("&&", 3) if isinstance(node.op, ast.And) else ("||", 2)
                tests = [self.of(each).test for each in node.values]
                return Expression(f" {joint} ".join(tests), "bool", level)
            case ast.Compare():
                return self._compare(node)
            case ast.IfExp():
                return self._choice(node)
            case ast.Call():
                return self._call(node)
        raise unsupported(node)

    def array(self, node: ast.expr) -> Array:
        """Return an array in scope."""
        known = self.names.get(node.id) if isinstance(node, ast.Name) else None
        if not isinstance(known, Array):
            raise unsupported(node, "expected an array")
        return known

    def element(self, node: ast.Subscript) -> str:
        """Return the text of an element of an array."""
        index = self.of(node.slice)
        if index.kind != "int":
            raise unsupported(node, "expected an integer as index")
        if index.constant is not None and index.constant < 0:
            raise unsupported(node, "expected an index from the start")
        return f"{self.array(node.value).text}[{index.text}]"

    def _unary(self, node: ast.UnaryOp) -> Expression:
        operand = self.of(node.operand)
        if isinstance(node.op, ast.Not):
            if operand.kind != "bool":
                return Expression(f"{operand.inside(6)} == 0", "bool", 5)
            return Expression(f"!{operand.inside(9)}", "bool", 9)
        if not isinstance(node.op, ast.USub):
            raise unsupported(node)
        if operand.constant is not None:
            return constant(-operand.constant)
        return Expression(f"-{operand.inside(9)}", operand.kind, 8)

    def _binary(self, node: ast.BinOp) -> Expression:
        left, right, kind = self.of(node.left), self.of(node.right), type(node.op)
        whole = left.kind != "real" and right.kind != "real"
        if kind in ARITHMETIC:
            sign, level = ARITHMETIC[kind]
            one = left.inside(level)
            if kind is ast.Div and whole:
                one, whole = f"(double){left.inside(9)}", False
            text = f"{one} {sign} {right.inside(level + 1)}"
            return Expression(text, "int" if whole else "real", level)
        if kind in BITS and whole:
            sign, level = BITS[kind]
            return Expression(f"{left.inside(8)} {sign} {right.inside(8)}", "int", level)
        if kind is ast.FloorDiv and right.constant == 2:
            if not whole:
                below = self._helper("below")
                return Expression(f"{below}({left.inside(8)} / 2.0)", "real")
            return Expression(f"{left.inside(8)} >> 1", "int", 4)
        raise unsupported(node)

    def _compare(self, node: ast.Compare) -> Expression:
        values = [self.of(each) for each in (node.left, *node.comparators)]
        tests = []
        for left, op, right in zip(values, node.ops, values[1:], strict=False):
            if type(op) not in COMPARISONS:
                raise unsupported(node)
            tests.append(f"{left.inside(6)} {COMPARISONS[type(op)]} {right.inside(6)}")
        return Expression(" && ".join(tests), "bool", 5 if len(tests) == 1 else 3)

    def _choice(self, node: ast.IfExp) -> Expression:
        test, one, other = self.of(node.test), self.of(node.body), self.of(node.orelse)
        if test.constant is not None:
            return one if test.constant else other
        kinds = {one.kind, other.kind}
        kind = "real" if "real" in kinds else "int" if "int" in kinds else "bool"
        text = f"{test.test} ? {one.inside(3)} : {other.inside(3)}"
        return Expression(text, kind, 1)

    def _call(self, node: ast.Call) -> Expression:
        named = node.func.id if isinstance(node.func, ast.Name) else ""
        if named in ("int", "float", "bool", "abs", "min", "max") and named not in self._scope:
            return self._builtin(named, [self.of(each) for each in node.args], node)
        function = self.value(node.func)
        helpers = {math.floor: "below", math.sqrt: "root", math.copysign: "signed"}
        if function in helpers:
            arguments = ", ".join(self.of(each).text for each in node.args)
            return Expression(f"{self._helper(helpers[function])}({arguments})", "real")
        if function in (math.isnan, math.isfinite):
            x = self.of(node.args[0]).inside(8)
            text = f"{x} != {x}" if function is math.isnan else f"{x} - {x} == 0"
            return Expression(text, "bool", 5)
        return self._kernel(function, node)

    def _builtin(self, name: str, arguments: list[Expression], node: ast.Call) -> Expression:
        one = arguments[0]
        if name == "int":
            return one if one.kind == "int" else Expression(f"(int32_t){one.inside(9)}", "int", 9)
        if name == "float":
            if one.kind == "real":
                return one
            return Expression(f"(double){one.inside(9)}", "real", 9)
        if name == "bool":
            return Expression(one.test, "bool", 5)
        whole = all(each.kind != "real" for each in arguments)
        kind, end = ("int", "_int") if whole else ("real", "")
        if name == "abs":
            return Expression(f"{self._helper('size' + end)}({one.text})", kind)
        helper = self._helper({"min": "lesser", "max": "greater"}[name] + end)
        text = one.text
        if len(arguments) < 2:
            raise unsupported(node)
        for each in arguments[1:]:
            text = f"{helper}({text}, {each.text})"
        return Expression(text, kind)
