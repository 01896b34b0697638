"""Reference and query traverse of a synthetic route, and a harness for the place loop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from snn_control.loops.place.config import PlaceNodeConfig
from snn_control.loops.place.images import Bytes, Refusal
from snn_control.loops.place.loop import Answer, PlaceLoop
from snn_control.loops.place.posed_map import PosedMap
from tests.paths import DATA

NORDLAND = DATA / "nordland" / "nordland_64x32.npz"
PERIOD_NS = 100_000_000


def route(n: int, seed: int = 0, height: int = 48, width: int = 64) -> Bytes:
    """Return smooth textures, (n, height, width)."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((n, 9, 12))
    rows, columns = (
        np.minimum(np.linspace(0, m - 1.001, k), m - 1.001) for k, m in ((height, 9), (width, 12))
    )
    y, x = rows.astype(int), columns.astype(int)
    down, right = (rows - y)[:, None], columns - x
    upper = coarse[:, y][:, :, x] * (1 - right) + coarse[:, y][:, :, x + 1] * right
    lower = coarse[:, y + 1][:, :, x] * (1 - right) + coarse[:, y + 1][:, :, x + 1] * right
    return np.asarray(40 + 170 * (upper * (1 - down) + lower * down), np.uint8)


def query_traverse(images: Bytes, seed: int = 1) -> Bytes:
    """Return the images of a query traverse: darker and noisy."""
    noise = np.random.default_rng(seed).normal(0.0, 12.0, images.shape)
    return np.clip(0.7 * images + noise, 0, 255).astype(np.uint8)


def nordland(n: int) -> tuple[Bytes, Bytes]:
    """Return the first summer and winter frames of the moving train, or skip the test."""
    if not NORDLAND.exists():
        pytest.skip(f"{NORDLAND.name} is missing; set SNN_CONTROL_DATA to the data folder")
    with np.load(NORDLAND, allow_pickle=False) as data:
        moving = data["moving"]
        return data["summer"][moving][:n], data["winter"][moving][:n]


class PlaceHarness:
    """Place loop with a simulated clock and simulated odometry."""

    def __init__(self, posed: PosedMap | None = None, **settings: Any) -> None:
        self.loop = PlaceLoop(posed or PosedMap.empty(0), PlaceNodeConfig(**settings))
        self.now_ns = 10**12

    def configure(self, **changes: Any) -> None:
        """Change parameters in operation."""
        self.loop.configure(replace(self.loop.config, **changes))

    def show(
        self, image: Bytes | Refusal, distance_m: float | None = None, stamp_ns: int | None = None
    ) -> Answer | None:
        """Move, backwards for a negative distance, then process an image."""
        self.now_ns += PERIOD_NS
        if distance_m is not None:
            self.x = getattr(self, "x", 0.0) + distance_m
            self.odometry(self.x, speed=distance_m)
        return self.loop.on_image(image, stamp_ns or self.now_ns, self.now_ns, self.now_s)

    def odometry(self, x: float, frame: str = "odom", speed: float = 0.0) -> bool:
        return self.loop.travel.take(
            (x, 2.0, 0.5), (0.0, 0.0, 0.0, 1.0), frame, self.now_s, (speed, 0.0, 0.0)
        )

    @property
    def now_s(self) -> float:
        return self.now_ns * 1e-9

    def answers(self, images: Bytes, distance_m: float | None = None) -> list[Answer]:
        answers = [self.show(image, distance_m) for image in images]
        assert None not in answers
        return answers  # type: ignore[return-value]

    def map(self, images: Bytes, distance_m: float | None = None) -> PlaceHarness:
        """Map images, and wait until all are mapped."""
        self.loop.mapper.start()
        for image in images:
            self.show(image, distance_m)
            self.settle()
        self.loop.mapper.stop()
        self.settle()
        assert not self.loop.mapper.on, self.loop.mapper.progress()
        return self

    def settle(self) -> None:
        """Wait until the map is fitted and the queue is empty."""
        mapper = self.loop.mapper
        while mapper.on and (mapper.state == "fitting" or mapper._queue or mapper.ending):
            if mapper._fit is not None:
                assert mapper._fit.done.wait(60.0)
            mapper.advance()


def places(answers: list[Answer]) -> npt.NDArray[np.int64]:
    """Return the matched places, -1 for unknown ones."""
    return np.array([a.match.place if a.match.known else -1 for a in answers])


N = 90
ROUTE = route(N)
SECOND = query_traverse(ROUTE)
LONG_ROUTE = np.concatenate([ROUTE, route(40, seed=5)])
"""Longer route that begins with `ROUTE`."""


def save_route(folder: Path) -> Path:
    """Write a map of `ROUTE` that was made with odometry, 1 m per image."""
    path = folder / "route"
    PlaceHarness().map(ROUTE, distance_m=1.0).loop.posed.save(str(path))
    return path


def harness_with_map(saved: Path, **settings: Any) -> PlaceHarness:
    """Return a harness with a saved map."""
    return PlaceHarness(PosedMap.load(str(saved)), **settings)


def map_images(
    mapped: PlaceHarness, images: Iterable[Bytes], distance_m: float | None = None
) -> list[Answer]:
    """Process images while mapping, each until it is mapped; return the answers."""
    answers = []
    for image in images:
        answer = mapped.show(image, distance_m)
        assert answer is not None
        answers.append(answer)
        mapped.settle()
    return answers
