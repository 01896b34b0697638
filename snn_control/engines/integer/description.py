"""Description of integer formats as JSON values: units, exponents, roundings, bounds."""

from __future__ import annotations

from typing import Any

from snn_control.engines.integer.formats import NetworkFormat
from snn_control.engines.integer.program import ProgramFormat

__all__ = ["described"]


def described(form: ProgramFormat) -> dict[str, Any]:
    """Return units of inputs (or signals) and outputs, and the formats of each network."""
    return {
        "weight_bits": form.bits,
        "input_units": [each.lsb for each in form.inputs],
        "output_units": [2.0**-each for each in form.exponents],
        "networks": [_network(each) for each in form.networks],
    }


def _network(form: NetworkFormat) -> dict[str, Any]:
    return {
        "name": form.network.name,
        "exponents": {name: each.exponent for name, each in form.populations.items()},
        "connections": [
            {
                "connection": each.connection.label,
                "rounding": each.rounding,
                "unit": each.scale,
                "largest_sum": each.bound,
                "sum_bits": 64 if each.bound >= 2**31 else 32,
            }
            for each in form.connections
        ],
    }
