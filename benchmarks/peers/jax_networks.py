"""Networks of the benchmark in JAX: closed loop of the toy blimp, and populations.

All common ways to write it on a CPU are timed once, and the fastest is the peer: `vmap` over
genomes, `lax.map` with batches, the scan unrolled twice, and the population split over one XLA
device for each core (`shard_map`), which runs the whole loop in parallel. Two gains were looked for
in vain: donated buffers have nothing to reuse, because the state exists only inside the scan, and
gathering the rows of neurons that spiked is slower than the dense product.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.worker import throughput

CORES = len(os.sched_getaffinity(0))
FLAGS = "--xla_force_host_platform_device_count={n} {wide}"
BATCHES = (0, 1, 4, 8, 16, 32, 64)
"""Genomes of a batch of `lax.map`; 0 is `vmap` over all genomes."""
UNROLLS = (1, 2)
N_GENOMES, N_TICKS = 256, 1000


def start_jax(split: bool) -> Any:
    """Import JAX with one device for each core, or with one device."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        wide = "--xla_cpu_prefer_vector_width=512" if "avx512f" in file.read() else ""
    os.environ["XLA_FLAGS"] = FLAGS.format(n=CORES if split else 1, wide=wide)
    os.environ["JAX_PLATFORMS"] = "cpu"
    import jax

    return jax


def network_step(weights: Any, state: Any, x: Any) -> tuple[Any, Any]:
    """Advance one network by one tick; return the state and the output."""
    i, v, z, i_o, v_o = state
    a = i + x @ weights["w_in"]
    if "w_rec" in weights:
        a = a + z @ weights["w_rec"]
    v = v + 0.1 * (a - v)
    z = (v > 1.0).astype(v.dtype)
    j = i_o + (z * weights["w_out"]).sum()
    v_o = v_o + 0.1 * (j - v_o)
    return (0.8 * a, v * (1.0 - z), z, 0.8 * j, v_o), v_o


def rest(jnp: Any, weights: Any) -> Any:
    """Return the state at rest."""
    zeros = jnp.zeros_like(weights["w_out"])
    return zeros, zeros, zeros, zeros[0], zeros[0]


def episode_cost(unroll: int, weights: Any, reference: Any) -> Any:
    """Return the cost of an episode of one genome; equations: `bench.toy_blimp`."""
    import jax.numpy as jnp
    from jax import lax

    from snn_control.bench.toy_blimp import CENTRES, DT_S, SLOPE

    centres = jnp.asarray(CENTRES, reference.dtype)

    def step(carry: Any, target: Any) -> tuple[Any, None]:
        (z, v, f, cost), network = carry
        e = target - z
        q = jnp.clip(e - 0.5 * v, -1.0, 1.0)
        x = jnp.maximum(0.0, 1.0 - SLOPE * jnp.abs(q - centres))
        network, output = network_step(weights, network, x)
        u = jnp.clip(output, -1.0, 1.0)
        acceleration = 4.0 * f - 0.5 * v * jnp.abs(v) - 0.3
        plant = (
            z + DT_S * v,
            v + DT_S * acceleration,
            f + DT_S / 0.2 * (u - f),
            cost + jnp.abs(e),
        )
        return (plant, network), None

    zero = jnp.zeros((), reference.dtype)
    carry = ((zero, zero, zero, zero), rest(jnp, weights))
    carry, _ = lax.scan(step, carry, reference, unroll=unroll)
    return carry[0][3]


def outputs(unroll: int, weights: Any, inputs: Any) -> Any:
    """Return the outputs of one genome to inputs of shape (n_ticks, 10)."""
    import jax.numpy as jnp
    from jax import lax

    def step(network: Any, x: Any) -> tuple[Any, Any]:
        network, output = network_step(weights, network, x)
        return network, output

    return lax.scan(step, rest(jnp, weights), inputs, unroll=unroll)[1]


