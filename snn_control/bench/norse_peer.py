"""Networks of the workload in Norse: cells for one, functional steps with `bmm` for many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from snn_control.bench.workload import N_INPUTS, N_NEURONS, FloatArray, Genomes
from snn_control.errors import MissingExtraError


def torch_and_norse() -> tuple[Any, Any]:
    """Import torch, limited to one thread, and Norse."""
    try:
        import norse.torch
        import torch
    except ImportError as exc:
        raise MissingExtraError(
            f"bench compares with Norse, which is not installed ({exc.name}): "
            "run `pip install 'snn-control[test]'`"
        ) from exc
    torch.set_num_threads(1)
    return torch, norse.torch


def cells(pool: Genomes, index: int = 0) -> Callable[[FloatArray], float]:
    """Return a function that advances one network by one tick, in the usual style of Norse."""
    torch, norse = torch_and_norse()
    linear = torch.nn.Linear(N_INPUTS, N_NEURONS, bias=False)
    out = torch.nn.Linear(N_NEURONS, 1, bias=False)
    out.weight.data = torch.from_numpy(pool.w_out[index][None].copy())
    readout = norse.LICell()
    w_in = torch.from_numpy(pool.w_in[index].T.copy())
    state: list[Any] = [None, None]
    if pool.w_rec is None:
        linear.weight.data = w_in
        plain = norse.LIFCell()

        def hidden(x: Any) -> Any:
            spikes, state[0] = plain(linear(x), state[0])
            return spikes
    else:
        recurrent = norse.LIFRecurrentCell(N_INPUTS, N_NEURONS, autapses=True)
        recurrent.input_weights.data = w_in
        recurrent.recurrent_weights.data = torch.from_numpy(pool.w_rec[index].T.copy())

        def hidden(x: Any) -> Any:
            spikes, state[0] = recurrent(x, state[0])
            return spikes

    @torch.inference_mode()
    def step(x: FloatArray) -> float:
        output, state[1] = readout(out(hidden(torch.from_numpy(x)[None])), state[1])
        return float(output)

    return step


class Batch:
    """Batch of networks with `lif_feed_forward_step`, `li_feed_forward_step` and `bmm`.

    Args:
        pool: the networks.
        dtype: `float32` or `float64`.
    """

    def __init__(self, pool: Genomes, dtype: Any = np.float32) -> None:
        self.torch, _ = torch_and_norse()
        from norse.torch.functional import leaky_integrator, lif

        self._lif, self._li = lif, leaky_integrator
        kind = getattr(self.torch, np.dtype(dtype).name)

        def tensor(array: FloatArray) -> Any:
            return self.torch.from_numpy(array).to(kind)

        self.kind, self.n = kind, len(pool.w_in)
        self._w_in, self._w_out = tensor(pool.w_in), tensor(pool.w_out[:, :, None])
        self._w_rec = None if pool.w_rec is None else tensor(pool.w_rec)
        self._p_lif = lif.LIFParameters(
            tau_syn_inv=self.torch.tensor(200.0, dtype=kind),
            tau_mem_inv=self.torch.tensor(100.0, dtype=kind),
        )
        self._p_li = leaky_integrator.LIParameters(
            tau_syn_inv=self.torch.tensor(200.0, dtype=kind),
            tau_mem_inv=self.torch.tensor(100.0, dtype=kind),
        )
        self.reset()

    def reset(self) -> None:
        """Restore the initial state and limit torch to one thread.

        Numba and torch share OpenMP: after a Numba loop on two threads torch would also use two,
        which slows these small steps down several times.
        """
        self.torch.set_num_threads(1)
        zeros = self.torch.zeros(self.n, 1, N_NEURONS, dtype=self.kind)
        self._hidden = self._lif.LIFFeedForwardState(zeros, zeros)
        self._spikes = zeros
        one = self.torch.zeros(self.n, 1, 1, dtype=self.kind)
        self._output = self._li.LIState(one, one)

    def step(self, x: Any) -> Any:
        """Advance one tick with a tensor of shape (n, 1, 10); return (n, 1, 1)."""
        if self._w_rec is None:
            drive = self.torch.bmm(x, self._w_in)
        else:
            drive = self.torch.baddbmm(self.torch.bmm(x, self._w_in), self._spikes, self._w_rec)
        self._spikes, self._hidden = self._lif.lif_feed_forward_step(
            drive, self._hidden, self._p_lif
        )
        drive = self.torch.bmm(self._spikes, self._w_out)
        output, self._output = self._li.li_feed_forward_step(drive, self._output, self._p_li)
        return output

    def run(self, rows: FloatArray) -> FloatArray:
        """Run from rest with the same inputs for all networks; return (n, n_ticks) outputs."""
        with self.torch.inference_mode():
            self.reset()
            x = self.torch.from_numpy(rows).to(self.kind)[:, None, None, :]
            x = x.expand(-1, self.n, -1, -1)
            outputs = [self.step(x[t]) for t in range(len(rows))]
            return self.torch.cat(outputs, 2)[:, 0].numpy()
