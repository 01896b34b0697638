"""Conformance of a controller: shapes, repeatability, bad observations, read-outs, replay."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, nan
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.checks.outcome import Checklist, Outcome, require
from snn_control.controllers import Controller, load
from snn_control.controllers.files import model_path, options_of
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ObservationError
from snn_control.training.model_name import ModelName, load_named

FloatArray = npt.NDArray[np.float64]
TICKS = 300
SPREAD = 0.3
"""Standard deviation of the observations, in the units of each."""


def check_controller(name: str) -> list[Outcome]:
    """Check the controller that `load` gives for `name`, a file or a run folder."""
    check = Checklist("controller")
    made: list[Controller] = []

    def make() -> str:
        made.append(load_named(name))
        return type(made[0]).__name__

    remedy = "docs/tutorials/own_robot.md shows a controller and its entry point, docs/reference/models.md a file"
    if not check("can be loaded", remedy, make):
        return check.outcomes
    controller, asked = made[0], ModelName.parse(name)
    if not check(
        "names and control period",
        "set observation_names and action_names (tuples of strings) and control_period_s",
        lambda: _names(controller),
    ):
        return check.outcomes
    rows = np.random.default_rng(0).normal(0, SPREAD, (TICKS, len(controller.observation_names)))
    check(
        "actions",
        "_step returns a new float array, one number for each of action_names",
        lambda: _actions(controller, rows),
    )
    check(
        "reset",
        "reset(seed) must bring back all state of the first tick, random generators included",
        lambda: _same(_fly(controller, rows), _fly(controller, rows)),
    )
    check(
        "bad observations",
        "override _step, not step: step refuses them before the state changes",
        lambda: _refuses(controller, rows),
    )
    check(
        "read-outs",
        "readouts is a dict of finite numbers with the same keys at every tick",
        lambda: _readouts(controller, rows),
    )
    check(
        "replay by another instance",
        "keep no state outside the instance, and draw random numbers only from reset's seed",
        lambda: _same(_fly(controller, rows), _fly(load_named(name), rows)),
    )
    options = options_of(type(controller).from_document)
    if model_path(asked.base) is not None and "engine" in (options or ()):
        check(
            "replay by the reference engine",
            "report it: the compiled engine and the reference must agree to the last bit",
            lambda: _same(
                _fly(controller, rows),
                _fly(load(asked.base, engine=ReferenceEngine, **asked.options), rows),
            ),
        )
    return check.outcomes


def _names(controller: Any) -> str:
    for attribute in ("observation_names", "action_names"):
        names = getattr(controller, attribute, None)
        require(
            isinstance(names, tuple) and bool(names) and all(isinstance(n, str) for n in names),
            f"{attribute} is {names!r}",
        )
    period_s = getattr(controller, "control_period_s", nan)
    require(isfinite(period_s) and period_s > 0, f"control_period_s is {period_s!r}")
    names = f"{', '.join(controller.observation_names)} -> {', '.join(controller.action_names)}"
    return f"{names}, every {period_s:g} s"


def _fly(controller: Controller, rows: FloatArray) -> FloatArray:
    controller.reset(seed=3)
    return np.array([controller.step(row) for row in rows])


def _actions(controller: Controller, rows: FloatArray) -> str:
    controller.reset(seed=3)
    first = controller.step(rows[0])
    expected = (len(controller.action_names),)
    require(isinstance(first, np.ndarray), f"step returned {type(first).__name__}")
    require(first.shape == expected, f"shape {first.shape}, expected {expected}")
    require(first.dtype == np.float64, f"dtype {first.dtype}, expected float64")
    kept = first.copy()
    for row in rows[1:]:
        action = controller.step(row)
        require(bool(np.isfinite(action).all()), f"{action} for the observation {row}")
    require(np.array_equal(first, kept), "a later step overwrote the array of an earlier one")
    return f"finite for {len(rows)} ticks"


def _same(first: FloatArray, second: FloatArray) -> str:
    differ = np.flatnonzero((first != second).any(axis=1))
    require(not differ.size, f"actions differ from tick {differ[:1]} on")
    return f"{len(first)} ticks, bit for bit"


def _refuses(controller: Controller, rows: FloatArray) -> str:
    expected = _fly(controller, rows)
    half = len(rows) // 2
    controller.reset(seed=3)
    found = [controller.step(row) for row in rows[:half]]
    size = rows.shape[1]
    for wrong in (np.full(size, nan), np.full(size, np.inf), np.zeros(size + 1)):
        _must_raise(lambda wrong=wrong: controller.step(wrong), wrong)  # type: ignore[misc]
    found += [controller.step(row) for row in rows[half:]]
    require(np.array_equal(np.array(found), expected), "they changed the state")
    return "NaN, infinite and wrong shape raise, the state stays"


def _must_raise(step: Callable[[], Any], wrong: FloatArray) -> None:
    try:
        step()
    except ObservationError:
        return
    require(False, f"{wrong} was taken")


def _readouts(controller: Controller, rows: FloatArray) -> str:
    controller.reset(seed=3)
    keys = None
    for row in rows:
        controller.step(row)
        found = controller.readouts
        require(isinstance(found, dict), f"readouts is a {type(found).__name__}")
        bad = [key for key, value in found.items() if not isfinite(value)]
        require(not bad, f"{bad[:1]} is not finite")
        require(keys in (None, list(found)), f"the keys change: {keys}, {list(found)}")
        keys = list(found)
    return ", ".join(keys or ()) or "none"
