"""Study of fusion: simulated sensors, filters and networks compared with independent figures."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.fusion import Config, run
from snn_control.studies.support.fused_episodes import (
    CONDITIONS,
    TICK_S,
    Condition,
    Episodes,
    draw_episodes,
)
from snn_control.studies.support.fusion_filters import FILTERS, Kalman, Weighted
from snn_control.studies.support.fusion_networks import ARMS, GainNetworks, TrainingConfig

TINY = TrainingConfig(neurons=8, steps=3, batch=4, ticks=30)


def drawn(condition: Condition, n: int = 6, seed: int = 0) -> Episodes:
    return draw_episodes(condition, n, 600, np.random.default_rng(seed))


def rmse(estimates: np.ndarray, episodes: Episodes) -> float:
    return float(np.sqrt(((estimates - episodes.height_m)[:, 50:] ** 2).mean()))


@pytest.mark.parametrize("sigma_m", [0.01, 0.1, 1.0])
def test_sensors_have_their_noise(sigma_m: float) -> None:
    episodes = drawn(Condition(sigma_m))
    expected = np.hypot(sigma_m, 0.01 / np.sqrt(12.0))
    assert rmse(episodes.lidar_m, episodes) == pytest.approx(expected, rel=0.06)
    assert rmse(episodes.barometer_m, episodes) == pytest.approx(0.1, rel=0.06)
    v = np.cumsum(episodes.acceleration_m_s2, axis=1)[:, 100] * TICK_S
    true = (episodes.height_m[:, 101] - episodes.height_m[:, 99]) / (2 * TICK_S)
    assert np.abs(v - true).max() < 10.0 * 0.1


def test_sensors_have_their_faults() -> None:
    episodes = drawn(Condition(0.05, dropout=0.6))
    assert np.isnan(episodes.lidar_m).mean() == pytest.approx(0.6, abs=0.03)
    episodes = drawn(Condition(0.02, biased=True), n=40)
    wrong = np.abs(episodes.lidar_m - episodes.height_m) > 0.3
    assert wrong.mean() == pytest.approx(6.0 / 20.0, abs=0.06)
    episodes = drawn(Condition(0.0), n=40)
    assert set(np.unique(episodes.sigma_m)) == {0.01, 0.05, 0.1, 0.3, 1.0}
    drift = drawn(CONDITIONS["0.05 m, barometer drifts"], n=200)
    expected = np.hypot(0.15, 0.1)
    assert rmse(drift.barometer_m, drift) == pytest.approx(expected, rel=0.15)


def test_constant_weights_have_their_closed_form() -> None:
    episodes = drawn(Condition(0.3), n=20)
    expected = np.hypot(0.9 * 0.3, 0.1 * 0.1)
    assert rmse(Weighted(0.9).estimates(episodes), episodes) == pytest.approx(expected, rel=0.05)


def test_filters_keep_their_order() -> None:
    good, poor = drawn(Condition(0.01), n=3), drawn(Condition(1.0), n=3)
    for episodes in (good, poor):
        known = rmse(Kalman("known").estimates(episodes), episodes)
        adaptive = rmse(Kalman("adaptive").estimates(episodes), episodes)
        assert known < 0.06 * (1 + (episodes is poor))
        assert adaptive < 1.25 * known
    wrong = drawn(Condition(0.02, biased=True), n=3)
    gated = rmse(Kalman("adaptive", gate=True).estimates(wrong), wrong)
    assert gated < rmse(Kalman("adaptive").estimates(wrong), wrong)
    assert gated < 0.2 * rmse(Kalman("known").estimates(wrong), wrong)


def test_all_arms_start_equal_and_only_the_modulated_one_differs_from_the_plain_one() -> None:
    networks = GainNetworks(dataclasses.replace(TINY, steps=1), range(2))
    before = {name: w.detach().clone() for name, w in networks.weights.items()}
    for values in before.values():
        by_arm = values.reshape(len(ARMS), 2, *values.shape[1:])
        for other in by_arm[1:]:
            np.testing.assert_array_equal(by_arm[0], other)
    networks.train(lambda text: None)
    plain, modulated = (
        next(k for k, arm in enumerate(ARMS) if arm.spiking and arm.modulated is modulation)
        for modulation in (False, True)
    )
    for name, w in networks.weights.items():
        by_arm = w.detach().reshape(len(ARMS), 2, *w.shape[1:])
        if not name.startswith("fusion"):
            np.testing.assert_array_equal(by_arm[plain], by_arm[modulated])


def test_a_network_ignores_missing_ranges_and_learns() -> None:
    networks = GainNetworks(TrainingConfig(neurons=16, steps=15, batch=4, ticks=30), range(1))
    episodes = draw_episodes(Condition(1.0), 16, 200, np.random.default_rng(3))
    none = dataclasses.replace(episodes, lidar_m=np.full_like(episodes.lidar_m, np.nan))

    def of(some: Episodes) -> np.ndarray:
        return np.asarray(networks.estimates([some])[0].detach())[0]

    before = rmse(of(episodes), episodes)
    assert np.isfinite(of(none)).all()
    networks.train(lambda text: None)
    assert rmse(of(episodes), episodes) < 0.7 * before


def test_every_method_has_a_row_beside_the_filter_with_known_noise() -> None:
    names = ("lidar 0.05 m", "0.02 m, wrong by 0.5 m")
    config = Config(seeds=2, episodes=1, duration_s=15.0, conditions=names, training=TINY)
    rows = run(config).rows
    methods = [*FILTERS, *(arm.name for arm in ARMS)]
    assert [(row["conditions"], row["method"]) for row in rows] == [
        (name, method) for name in names for method in methods
    ]
    for name in names:
        of = {row["method"]: row for row in rows if row["conditions"] == name}
        for row in of.values():
            ratio = row["rmse_m"] / of["Kalman, R known"]["rmse_m"]
            assert row["rmse_ratio"] == pytest.approx(ratio)
    without = run(dataclasses.replace(config, networks=False)).rows
    assert without == [row for row in rows if row["method"] in FILTERS]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (Config, {"episodes": 0}),
        (Config, {"duration_s": 5.0}),
        (TrainingConfig, {"neurons": 7}),
        (TrainingConfig, {"steps": 0}),
        (TrainingConfig, {"ticks": 20}),
        (TrainingConfig, {"learning_rate": 0.0}),
    ],
)
def test_settings_out_of_range_are_errors(kind: type, wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        kind(**wrong)
    with pytest.raises(UnknownNameError, match="switching"):
        Config(conditions=("switchin",))
