"""Published rule of a need for a class, which regulates the learning rate, and its random control.

K. Man, A. Damasio and H. Neven, Need is All You Need, arXiv:2205.08645, after its official code:
classes 5 to 9 raise the learning rate eta when they are ingested, classes 0 to 4 lower it. At the
first sample of each minibatch after the 20th, with the gradient g so far and s = 1 if the predicted
class is 5 or more, else -1, two updates are imagined,

    leave: w - eta / m g,   take: w - (eta + s delta) / m g     delta = eta_0 / 10, m = 10,

and if the second classifies more of the last 20 samples correctly, eta increases by delta if the
true class is 5 or more, and else decreases by delta; below 0 it is 1e-8. The random control takes
with a probability of 1/2.

Defaults are those of the code. Its measured flaws can be repaired one by one:

- at the first sample of a minibatch g is the gradient of one sample, a tenth of a step, and the two
  updates rarely differ: `whole_batch` decides at the last one;
- the last 20 samples have the labels of the present mapping, which the learner has not received
  yet: `observed_labels` keeps those it has received;
- steps are absolute, slow at a large rate and reflected at 0, so that a random walk drifts up:
  `relative` multiplies the rate by e^(+-relative);
- there is no upper bound: `highest`.

Further ones are avoided here: unseeded random numbers, a missing baseline of constant rates, and
swaps of labels that are missed if their distance is not a multiple of 10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from snn_control.compiled import kernel
from snn_control.ranges import require_not_negative, require_positive
from snn_control.studies.support.digits.network import (
    BATCH,
    FIRST,
    PARAMETERS,
    SECOND,
    add_gradient,
    most_likely,
    predict,
    step,
)
from snn_control.studies.support.digits.stream import CLASSES, DigitStream

__all__ = ["MEMORY", "NeedRule", "learn_by_need"]

MEMORY = 20
"""Number of the last samples that judge an imagined update."""
FIRST_EXCITATORY = 5
"""First class that raises the learning rate."""
SMALLEST = 1e-8
"""Learning rate in place of a negative one."""


@dataclass(frozen=True)
class NeedRule:
    """Settings of the rule.

    Raises:
        ParameterError: out of range.
    """

    rate: float = 0.03
    """Initial learning rate."""
    coin: bool = False
    """Decide by a coin instead of the two imagined updates."""
    whole_batch: bool = False
    """Decide at the last sample of a minibatch."""
    observed_labels: bool = False
    """Judge by the labels that were received."""
    relative: float = 0.0
    """Logarithmic step of the rate; 0 for absolute steps of a tenth of the initial rate."""
    highest: float = math.inf
    """Largest learning rate."""

    def __post_init__(self) -> None:
        require_positive({"rate": self.rate}, "need rule")
        require_not_negative({"relative": self.relative}, "need rule")


def learn_by_need(
    stream: DigitStream, parameters: Any, counted: int, rule: NeedRule, seed: int
) -> tuple[float, float]:
    """Learn with a rate by needs.

    Args:
        stream: stream.
        parameters: initial parameters; changed in place.
        counted: first sample that counts.
        rule: settings.
        seed: seed of the coin.

    Returns:
        Accuracy from `counted` on, and the last rate.
    """
    coins = np.random.default_rng([seed, 3]).random(stream.order.size) < 0.5
    right, rate = _learn(
        stream, parameters, counted, rule.rate, rule.coin, coins, rule.whole_batch,
        rule.observed_labels, rule.relative, rule.highest,
    )  # fmt: skip
    return float(right), float(rate)


@kernel(nogil=True)
def _changed(rate: float, sign: float, relative: float, delta: float) -> float:
    return rate * math.exp(sign * relative) if relative > 0.0 else rate + sign * delta


@kernel(nogil=True)
def _remembered(
    stream: Any, imagined: Any, now: int, observed_labels: bool, first: Any, second: Any,
    shares: Any,
) -> int:  # fmt: skip
    """Return how many of the samples before `now` imagined parameters classify correctly."""
    mapping = stream.mappings[now // stream.between]
    right = 0
    for j in range(now - MEMORY, now):
        predict(imagined, stream.images[stream.order[j]], first, second, shares)
        label = stream.labels[j] if observed_labels else mapping[stream.classes[j]]
        right += most_likely(shares) == label
    return right


@kernel(nogil=True)
def _learn(
    stream: Any, parameters: Any, counted: int, rate: float, coin: bool, coins: Any,
    whole_batch: bool, observed_labels: bool, relative: float, highest: float,
) -> tuple[float, float]:  # fmt: skip
    first, second, shares = np.empty(FIRST), np.empty(SECOND), np.empty(CLASSES)
    gradient, imagined = np.zeros(PARAMETERS), np.empty(PARAMETERS)
    delta = rate / 10.0
    right = 0
    n = stream.order.size
    for i in range(n):
        x, label = stream.images[stream.order[i]], stream.labels[i]
        predict(parameters, x, first, second, shares)
        predicted = most_likely(shares)
        if i >= counted and predicted == stream.truth[i]:
            right += 1
        add_gradient(parameters, x, first, second, shares, label, gradient)
        if i > MEMORY and i % BATCH == (BATCH - 1 if whole_batch else 0):
            if coin:
                taken = bool(coins[i])
            else:
                sign = 1.0 if predicted >= FIRST_EXCITATORY else -1.0
                other = _changed(rate, sign, relative, delta)
                for p in range(PARAMETERS):
                    imagined[p] = parameters[p] - rate / BATCH * gradient[p]
                left = _remembered(stream, imagined, i, observed_labels, first, second, shares)
                for p in range(PARAMETERS):
                    imagined[p] = parameters[p] - other / BATCH * gradient[p]
                taken = (
                    _remembered(stream, imagined, i, observed_labels, first, second, shares) > left
                )
            if taken:
                up = 1.0 if label >= FIRST_EXCITATORY else -1.0
                rate = _changed(rate, up, relative, delta)
                rate = min(rate, highest) if rate >= 0.0 else SMALLEST
        if i % BATCH == BATCH - 1:
            step(parameters, gradient, PARAMETERS, rate, math.inf)
    return right / (n - counted), rate
