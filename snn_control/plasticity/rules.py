"""Registry of local rules that change a network in operation.

Each rule is one pure function on arrays. The engine `native` runs it compiled, `reference` as plain
Python; the results are equal bit for bit. Other engines hold no plastic state.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from snn_control.errors import MissingExtraError, ParameterError, UnknownNameError
from snn_control.plasticity.optional_kernel import is_compiled, plain

__all__ = ["ENGINES", "RULES", "rule"]

RULES: dict[str, str] = {
    "decode": "pes.decode",
    "firing-rate": "firing_rate.firing_rate",
    "fixed-share": "fixed_share.fixed_share",
    "forward-model": "forward_model.correct_locally",
    "forward-model-kalman": "forward_model.correct",
    "hlop-extract": "hlop.extract",
    "hlop-project": "hlop.project",
    "intrinsic-threshold": "intrinsic_threshold.intrinsic_threshold",
    "pes": "pes.pes",
    "synaptic-scaling": "synaptic_scaling.synaptic_scaling",
    "triplet-stdp-arrival": "triplet_stdp.after_arrival",
    "triplet-stdp-spike": "triplet_stdp.after_spike",
    "weight-sum": "triplet_stdp.normalise",
}
"""Module and function of each rule, below `snn_control.plasticity`."""

ENGINES = ("native", "reference")
"""Engines that run rules."""


def rule(name: str, engine: str = "native") -> Callable[..., Any]:
    """Return the function of a rule.

    Args:
        name: name in `RULES`.
        engine: `native` for the compiled function, `reference` for plain Python.

    Raises:
        UnknownNameError: no such rule; with the closest names.
        ParameterError: an engine without rules.
        MissingExtraError: `native` without numba.
    """
    if name not in RULES:
        raise UnknownNameError("rule", name, RULES)
    if engine not in ENGINES:
        raise ParameterError(
            f"rule {name}: engine {engine!r} runs no rules, because the parameters of its networks "
            f"are constant in operation; expected {' or '.join(ENGINES)}"
        )
    module, _, function = RULES[name].rpartition(".")
    kernel: Callable[..., Any] = getattr(
        importlib.import_module(f"snn_control.plasticity.{module}"), function
    )
    if engine == "reference":
        return plain(kernel)
    if not is_compiled(kernel):
        raise MissingExtraError(
            f'rule {name}: numba is not installed: pip install "numba>=0.61"; or use the engine '
            "`reference`"
        )
    return kernel
