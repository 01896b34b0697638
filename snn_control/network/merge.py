"""Several networks on the same inputs as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from snn_control.errors import ParameterError
from snn_control.network.network import INPUT, Network


def merge(networks: Sequence[Network], name: str = "merged") -> Network:
    """Put `networks` side by side; population names get the network's name in front.

    Raises:
        ParameterError: they differ in inputs, period, sub-ticks or start.
    """
    first = networks[0]
    for other in networks:
        for field in ("inputs", "control_period_s", "sub_ticks", "start"):
            if getattr(other, field) != getattr(first, field):
                raise ParameterError(
                    f"{other.name}.{field}: {getattr(other, field)!r} differs from "
                    f"{getattr(first, field)!r} of {first.name}"
                )

    def inside(network: Network, end: str) -> str:
        return end if end == INPUT else f"{network.name}.{end}"

    replace = dataclasses.replace
    return Network(
        name,
        first.control_period_s,
        first.inputs,
        tuple(replace(p, name=inside(n, p.name)) for n in networks for p in n.populations),
        tuple(
            replace(c, source=inside(n, c.source), target=inside(n, c.target))
            for n in networks
            for c in n.connections
        ),
        tuple(replace(r, population=inside(n, r.population)) for n in networks for r in n.readouts),
        sub_ticks=first.sub_ticks,
        start=first.start,
    )
