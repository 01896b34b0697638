"""Prescribed error sensitivity (PES): decoders learn from an error, with clip, dead zone, bounds.

Decoders D read an output y = D a from features a, for example filtered spikes (1/s) or values of
tuning curves (1). With the error e of each output, target less output in the unit of the output,

    D_k <- clip(D_k + (rate dt / n) clip(e_k, +-error_limit) a, +-bound)   if |e_k| > dead_zone

for n features. The unit of `rate` is 1/s over the squared unit of a feature. In adaptive control
the error is the command of the feedback law, and y is added to it. Source: D. MacNeil and C.
Eliasmith, PLoS ONE 6 (2011) e22885, doi:10.1371/journal.pone.0022885; as adaptive control: T.
DeWolf, T. Stewart, J.-J. Slotine and C. Eliasmith, Proc. R. Soc. B 283 (2016) 20162134,
doi:10.1098/rspb.2016.2134. Clip, dead zone and bounds are additions: a step of the reference does
not wind the decoders up, noise does not make them drift, and a frozen sensor does so only up to the
bound.

With constant features, within all limits, y is an integral: y = (rate |a|^2 / n) sum of e dt.
"""

from __future__ import annotations

from typing import Any

from snn_control.plasticity.optional_kernel import kernel

__all__ = ["decode", "pes"]


@kernel(nogil=True)
def pes(
    decoders: Any, features: Any, errors: Any, rate: float, dt_s: float, error_limit: float,
    dead_zone: float, bound: float,
) -> None:  # fmt: skip
    """Update decoders in place.

    An error that is not a number changes nothing.

    Args:
        decoders: shape (n_outputs, n).
        features: shape (n,).
        errors: target less output, shape (n_outputs,).
        rate: learning rate, 1/s over the squared unit of a feature.
        dt_s: time since the last update, s.
        error_limit: largest magnitude of an error that counts.
        dead_zone: magnitude up to which an error is ignored.
        bound: largest magnitude of a decoder.
    """
    n = features.size
    for k in range(errors.size):
        if abs(errors[k]) > dead_zone:
            step = rate * dt_s / n * min(max(errors[k], -error_limit), error_limit)
            for i in range(n):
                decoders[k, i] = min(max(decoders[k, i] + step * features[i], -bound), bound)


@kernel(nogil=True)
def decode(decoders: Any, features: Any, outputs: Any) -> None:
    """Write the outputs y = D a to `outputs`, shape (n_outputs,)."""
    for k in range(outputs.size):
        total = 0.0
        for i in range(features.size):
            total += decoders[k, i] * features[i]
        outputs[k] = total
