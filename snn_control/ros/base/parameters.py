"""ROS parameters from frozen dataclasses: type, default, description, range, read-only.

Fields are made by `snn_control.loops.field.parameter`. A field that is neither `read_only` nor
`live` can change while the node is not configured.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from snn_control.errors import ConfigError, SnnControlError, did_you_mean
from snn_control.loops.field import field_docs
from snn_control.ros.base.node_config import NodeConfig

__all__ = ["Parameters"]

_NOT_OURS = ("use_sim_time", "start_type_description_service")
_NOT_OUR_PREFIXES = ("qos_overrides.", "diagnostic_updater.")


class Parameters:
    """ROS parameters for the fields of `NodeConfig` and of the dataclass of a node.

    An invalid override does not end the node: it is listed in `problems`, and the default is used
    until the parameter is set. `read` raises an error while there are problems.
    """

    def __init__(self, node: Node, config_type: type[Any]) -> None:
        self._node, self._types = node, (NodeConfig, config_type)
        self._fields = {f.name: f for kind in self._types for f in dataclasses.fields(kind)}
        self.problems: dict[str, str] = {}
        docs = field_docs(NodeConfig) | field_docs(config_type)
        overrides = dict(node._parameter_overrides)
        for name, field in self._fields.items():
            self._declare(field, docs.get(name, ""), overrides.get(name))
        for name in overrides:
            if name in self._fields or name in _NOT_OURS or name.startswith(_NOT_OUR_PREFIXES):
                continue
            meant = did_you_mean(name, self._fields)
            self.problems[name] = f"unknown parameter {name!r}{meant}"
        self.changed: Any = None
        """Function called with the new configuration after a change; optional."""
        self.configured: Any = lambda: False
        """Function that returns True if the node is configured; optional."""
        self.objection: Callable[[Any], str] = lambda config: ""
        """Function that returns the reason to refuse a configuration in operation; optional."""
        node.add_on_set_parameters_callback(self._check)
        node.add_post_set_parameters_callback(self._apply)

    def read(self) -> Any:
        """Return the configuration of the node; `NodeConfig` is checked as well.

        Raises:
            ConfigError: a parameter is invalid; lists all of them.
        """
        if self.problems:
            raise ConfigError("; ".join(self.problems.values()))
        return self._build({})

    def _build(self, changes: dict[str, Any]) -> Any:
        values = {name: self._node.get_parameter(name).value for name in self._fields} | changes
        for name, field in self._fields.items():
            if isinstance(field.default, tuple):
                values[name] = tuple(values[name] or ())
        _, own = (
            kind(**{field.name: values[field.name] for field in dataclasses.fields(kind)})
            for kind in self._types
        )
        return own

    def _declare(self, field: dataclasses.Field[Any], doc: str, override: Parameter | None) -> None:
        low, high = field.metadata.get("range") or (None, None)
        descriptor = ParameterDescriptor(
            description=doc, read_only=bool(field.metadata.get("read_only"))
        )
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        if isinstance(default, float):
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
        elif isinstance(default, int) and not isinstance(default, bool):
            descriptor.integer_range = [IntegerRange(from_value=low, to_value=high, step=1)]
        try:
            self._node.declare_parameter(field.name, default, descriptor)
        except InvalidParameterTypeException:
            value = override.value if override else None
            hint = f"; write {float(value)}" if type(value) is int else ""
            self.problems[field.name] = (
                f"parameter {field.name!r} is {value!r}, expected a {type(default).__name__}{hint}"
            )
        except InvalidParameterValueException as exc:
            self.problems[field.name] = str(exc)
        else:
            return
        self._node.declare_parameter(field.name, default, descriptor, ignore_override=True)

    def _check(self, parameters: list[Parameter]) -> SetParametersResult:
        changes: dict[str, Any] = {}
        for parameter in parameters:
            field = self._fields.get(parameter.name)
            if field is None:
                continue
            if self.configured() and not field.metadata.get("live"):
                reason = (
                    f"{parameter.name} cannot change while the node is configured; "
                    "clean it up first"
                )
                return SetParametersResult(successful=False, reason=reason)
            value = parameter.value
            changes[parameter.name] = tuple(value) if isinstance(field.default, tuple) else value
        reason = self._fault(changes) if changes else ""
        if reason and not self._fault({}):  # an invalid configuration may be fixed step by step
            return SetParametersResult(successful=False, reason=reason)
        if not reason and changes and self.configured():
            reason = self.objection(self._build(changes))
            if reason:
                return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)

    def _fault(self, changes: dict[str, Any]) -> str:
        try:
            self._build(changes)
        except (SnnControlError, TypeError) as exc:
            return str(exc)
        return ""

    def _apply(self, parameters: list[Parameter]) -> None:
        ours = [p.name for p in parameters if p.name in self._fields]
        for name in ours:
            self.problems.pop(name, None)
        if ours and self.changed is not None and not self.problems and not self._fault({}):
            self.changed(self._build({}))