def compiled(one: Callable[..., Any], batch: int, unroll: int, split: bool) -> Callable[..., Any]:
    """Return a compiled function of the weights of a population and of a shared input."""
    import jax

    def population(weights: Any, shared: Any) -> Any:
        each = partial(one, unroll)
        if batch == 0:
            return jax.vmap(each, (0, None))(weights, shared)
        size = None if batch == 1 else batch
        return jax.lax.map(lambda w: each(w, shared), weights, batch_size=size)

    if not split:
        return jax.jit(population)
    mesh, spec = _mesh(), jax.sharding.PartitionSpec
    return jax.jit(
        jax.shard_map(
            population,
            mesh=mesh,
            in_specs=(spec("genomes"), spec()),
            out_specs=spec("genomes"),
            check_vma=False,
        )
    )


def _mesh() -> Any:
    """Return the devices as a mesh along which genomes are split."""
    import jax

    automatic = (jax.sharding.AxisType.Auto,)
    return jax.make_mesh((CORES,), ("genomes",), axis_types=automatic)


def placed(weights: Any, shared: Any, split: bool) -> tuple[Any, Any]:
    """Put weights and shared values on the devices that need them."""
    import jax

    if not split:
        return jax.device_put(weights), jax.device_put(shared)
    mesh, spec = _mesh(), jax.sharding.PartitionSpec
    apart = jax.sharding.NamedSharding(mesh, spec("genomes"))
    return jax.device_put(weights, apart), jax.device_put(
        shared, jax.sharding.NamedSharding(mesh, spec())
    )


def fastest(
    one: Callable[..., Any], weights: Any, shared: Any, split: bool, batches: tuple[int, ...]
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return the fastest compiled function, and the calls per second of all ways."""
    arguments = placed(weights, shared, split)
    rates: dict[str, float] = {}
    functions: dict[str, Callable[..., Any]] = {}
    for batch in batches:
        for unroll in UNROLLS:
            name = "vmap" if batch == 0 else f"map, batches of {batch}"
            name += f", unroll {unroll}"
            functions[name] = compiled(one, batch, unroll, split)
            functions[name](*arguments).block_until_ready()
            rates[name] = throughput(
                lambda f=functions[name]: f(*arguments).block_until_ready(),  # type: ignore[misc]
                1.0,
                2,
            )["figure"]
    best = max(rates, key=rates.__getitem__)
    return functions[best], {"way": best, "calls_per_s": rates}


class Networks:
    """Closed loop or population of the workload of `snn_control.bench`.

    Args:
        task: `loop` or `population`.
        recurrent: True for a network with recurrence.
        split: True for one device a core.
        batches: ways to try, see `BATCHES`.
        dtype: `float32` or `float64`; the latter also requires JAX_ENABLE_X64.
    """

    def __init__(
        self,
        task: str,
        recurrent: bool,
        split: bool = True,
        batches: tuple[int, ...] = BATCHES,
        dtype: str = "float32",
        n_genomes: int = N_GENOMES,
    ) -> None:
        self._split = split and CORES > 1
        start_jax(self._split)
        from snn_control.bench.workload import genomes

        pool = genomes(n_genomes, recurrent)._asdict()
        self._weights = {k: w.astype(dtype) for k, w in pool.items() if w is not None}
        self._one, self._dtype = {"loop": episode_cost, "population": outputs}[task], dtype
        shared, steps = self._shared(N_TICKS), n_genomes * N_TICKS
        self._amount = float(steps if task == "loop" else steps * pool["w_out"].shape[1])
        self._function, self.info = fastest(
            self._one, self._weights, shared, self._split, tuple(batches)
        )
        self.info["calls_per_s"] = {k: round(r, 2) for k, r in self.info["calls_per_s"].items()}
        self._arguments = placed(self._weights, shared, self._split)

    def _shared(self, n_ticks: int) -> Any:
        from snn_control.bench.toy_blimp import reference_m
        from snn_control.bench.workload import inputs

        values = reference_m(n_ticks) if self._one is episode_cost else inputs(n_ticks)
        return values.astype(self._dtype)

    def measure(self) -> dict[str, float]:
        """Return steps per second."""
        call = lambda: self._function(*self._arguments).block_until_ready()  # noqa: E731
        return throughput(call, self._amount, 3)

    def results(self, n_ticks: int) -> np.ndarray:
        """Return the costs, shape (n,), or the outputs, shape (n, n_ticks)."""
        arguments = placed(self._weights, self._shared(n_ticks), self._split)
        return np.asarray(self._function(*arguments))
