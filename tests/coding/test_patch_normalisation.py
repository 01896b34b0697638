"""Patch normalisation: fast form against exact form and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.coding.patch_normalisation import PatchNormalisation, to_bytes
from snn_control.errors import ParameterError


def by_numpy(image: np.ndarray, p: PatchNormalisation) -> np.ndarray:
    r, result = p.window // 2, np.zeros(image.shape)
    for (y, x), pixel in np.ndenumerate(image):
        patch = image[max(y - r, 0) : y + r + 1, max(x - r, 0) : x + r + 1].astype(float)
        spread = np.hypot(patch.std(), p.floor)
        result[y, x] = np.clip((pixel - patch.mean()) / spread, -p.clip, p.clip) if spread else 0.0
    return result


@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    window=st.sampled_from([1, 3, 7, 15]),
    floor=st.sampled_from([0.0, 1.0, 20.0]),
    clip=st.sampled_from([1.0, 2.0]),
    levels=st.sampled_from([1, 2, 256]),
)
@settings(max_examples=80, deadline=None)
def test_fast_form_equals_the_exact_one(
    seed: int, size: tuple[int, int], window: int, floor: float, clip: float, levels: int
) -> None:
    image = np.random.default_rng(seed).integers(0, levels, size).astype(np.uint8)
    p = PatchNormalisation(window, floor, clip)
    fast = p.apply(image)
    np.testing.assert_array_equal(fast, p.apply_exactly(image))
    np.testing.assert_allclose(fast, by_numpy(image, p), atol=1e-9)


def test_bytes_equal_those_of_the_publication() -> None:
    assert to_bytes(np.array([-1.0, -0.5, 0.0, 0.999, 1.0])).tolist() == [0, 63, 127, 254, 255]
    flat = PatchNormalisation().apply(np.full((9, 9), 200, np.uint8))
    assert (to_bytes(flat) == 127).all()


def test_floor_suppresses_weak_noise() -> None:
    noise = np.random.default_rng(0).integers(99, 102, (28, 28)).astype(np.uint8)
    assert np.abs(PatchNormalisation(7).apply(noise)).mean() > 0.5
    assert np.abs(PatchNormalisation(7, floor=20.0).apply(noise)).mean() < 0.05


@pytest.mark.parametrize(
    "wrong", [{"window": 0}, {"window": 4}, {"floor": -1.0}, {"clip": 0.0}, {"floor": np.nan}]
)
def test_invalid_settings_are_refused(wrong: dict) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        PatchNormalisation(**wrong)
