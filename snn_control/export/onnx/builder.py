"""Graph of ONNX, node by node."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import require

__all__ = ["IR_VERSION", "OPSET", "Builder"]

OPSET = 17
IR_VERSION = 8
"""Version of the file format that has this set of operators."""


class Builder:
    """Nodes of a graph; tensors are names.

    Args:
        dtype: numbers of constants and results.
        outer: builder of the graph that contains this one, for unique names.
    """

    def __init__(self, dtype: npt.DTypeLike, outer: Builder | None = None) -> None:
        self.onnx = require("onnx", "onnx")
        self.dtype = np.dtype(dtype)
        self._numbers: Iterable[int] = outer._numbers if outer else itertools.count()
        self._nodes: list[Any] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._initializers: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def constant(self, values: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> str:
        """Return a constant; equal ones are one tensor."""
        array = np.ascontiguousarray(np.asarray(values), dtype or self.dtype)
        array = array.reshape(np.shape(values))
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self._name("constant")
            tensor = self.onnx.numpy_helper.from_array(array, self._constants[key])
            self._initializers.append(tensor)
        return self._constants[key]

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output and return that."""
        return self.nodes(kind, inputs, 1, **attributes)[0]

    def nodes(self, kind: str, inputs: Sequence[str], n: int, **attributes: Any) -> list[str]:
        """Add a node with `n` outputs and return them."""
        outputs = [self._name(kind.lower()) for _ in range(n)]
        made = self.onnx.helper.make_node(kind, list(inputs), outputs, **attributes)
        self._nodes.append(made)
        return outputs

    def cast(self, tensor: str) -> str:
        """Convert a tensor to the numbers of this graph."""
        return self.node("Cast", tensor, to=self._element(self.dtype))

    def input(self, name: str, shape: Sequence[int], dtype: npt.DTypeLike | None = None) -> str:
        """Declare an input and return it."""
        self._inputs.append(self._info(name, shape, dtype))
        return name

    def output(
        self, name: str, tensor: str, shape: Sequence[int], dtype: npt.DTypeLike | None = None
    ) -> None:
        """Declare an output."""
        self._nodes.append(self.onnx.helper.make_node("Identity", [tensor], [name]))
        self._outputs.append(self._info(name, shape, dtype))

    def unique(self, stem: str) -> str:
        """Return a name that no other tensor has."""
        return self._name(stem)

    def graph(self, name: str) -> Any:
        """Return the graph of all nodes that an output depends on."""
        used = {output.name for output in self._outputs}
        nodes = []
        for node in reversed(self._nodes):
            if used.intersection(node.output):
                nodes.append(node)
                used |= _read(node)
        constants = [each for each in self._initializers if each.name in used]
        return self.onnx.helper.make_graph(
            nodes[::-1], name, self._inputs, self._outputs, constants
        )

    def model(self, name: str, metadata: dict[str, str]) -> bytes:
        """Return the checked model as the content of a file."""
        helper = self.onnx.helper
        model = helper.make_model(
            self.graph(name),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="snn_control",
        )
        helper.set_model_props(model, metadata)
        self.onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))

    def _name(self, stem: str) -> str:
        return f"{stem}__{next(iter(self._numbers))}"

    def _info(self, name: str, shape: Sequence[int], dtype: npt.DTypeLike | None) -> Any:
        element = self._element(np.dtype(dtype or self.dtype))
        return self.onnx.helper.make_tensor_value_info(name, element, list(shape))

    def _element(self, dtype: np.dtype[Any]) -> int:
        return int(self.onnx.helper.np_dtype_to_tensor_dtype(dtype))


def _read(node: Any) -> set[str]:
    """Return the tensors that a node and its subgraphs read."""
    inner = [each for attribute in node.attribute for each in attribute.g.node]
    return set(node.input).union(*map(_read, inner))
