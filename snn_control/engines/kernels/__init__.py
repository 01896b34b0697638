"""Compiled network kernels over the flat layout of `engines.layout`.

`control_tick` is inlined into every loop: one tick, many ticks, many genomes, and the fused loops
of plant and network elsewhere. The equations stand once, in `neurons` and `connections`. Dense and
sparse connections are event-driven: only sources that are not silent are visited.
Sums keep the order of the reference engine, so results are equal bit for bit in float64.
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
