"""Creation of environments by name and options."""

from __future__ import annotations

import inspect
from typing import Any

import gymnasium
from gymnasium.envs.registration import load_env_creator

from snn_control.envs import environments
from snn_control.errors import ConfigError, UnknownNameError
from snn_control.supervision.fault_file import FaultFile

__all__ = ["environment_id", "known_ids", "make_environment"]


def make_environment(
    name: str,
    *,
    preset: str = "default",
    preferred: dict[str, Any] | None = None,
    faults: FaultFile | None = None,
    **options: Any,
) -> gymnasium.Env:
    """Make an environment.

    Args:
        name: a registered id (`snn_control/` may be left out), or `module:id`, where importing
            `module` registers the id.
        preset: passed to the environment unless it is `default`.
        preferred: options that are passed only to environments that accept them.
        faults: faults of sensors and actuators, see `FaultyEnvironment`.
        options: options of the environment; None selects its default.

    Raises:
        UnknownNameError: no such environment; with the closest names.
        ConfigError: the module cannot be imported, or the environment does not accept an option, or
            has no channel of a fault.
    """
    name = environment_id(name)
    arguments = {key: value for key, value in options.items() if value is not None}
    if preset != "default":
        arguments["preset"] = preset
    named, any_other = _options(name)
    for key, value in (preferred or {}).items():
        if key in named:
            arguments.setdefault(key, value)
    wrong = [key for key in arguments if key not in named]
    if wrong and not any_other:
        raise ConfigError(
            f"{name} takes no option {wrong[0]!r}; it takes: {', '.join(named) or 'none'}"
        )
    env = gymnasium.make(name, **arguments)
    if faults is None:
        return env
    from snn_control.training.sensing.injection import inject

    return inject(env, faults)


def environment_id(name: str) -> str:
    """Return the registered id of `name`, after importing its module.

    Raises:
        UnknownNameError, ConfigError: see `make_environment`.
    """
    known = environments()
    if ":" not in name:
        for candidate in (name, f"snn_control/{name}"):
            if candidate in known or candidate in gymnasium.registry:
                return candidate
        raise UnknownNameError("environment", name, known_ids())
    module, _, bare = name.partition(":")
    try:
        __import__(module)
    except (ImportError, ValueError) as exc:  # ValueError: the name is empty
        raise ConfigError(
            f"{name}: module {module!r} cannot be imported ({exc}); it must be an "
            "installed package or lie in the working folder"
        ) from exc
    if bare not in gymnasium.registry:
        raise UnknownNameError(f"environment of module {module!r}:", bare, known_ids())
    return bare


def known_ids() -> list[str]:
    """Return all registered ids except those of Gymnasium itself."""
    ids = set(environments())
    for spec in gymnasium.registry.values():
        entry: Any = spec.entry_point
        origin = entry if isinstance(entry, str) else getattr(entry, "__module__", "")
        if not origin.startswith(("gymnasium", "shimmy")):
            ids.add(spec.id)
    return sorted(ids)


def _options(name: str) -> tuple[list[str], bool]:
    """Return the named options of an environment, and True if it accepts any others."""
    entry: Any = gymnasium.spec(name).entry_point
    creator = load_env_creator(entry) if isinstance(entry, str) else entry
    parameters = inspect.signature(creator).parameters.values()
    named = [p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return named, any(p.kind is p.VAR_KEYWORD for p in parameters)
