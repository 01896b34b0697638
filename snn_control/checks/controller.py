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
"""Standard deviation of the random observations, in the unit of each."""


def check_controller(name: str) -> list[Outcome]:
    """Check the controller of a name, a model file or a run folder."""
    check = Checklist("controller")
    made: list[Controller] = []

    def make() -> str:
        made.append(load_named(name))
        return type(made[0]).__name__

    remedy = (
        "see docs/tutorials/own_robot.md for a controller and its entry point, "
        "docs/reference/models.md for a model file"
    )
    if not check("can be loaded", remedy, make):
        return check.outcomes
    controller, model = made[0], ModelName.parse(name)
    if not check(
        "names and control period",
        "set observation_names and action_names (tuples of strings) and control_period_s",
        lambda: _names(controller),
    ):
        return check.outcomes
    rows = np.random.default_rng(0).normal(0, SPREAD, (TICKS, len(controller.observation_names)))
    check(
        "actions",
        "return a new float64 array from _step, with one number per name in action_names",
        lambda: _actions(controller, rows),
    )
    check(
        "reset",
        "restore the complete initial state in reset(seed), including random generators",
        lambda: _same(_actions_of(controller, rows), _actions_of(controller, rows)),
    )
    check(
        "bad observations",
        "override _step, not step: step rejects bad observations before the state changes",
        lambda: _rejects(controller, rows),
    )
    check(
        "read-outs",
        "return a dict of finite numbers with the same keys at every tick from readouts",
        lambda: _readouts(controller, rows),
    )
    check(
        "replay by another instance",
        "keep all state in the instance, and draw random numbers only from the seed of reset",
        lambda: _same(_actions_of(controller, rows), _actions_of(load_named(name), rows)),
    )
    options = options_of(type(controller).from_document)
    if model_path(model.base) is not None and "engine" in (options or ()):
        check(
            "replay by the reference engine",
            "report a bug: compiled and reference engine must agree to the last bit",
            lambda: _same(
                _actions_of(controller, rows),
                _actions_of(load(model.base, engine=ReferenceEngine, **model.options), rows),
            ),
        )
    return check.outcomes


def _names(controller: Any) -> str:
    for attribute in ("observation_names", "action_names"):
        names = getattr(controller, attribute, None)
        require(
            isinstance(names, tuple) and bool(names) and all(isinstance(n, str) for n in names),
            f"{attribute} is {names!r}; expected a tuple of strings",
        )
    period_s = getattr(controller, "control_period_s", nan)
    require(isfinite(period_s) and period_s > 0, f"control_period_s is {period_s!r}")
    names = f"{', '.join(controller.observation_names)} -> {', '.join(controller.action_names)}"
    return f"{names}, every {period_s:g} s"


def _actions_of(controller: Controller, rows: FloatArray) -> FloatArray:
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
        require(bool(np.isfinite(action).all()), f"action {action} for the observation {row}")
    require(np.array_equal(first, kept), "a later step overwrote the array of an earlier step")
    return f"finite for {len(rows)} ticks"


def _same(first: FloatArray, second: FloatArray) -> str:
    differ = np.flatnonzero((first != second).any(axis=1))
    require(not differ.size, f"actions differ from tick {differ[:1].tolist()}")
    return f"{len(first)} ticks, bit for bit"


def _rejects(controller: Controller, rows: FloatArray) -> str:
    expected = _actions_of(controller, rows)
    half = len(rows) // 2
    controller.reset(seed=3)
    actions = [controller.step(row) for row in rows[:half]]
    size = rows.shape[1]
    for wrong in (np.full(size, nan), np.full(size, np.inf), np.zeros(size + 1)):
        _must_raise(lambda wrong=wrong: controller.step(wrong), wrong)  # type: ignore[misc]
    actions += [controller.step(row) for row in rows[half:]]
    require(np.array_equal(np.array(actions), expected), "bad observations changed the state")
    return "NaN, infinity and wrong shapes raise an error and keep the state"


def _must_raise(step: Callable[[], Any], wrong: FloatArray) -> None:
    try:
        step()
    except ObservationError:
        return
    require(False, f"step accepted {wrong}; expected an ObservationError")


def _readouts(controller: Controller, rows: FloatArray) -> str:
    controller.reset(seed=3)
    keys = None
    for row in rows:
        controller.step(row)
        readouts = controller.readouts
        require(isinstance(readouts, dict), f"readouts is a {type(readouts).__name__}")
        bad = [key for key, value in readouts.items() if not isfinite(value)]
        require(not bad, f"read-out {bad[:1]} is not finite")
        require(keys in (None, list(readouts)), f"the keys change: {keys}, {list(readouts)}")
        keys = list(readouts)
    return ", ".join(keys or ()) or "none"
