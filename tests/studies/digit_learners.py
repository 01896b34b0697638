"""Learners on digits in torch and NumPy, written for comparison with the compiled ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from snn_control.studies.support.digits.stream import DigitStream

FloatArray = npt.NDArray[np.float64]

SHAPES = ((64, 80), (80, 60), (60, 10))


def layers(parameters: FloatArray) -> list[torch.Tensor]:
    """Return weights and biases of each layer as leaves that have gradients."""
    leaves, at = [], 0
    for inputs, units in SHAPES:
        for shape in ((inputs, units), (units,)):
            size = int(np.prod(shape))
            part = torch.tensor(parameters[at : at + size].reshape(shape))
            leaves.append(part.requires_grad_())
            at += size
    return leaves


def vector(leaves: list[torch.Tensor]) -> FloatArray:
    return np.concatenate([leaf.detach().numpy().ravel() for leaf in leaves])


def hidden(leaves: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    for k in (0, 2):
        x = torch.nn.functional.elu(x @ leaves[k] + leaves[k + 1])
    return x


def minibatches(stream: DigitStream) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield images and received labels of each minibatch of 10."""
    for start in range(0, len(stream.order), 10):
        at = slice(start, start + 10)
        yield torch.tensor(stream.images[stream.order[at]]), torch.tensor(stream.labels[at])


def descend(leaves: list[torch.Tensor], loss: torch.Tensor, rate: float, limit: float) -> None:
    """Make a step of gradient descent whose norm is at most `limit`."""
    for leaf in leaves:
        leaf.grad = None
    loss.backward()  # type: ignore[no-untyped-call]
    steps = [rate * leaf.grad for leaf in leaves if leaf.grad is not None]
    norm = float(torch.sqrt(torch.stack([(step**2).sum() for step in steps]).sum()))
    with torch.no_grad():
        for leaf, step in zip(leaves, steps, strict=True):
            leaf -= step * min(1.0, limit / norm)


def constant(stream: DigitStream, parameters: FloatArray, rate: float, limit: float) -> FloatArray:
    """Return the parameters after a stream, learned with a constant rate."""
    leaves = layers(parameters)
    for x, labels in minibatches(stream):
        logits = hidden(leaves, x) @ leaves[4] + leaves[5]
        descend(leaves, torch.nn.functional.cross_entropy(logits, labels), rate, limit)
    return vector(leaves)


def mixed(
    stream: DigitStream, parameters: FloatArray, rate: float, limit: float, rates: FloatArray,
    share: float,
) -> tuple[float, FloatArray]:  # fmt: skip
    """Return accuracy and hidden layers after a stream, learned by fixed share over readouts."""
    *trunk, w, b = layers(parameters)
    readouts = [torch.cat([w, b[None]]).detach().clone() for _ in rates]
    weights = torch.full((len(rates),), 1.0 / len(rates), dtype=torch.float64)
    right, sample = 0, 0
    for x, labels in minibatches(stream):
        total = torch.zeros((), dtype=torch.float64)
        for features, label in zip(hidden(trunk, x), labels, strict=True):
            h = torch.cat([features, torch.ones(1, dtype=torch.float64)])
            p = torch.stack([torch.softmax(h @ readout, 0) for readout in readouts])
            right += int((weights @ p).argmax()) == stream.truth[sample]
            sample += 1
            total = total - torch.log(weights @ p[:, label]) / len(labels)
            with torch.no_grad():
                target = torch.nn.functional.one_hot(label, 10)
                for k, readout in enumerate(readouts):
                    change = torch.outer(h, p[k] - target) * rates[k] / (h @ h)
                    readouts[k] = readout - change
                weights = weights * p[:, label]
                weights = (1.0 - share) * weights / weights.sum() + share / len(rates)
        descend(trunk, total, rate, limit)
    return right / sample, vector(trunk)


def published_need(
    stream: DigitStream, parameters: FloatArray, rate: float
) -> tuple[float, FloatArray]:
    """Return rate and parameters after a stream, by the rule of arXiv:2205.08645 in torch.

    Labels in memory are those of the present mapping, as in the authors' code.
    """
    leaves, delta = layers(parameters), rate / 10.0

    def classes(at: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        return (hidden(at, x) @ at[4] + at[5]).argmax(-1)

    for k, (x, labels) in enumerate(minibatches(stream)):
        i = 10 * k
        if i > 20:
            loss = torch.nn.functional.cross_entropy(
                (hidden(leaves, x[:1]) @ leaves[4] + leaves[5]), labels[:1]
            )
            gradients = torch.autograd.grad(loss, leaves)
            sign = 1.0 if int(classes(leaves, x[0])) >= 5 else -1.0
            memory = slice(i - 20, i)
            images = torch.tensor(stream.images[stream.order[memory]])
            mapping = stream.mappings[i // stream.between]
            remembered = torch.tensor(mapping[stream.classes[memory]])
            right = []
            for imagined in (rate, rate + sign * delta):
                moved = [
                    leaf.detach() - imagined / 10.0 * g
                    for leaf, g in zip(leaves, gradients, strict=True)
                ]
                right.append(int((classes(moved, images) == remembered).sum()))
            if right[1] > right[0]:
                rate += delta if int(labels[0]) >= 5 else -delta
                rate = 1e-8 if rate < 0.0 else rate
        logits = hidden(leaves, x) @ leaves[4] + leaves[5]
        descend(leaves, torch.nn.functional.cross_entropy(logits, labels), rate, np.inf)
    return rate, vector(leaves)
