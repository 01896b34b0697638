"""Combination of several networks with the same inputs into one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from snn_control.errors import ParameterError
from snn_control.network.network import INPUT, Network


def merge(networks: Sequence[Network], name: str = "merged") -> Network:
    """Merge networks into one; population names are prefixed by the name of their network.

    Raises:
        ParameterError: the networks differ in inputs, control period, sub-ticks or start.
    """
    first = networks[0]
    for other in networks:
        for field in ("inputs", "control_period_s", "sub_ticks", "start"):
            if getattr(other, field) != getattr(first, field):
                raise ParameterError(
                    f"{other.name}.{field}: {getattr(other, field)!r} differs from "
                    f"{getattr(first, field)!r} of {first.name}"
                )

    def prefixed(network: Network, end: str) -> str:
        return end if end == INPUT else f"{network.name}.{end}"

    replace = dataclasses.replace
    return Network(
        name,
        first.control_period_s,
        first.inputs,
        tuple(replace(p, name=prefixed(n, p.name)) for n in networks for p in n.populations),
        tuple(
            replace(c, source=prefixed(n, c.source), target=prefixed(n, c.target))
            for n in networks
            for c in n.connections
        ),
        tuple(
            replace(r, population=prefixed(n, r.population)) for n in networks for r in n.readouts
        ),
        sub_ticks=first.sub_ticks,
        start=first.start,
    )
