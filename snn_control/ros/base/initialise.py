"""Initialisation of rclpy and of a node; each fault of arguments and environment with a remedy."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import rclpy
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.signals import SignalHandlerOptions

from snn_control.errors import ConfigError
from snn_control.ros.base.parameter_files import check_parameter_files

__all__ = ["LAST_DOMAIN", "initialise", "make_node"]

LAST_DOMAIN = 232
"""Last domain with ports below 65536 (RTPS 2.3, 9.6.1.1)."""
_REMEDIES = (
    (r"__ns|namespace", "a namespace is made of letters, digits and _, as in /blimp_1, without a "
                        "slash at its end"),
    (r"__node|node name", "a node name is made of letters, digits and _"),
    (r"log level", "expected debug, info, warn, error or fatal"),
    (r"logging", "set HOME or ROS_LOG_DIR to a folder that can be written"),
    (r"params-file|parameter file|params file|yaml|YAML", "name a readable YAML file"),
    (r"remap rule", "expected FROM:=TO"),
    (r"parameter override", "expected NAME:=VALUE"),
    (r"^\[", "unknown arguments after --ros-args"),
    (r"error not set", "the lines above have the reason"),
)  # fmt: skip
"""Pattern of a message of rclpy, and remedy."""

N = TypeVar("N")


def initialise(arguments: Sequence[str]) -> None:
    """Initialise rclpy with the arguments of the command line, without its signal handlers.

    Raises:
        ConfigError: an argument, a parameter file or the environment cannot be used.
    """
    check_parameter_files(arguments)
    _require_domain(os.environ.get("ROS_DOMAIN_ID", ""))
    with _refusals():
        rclpy.init(args=list(arguments), signal_handler_options=SignalHandlerOptions.NO)


def make_node(make: Callable[..., N], **options: Any) -> N:
    """Return a node.

    Raises:
        ConfigError: rclpy refuses its name, namespace or a parameter that rclpy declares.
    """
    with _refusals():
        return make(**options)


def _require_domain(text: str) -> None:
    """Refuse domains that rcl would replace by another one, or for which it has no port."""
    domain = text.strip()
    if domain and not (re.fullmatch(r"\d{1,9}", domain) and int(domain) <= LAST_DOMAIN):
        raise ConfigError(
            f"ROS_DOMAIN_ID is {text!r}; expected a whole number from 0 to {LAST_DOMAIN}"
        )


@contextmanager
def _refusals() -> Iterator[None]:
    refusals = (
        rclpy_implementation.RCLError,
        rclpy_implementation.UnknownROSArgsError,
        rclpy_implementation.RCLInvalidROSArgsError,
        NameValidationException,
        ParameterException,
    )
    try:
        yield
    except refusals as exc:
        problem = " ".join(str(exc).split(", at ")[0].split())
        remedies = (remedy for pattern, remedy in _REMEDIES if re.search(pattern, problem))
        raise ConfigError("; ".join(filter(None, (problem, next(remedies, ""))))) from exc
