"""Selection of the checks for a name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from snn_control.checks.config import check_config
from snn_control.checks.controller import check_controller
from snn_control.checks.environment import check_environment
from snn_control.checks.outcome import Outcome
from snn_control.checks.run import check_run
from snn_control.controllers import model_names
from snn_control.controllers.files import model_path
from snn_control.errors import UnknownNameError
from snn_control.input_file import is_file, is_folder
from snn_control.resources import configs_folder
from snn_control.training.environment import environment_id, known_ids
from snn_control.training.model_name import ModelName

CHECKS: dict[str, Callable[[str], list[Outcome]]] = {
    "environment": check_environment,
    "controller": check_controller,
    "config": check_config,
    "run": check_run,
}


def check(thing: str) -> list[Outcome]:
    """Check all environments, controllers, configurations and runs named `thing`.

    Args:
        thing: an environment's id or `module:id`; a controller's name or model file; a
            configuration's name or YAML file; a run folder. `KIND/NAME` with a key of `CHECKS`
            selects the kind of an ambiguous name.

    Raises:
        UnknownNameError: unknown name; the message lists close names.
    """
    kind, _, bare = thing.partition("/")
    if kind in CHECKS and bare and not (is_file(thing) or is_folder(thing)):
        return CHECKS[kind](bare)
    kinds = _kinds(thing)
    if not kinds:
        known = {*known_ids(), *model_names(), *_configs()}
        raise UnknownNameError("environment, controller, config or run", thing, known)
    return [outcome for kind in kinds for outcome in CHECKS[kind](thing)]


def _kinds(thing: str) -> list[str]:
    path = Path(thing)
    if is_folder(path):
        is_run = (path / "manifest.json").exists() or not (path / "model.json").exists()
        return ["run"] if is_run else ["controller"]
    if is_file(path):
        return ["config"] if path.suffix in (".yaml", ".yml") else ["controller"]
    model = ModelName.parse(thing)
    if model.options and model_path(model.base) is not None:
        return ["controller"]
    if ":" in thing:
        return ["environment"]
    kinds = []
    try:
        environment_id(thing)
        kinds.append("environment")
    except UnknownNameError:
        pass
    if thing in model_names() or is_file(f"{thing}.json"):
        kinds.append("controller")
    return kinds + (["config"] if thing in _configs() else [])


def _configs() -> set[str]:
    return {path.stem for path in configs_folder().glob("*.yaml")}
