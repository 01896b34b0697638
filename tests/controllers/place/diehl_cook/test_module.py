"""Spiking place module: equations, homeostasis and learning of places."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from snn_control.coding.patch_normalisation import PatchNormalisation, to_bytes
from snn_control.controllers.place.diehl_cook.kernel import NEVER, ModuleState, Wiring, run
from snn_control.controllers.place.diehl_cook.module import DiehlCookConfig, DiehlCookModule
from snn_control.errors import ObservationError, ParameterError
from snn_control.plasticity.triplet_stdp import TripletSTDP
from tests.controllers.place.diehl_cook.plain_module import PlainModule

SMALL = DiehlCookConfig(
    n_inputs=6, n_excitatory=4, rate_per_level_hz=1.0, weight_sum=4.0, first_rest_s=0.06,
    image_s=0.15, rest_s=0.004, epochs=2, assignment_epochs=1, theta_rise_v=5e-4,
)  # fmt: skip
"""Module with a rest below the longest delay, so that spikes are in transit between images."""


def images(n: int, seed: int = 0, size: int = 28) -> np.ndarray:
    """Smooth random images, patch-normalised."""
    random = np.random.default_rng(seed)
    normalised = []
    for _ in range(n):
        coarse = np.kron(random.random((size // 4, size // 4)), np.ones((4, 4)))
        bytes_ = (255.0 * np.clip(coarse + 0.1 * random.random((size, size)), 0, 1)).astype(
            np.uint8
        )
        normalised.append(to_bytes(PatchNormalisation(7).apply(bytes_)))
    return np.array(normalised)


@pytest.fixture(scope="module")
def learner() -> tuple[DiehlCookModule, np.ndarray]:
    """Module of few neurons trained on five places."""
    places = images(5)
    module = DiehlCookModule(5, DiehlCookConfig(n_excitatory=60, epochs=10), seed=1)
    module.fit(places)
    return module, places


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"stdp": TripletSTDP(pre_sign=-1, pre_rate=0.02)},
        {"silence_e_s": 0.005},
        {"tau_gi_s": 0.002},
        {"silence_e_s": 0.0, "weight_to_excitatory": 2.0},
        {"longest_delay_s": 0.0, "rest_s": 0.0},
    ],
)
def test_module_follows_the_plain_equations(change):
    config = dataclasses.replace(SMALL, **change)
    module = DiehlCookModule(3, config, seed=4)
    plain = PlainModule(module)
    shown = np.random.default_rng(2).integers(0, 256, (2, 3, 2, 3)).astype(np.uint8)
    counts = [plain.show(image) for _ in range(2) for image in shown.reshape(-1, 6)]
    module.fit(shown)
    np.testing.assert_array_equal(module.training_counts, counts[-6:])
    np.testing.assert_array_equal(module.training_places, [0, 1, 2] * 2)
    assert np.sum(counts) > 20
    np.testing.assert_allclose(module.weights, plain.w, rtol=0, atol=1e-9)
    np.testing.assert_allclose(module.theta_v, plain.theta, rtol=0, atol=1e-12)


BRIAN2_WEIGHTS = np.array([
    [0.839680631613164, 0.511125234868221, 0.872353526604978, 0.192632605703065],
    [0.545477048835361, 0.379235489577039, 0.715830871991739, 0.389056094303071],
    [0.775785321482578, 0.540997799892986, 0.804759968796675, 1.0],
    [0.391395429872468, 0.777550025844712, 0.877618793758844, 0.798987370860182],
    [0.860410650450894, 0.912380873975263, 0.169037122008608, 1.0],
    [0.63138043476616, 0.927598698400272, 0.599814056413561, 0.303666528291394],
])  # fmt: skip
"""Weights after training in Brian2 2.9.0 with the published equations and equal inputs."""


def test_learnt_weights_equal_those_of_brian2():
    module = DiehlCookModule(1, dataclasses.replace(SMALL, image_s=0.6), seed=4)
    module.fit(np.random.default_rng(2).integers(100, 256, (1, 2, 3)).astype(np.uint8), epochs=1)
    np.testing.assert_array_equal(module.training_counts, [[6, 7, 6, 3]])
    np.testing.assert_allclose(module.weights, BRIAN2_WEIGHTS, rtol=0, atol=1e-13)


def one_neuron(**change: Any) -> tuple[DiehlCookConfig, Wiring, ModuleState]:
    """One input onto one E neuron that spikes spontaneously as soon as possible."""
    c = DiehlCookConfig(
        n_inputs=1,
        n_excitatory=1,
        rest_e_v=0.0,
        start_e_v=0.0,
        tau_e_s=2e-4,
        tau_theta_s=1e12,
        **change,
    )
    wiring = Wiring(
        np.array([[0] * 31 + [1] * 71], np.int32), np.zeros((1, 1), np.int32),
        np.zeros((1, 1), np.int32),
    )  # fmt: skip
    state = ModuleState(
        np.array([[0.3]]), np.full((1, 1), NEVER, np.int32), np.array([c.start_e_v]), np.zeros(1),
        np.zeros(1), np.array([c.theta_start_v]), np.zeros(1), np.full(1, NEVER, np.int32),
        np.array([c.rest_i_v]), np.zeros(1), np.full(1, NEVER, np.int32),
    )  # fmt: skip
    return c, wiring, state


def spike_train(c, wiring, state, sent, n_steps, learning=True):
    counts, raster = np.zeros(1, np.int64), np.empty((n_steps, 2), np.int32)
    steps = np.array(sent, np.int32)
    n = run(
        wiring, state, c.numbers(), c.stdp.numbers(c.dt_s), steps, np.zeros_like(steps), n_steps,
        learning, counts, raster,
    )  # fmt: skip
    assert counts[0] == n
    return raster[:n, 0]


@pytest.mark.parametrize(("silence_s", "gap"), [(0.05, 501), (0.005, 51)])
def test_timer_limits_the_rate(silence_s, gap):
    c, wiring, state = one_neuron(silence_e_s=silence_s, theta_rise_v=0.0)
    spikes = spike_train(c, wiring, state, [], 10_000)
    np.testing.assert_array_equal(np.diff(spikes), gap)
    assert spikes.size / 1.0 <= 1.0 / silence_s


def test_triplet_in_a_run_equals_the_responses_by_hand():
    """Spikes of the neuron at 0 and 501, an input spike sent at 300 with a delay of 3.0 ms."""
    c, wiring, state = one_neuron()
    np.testing.assert_array_equal(spike_train(c, wiring, state, [300], 600), [0, 501])
    after_pre = 0.3 + 1e-4 * math.exp(-33.0 / 20.0)
    by_hand = after_pre + 0.01 * math.exp(-17.1 / 20.0) * math.exp(-50.1 / 40.0)
    assert state.weight[0, 0] == pytest.approx(by_hand, abs=1e-12)


def test_spikes_raise_theta_by_fifty_microvolts():
    c, wiring, state = one_neuron()
    spikes = spike_train(c, wiring, state, [], 2004)
    assert spikes.size == 4
    assert state.theta_v[0] == pytest.approx(0.02 + 4 * 5e-5, abs=1e-12)


def test_queries_change_nothing():
    c, wiring, state = one_neuron()
    spike_train(c, wiring, state, [3, 40, 300], 600, learning=False)
    assert state.weight[0, 0] == 0.3
    assert state.theta_v[0] == 0.02


def test_initial_weights_and_delays():
    module = DiehlCookModule(25, seed=3)
    assert module.weights.min() >= 0.3 * 0.01
    assert module.weights.max() <= 0.3 * 1.01
    assert module.weights.mean() == pytest.approx(0.3 * 0.51, rel=0.01)
    slots = np.bincount(np.rint(module.delays_s / 1e-4).astype(int).ravel())
    assert slots.size == 101
    expected = np.full(101, 784 * 400 / 100)
    expected[[0, -1]] /= 2.0
    assert np.all(np.abs(slots - expected) < 5.0 * np.sqrt(expected))


def test_weight_sums_are_restored_before_each_image(learner):
    """Sums that an image only increases, with a positive pre-synaptic sign."""
    module, _ = learner
    assert module.weights.sum(axis=0).min() > 78.0 - 1e-9
    assert module.weights.sum(axis=0).max() < 1.1 * 78.0
    still = dataclasses.replace(module.config, stdp=TripletSTDP(pre_rate=0.0, post_rate=0.0))
    other = DiehlCookModule(5, still, seed=1)
    other.fit(images(5), epochs=1)
    np.testing.assert_allclose(other.weights.sum(axis=0), 78.0, atol=1e-9)


def test_inhibition_separates_the_winners(learner):
    module, places = learner
    free = dataclasses.replace(module.config, weight_to_excitatory=0.0)
    alone = DiehlCookModule(5, free, seed=1)
    alone.fit(places)

    def overlap(m: DiehlCookModule) -> float:
        fired = (m.responses(places) > 0).astype(float)
        shared = fired @ fired.T / np.sqrt(np.outer(fired.sum(axis=1), fired.sum(axis=1)))
        return float(shared[~np.eye(5, dtype=bool)].mean())

    assert overlap(module) < 0.5
    assert overlap(alone) > 0.9


def test_learnt_places_are_recognised(learner):
    module, places = learner
    responses = module.responses(places)
    assert responses.shape == (5, 60)
    assert np.mean(module.scores(responses).argmax(axis=1) == np.arange(5)) >= 0.8
    assert np.mean(module.scores(responses, weighted=True).argmax(axis=1) == np.arange(5)) >= 0.8
    assert responses.max() <= 7
    assert set(module.assigned) <= {-1, *range(5)}


def test_equal_seeds_give_equal_modules_bit_for_bit(learner):
    module, places = learner
    again = DiehlCookModule(5, module.config, seed=1)
    again.fit(places, epochs=4)
    again.fit(places, epochs=6)
    np.testing.assert_array_equal(again.weights, module.weights)
    np.testing.assert_array_equal(again.theta_v, module.theta_v)
    np.testing.assert_array_equal(again.training_counts, module.training_counts)
    first, second = module.responses(places), again.responses(places)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, module.responses(places, draw=1))
    assert not np.array_equal(DiehlCookModule(5, module.config, seed=2).weights, module.weights)


def test_several_traverses_are_presented_in_turn():
    module = DiehlCookModule(2, SMALL, seed=0)
    shown = np.random.default_rng(0).integers(0, 256, (3, 2, 2, 3)).astype(np.uint8)
    module.fit(shown, epochs=1)
    np.testing.assert_array_equal(module.training_places, [0, 1, 0, 1, 0, 1])
    assert module.training_counts.shape == (6, 4)


def test_no_images_give_no_responses():
    module = DiehlCookModule(2, SMALL, seed=0)
    assert module.responses(np.empty((0, 2, 3), np.uint8)).shape == (0, 4)


def test_invalid_images_are_refused():
    module = DiehlCookModule(2, SMALL)
    right = np.zeros((2, 2, 3), np.uint8)
    for wrong in (right[:1], right.astype(float), right[:, :, :2], right[0]):
        with pytest.raises(ObservationError, match="expected"):
            module.fit(wrong)
    for wrong in (right.astype(float), right[:, :, :2], right[0]):
        with pytest.raises(ObservationError, match="expected"):
            module.responses(wrong)
    with pytest.raises(ParameterError, match="call `fit` first"):
        module.scores(np.zeros((1, 4)))
    with pytest.raises(ParameterError, match="expected at least 1"):
        module.fit(right, epochs=0)
    with pytest.raises(ParameterError, match="expected"):
        DiehlCookModule(0)


@pytest.mark.parametrize(
    "change",
    [
        {"n_inputs": 0},
        {"n_excitatory": 40_000_000},
        {"tau_gi_s": 0.0},
        {"dt_s": 5e-4},
        {"rest_s": -0.1},
        {"rate_per_level_hz": 50.0},
        {"rest_e_v": math.nan},
    ],
)
def test_out_of_range_parameters_are_refused(change):
    with pytest.raises(ParameterError, match=next(iter(change))):
        DiehlCookConfig(**change)
