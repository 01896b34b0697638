"""Compiled network kernels over the flat layout of `engines.layout`.

`control_tick` is inlined into every loop: one tick, many ticks, many networks, and the fused loops
of plant and network elsewhere. The equations are written once, in `neurons` and `connections`.
Dense and sparse connections are event-driven: they skip silent sources. Sums keep the order of the
reference engine, so that results are bit-identical in float64.
"""

from snn_control.engines.kernels.loops import run_network, run_population
from snn_control.engines.kernels.state import State, aligned_copy, new_state, rest
from snn_control.engines.kernels.tick import control_tick

__all__ = [
    "State",
    "aligned_copy",
    "control_tick",
    "new_state",
    "rest",
    "run_network",
    "run_population",
]
