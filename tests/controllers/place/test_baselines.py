"""Baselines against their definitions in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.coding.images import resize
from snn_control.coding.patch_normalisation import PatchNormalisation, to_bytes
from snn_control.controllers.place import PlaceConfig, Recognizer
from snn_control.controllers.place.baselines import LinearRecognizer, SadRecognizer
from snn_control.controllers.place.image_encoder import BLACK
from snn_control.errors import ObservationError, ParameterError
from tests.controllers.place.route import other_season, route

SUMMER = route(120)
WINTER = other_season(SUMMER)
FEW = (WINTER[:40], range(40))


def test_sad_is_the_standardised_sum_of_absolute_differences() -> None:
    sad = SadRecognizer(neighbours=0).fit(SUMMER)
    patches = PatchNormalisation(7)
    mapped, queries = (
        to_bytes(np.stack([patches.apply(resize(i, 28, 28)) for i in images])).astype(int)
        for images in (SUMMER, WINTER[50:53])
    )
    for image, query in zip(WINTER[50:53], queries, strict=True):
        differences = np.abs(mapped - query).sum(axis=(1, 2))
        expected = -(differences - differences.mean()) / differences.std()
        np.testing.assert_allclose(sad.match(image).scores, expected, atol=1e-9)
    assert sad.n_bytes == 120 * 784


def test_linear_scores_are_those_of_fishers_discriminant() -> None:
    config = PlaceConfig(height=8, width=16, window=5)
    linear = LinearRecognizer(config).fit(SUMMER, FEW)
    patches = PatchNormalisation(config.window, config.floor, config.clip)
    frames = [
        np.stack([patches.apply(resize(i, 8, 16)).ravel() for i in images])
        for images in (SUMMER, WINTER)
    ]
    mapped, queries = frames[0] - frames[0].mean(axis=0), frames[1] - frames[1][:40].mean(axis=0)
    pairs = queries[:40] - (frames[0][:40] - frames[0][:40].mean(axis=0))
    inverse = np.linalg.inv(pairs.T @ pairs + config.stiffness * np.eye(128))
    raw = mapped @ inverse @ queries[70]
    raw /= np.sqrt(np.einsum("ij,jk,ik->i", mapped, inverse, mapped))
    expected = (raw - raw.mean()) / raw.std()
    np.testing.assert_allclose(linear.match(WINTER[70]).scores, expected, atol=1e-9)


@pytest.mark.parametrize("kind", [SadRecognizer, LinearRecognizer])
def test_baselines_recognise_calibrate_and_remove(kind: type[Recognizer]) -> None:
    recognizer = kind().fit(SUMMER, FEW)  # type: ignore[call-arg]
    answers = [recognizer.match(image, 5) for image in WINTER[40:]]
    right = np.array([a.place == k for k, a in enumerate(answers, 40)])
    assert right.mean() > 0.9
    assert np.mean([a.probability for a in answers]) == pytest.approx(right.mean(), abs=0.1)
    recognizer.remove(range(100))
    assert recognizer.places.tolist() == list(range(100, 120))
    assert recognizer.match(WINTER[110], 1).place == 110
    elsewhere = route(5, seed=7)
    assert [recognizer.add(image) for image in elsewhere] == list(range(120, 125))
    assert recognizer.match(other_season(elsewhere, seed=3)[2]).place == 122


@pytest.mark.parametrize("kind", [SadRecognizer, LinearRecognizer])
def test_baselines_refuse_invalid_inputs(kind: type[Recognizer]) -> None:
    black = np.zeros((32, 64), np.uint8)
    recognizer = kind()  # type: ignore[call-arg]
    with pytest.raises(ObservationError, match="black; no place was added"):
        recognizer.add(black)
    for images, calibration, error, message in (
        (SUMMER[:2], None, ParameterError, "2 images"),
        ([*SUMMER[:12], black], None, ObservationError, "image 12: the image is black"),
        (SUMMER, (WINTER[:5], range(5)), ParameterError, "at least 20"),
        (
            SUMMER,
            (WINTER[:30], range(100, 130)),
            ParameterError,
            "place 120 is not on the map, which has 0 to 119",
        ),
    ):
        with pytest.raises(error, match=message):
            recognizer.fit(images, calibration)  # type: ignore[arg-type]
    recognizer.fit(SUMMER, FEW)
    for image in WINTER[50:55]:
        recognizer.match(image, 5)
    answer = recognizer.match(black, 5)
    assert (answer.place, answer.known, answer.reason) == (55, False, BLACK)
    assert recognizer.match(WINTER[56], 5).place == 56
