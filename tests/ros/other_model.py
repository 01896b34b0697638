"""Network that is not an altitude controller."""

from __future__ import annotations

import numpy as np

from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import LIF, LeakyIntegrator


def pendulum_network() -> Network:
    """Return a network of two neurons for the angle of a pendulum."""
    return Network(
        "pd",
        0.1,
        ("angle_rad",),
        (Population("code", 2, LIF(tau_mem_s=0.1)), Population("out", 1, LeakyIntegrator())),
        (
            Connection("input", "code", np.ones((1, 2))),
            Connection("code", "out", np.ones((2, 1))),
        ),
        (Readout("pd", "out"),),
    )
