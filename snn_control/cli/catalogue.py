"""Names of environments, models and other items, by kind; registries are imported on use."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from snn_control.errors import ModelFileError, UnknownNameError
from snn_control.resources import configs_folder, models_folder
from snn_control.runs import Run


@dataclass(frozen=True)
class Kind:
    """Kind of item, with the functions that list its names and describe one of them."""

    names: Callable[[], list[str]]
    describe: Callable[[str], str]


def find(name: str) -> tuple[str, str]:
    """Return kind and description of an item; `kind/name` selects one of several with that name.

    The folder of a run is described by its manifest.

    Raises:
        UnknownNameError: no item has the name.
        RunError: an existing folder is not that of a run.
    """
    prefix, _, bare = name.partition("/")
    if prefix in KINDS and bare in KINDS[prefix].names():
        return prefix, KINDS[prefix].describe(bare)
    for kind, entry in KINDS.items():
        if name in entry.names():
            return kind, entry.describe(name)
    if Path(name).is_dir():
        return "run", json.dumps(Run.open(name).manifest, indent=2)
    known = {item for entry in KINDS.values() for item in entry.names()}
    if "/" in name and prefix not in {item.partition("/")[0] for item in known}:
        known = {item for item in known if "/" not in item}
    raise UnknownNameError("name", name, known)


def _environments() -> list[str]:
    from snn_control.envs import environments

    return sorted(environments())


def _describe_environment(name: str) -> str:
    import gymnasium

    import snn_control.envs  # noqa: F401 - registers the environments

    entry: Any = gymnasium.spec(name).entry_point
    if isinstance(entry, str):
        entry = gymnasium.envs.registration.load_env_creator(entry)
    return inspect.getdoc(entry) or name


def _models() -> list[str]:
    folder = models_folder()
    return sorted(path.stem for path in folder.glob("*.json"))


def _describe_model(name: str) -> str:
    path = models_folder() / f"{name}.json"
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise ModelFileError(f"cannot read {path}: {exc}; reinstall the package") from exc
    return json.dumps(document, indent=2)


def _configs() -> list[str]:
    return sorted(path.stem for path in configs_folder().glob("*.yaml"))


def _describe_config(name: str) -> str:
    return (configs_folder() / f"{name}.yaml").read_text("utf-8").rstrip()


def _strategies() -> list[str]:
    from snn_control.evolution import strategy_names

    return strategy_names()


def _describe_strategy(name: str) -> str:
    from snn_control.evolution import strategy_type

    return inspect.getdoc(strategy_type(name)) or name


def _controllers() -> list[str]:
    from snn_control.controllers import files

    others = {point.name for point in entry_points(group=files.ENTRY_POINT_GROUP)}
    return sorted({*files.BUILT_IN, *files.FILED, *others})


def _describe_controller(name: str) -> str:
    from snn_control.controllers import files

    kind: Any = files.filed_class(name) if name in files.FILED else files.BUILT_IN.get(name)
    for point in entry_points(group=files.ENTRY_POINT_GROUP, name=name) if kind is None else ():
        kind = point.load()
    texts = (inspect.getdoc(inspect.getmodule(kind)), inspect.getdoc(kind))
    return "\n\n".join(filter(None, texts)) or name


def _studies() -> list[str]:
    from snn_control.studies import STUDIES

    return sorted(STUDIES)


def _describe_study(name: str) -> str:
    from snn_control.studies import study_module

    return inspect.getdoc(study_module(name)) or name


def _systems() -> list[str]:
    from snn_control.training.system import ENVIRONMENT
    from snn_control.training.systems import system_names

    return [*system_names(), ENVIRONMENT]


def _describe_system(name: str) -> str:
    from snn_control.training.system import ENVIRONMENT
    from snn_control.training.systems import system

    if name == ENVIRONMENT:
        from snn_control.training.any_environment import task

        return inspect.getdoc(task) or name
    instance = system(name)
    return f"{inspect.getdoc(type(instance))}\n\nEnvironment: {instance.environment}"


KINDS: dict[str, Kind] = {
    "environments": Kind(_environments, _describe_environment),
    "models": Kind(_models, _describe_model),
    "configs": Kind(_configs, _describe_config),
    "controllers": Kind(_controllers, _describe_controller),
    "strategies": Kind(_strategies, _describe_strategy),
    "systems": Kind(_systems, _describe_system),
    "studies": Kind(_studies, _describe_study),
}
