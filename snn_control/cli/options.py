"""Options that several verbs share: types with placeholders for the help, `--json`, `--set`.

An empty `help_behavior_hint` omits a default value without information.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, UseAppendAction, arg

from snn_control import config
from snn_control.cli.result import WrongUseError
from snn_control.errors import ConfigError

__all__ = [
    "Assignments",
    "Config",
    "Entries",
    "File",
    "Flag",
    "Folder",
    "JsonOption",
    "Logs",
    "Model",
    "Models",
    "Name",
    "OptionalNumber",
    "OptionalSeconds",
    "OptionalText",
    "RunFolder",
    "Text",
    "assigned",
]

Model = Annotated[str, Positional, arg(metavar="MODEL")]
Models = Annotated[
    tuple[str, ...], Positional, arg(metavar="MODEL [MODEL ...]", help_behavior_hint="(required)")
]
Name = Annotated[str, Positional, arg(metavar="NAME")]
Entries = Annotated[tuple[str, ...], Positional, arg(metavar="[NAME ...]", help_behavior_hint="")]
Config = Annotated[str, Positional, arg(metavar="[CONFIG]", help_behavior_hint="")]
RunFolder = Annotated[Path, Positional, arg(metavar="RUN")]
Logs = Annotated[
    tuple[Path, ...], Positional, arg(metavar="LOG [LOG ...]", help_behavior_hint="(required)")
]

Flag = Annotated[bool, arg(help_behavior_hint="")]
File = Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")]
Folder = Annotated[Path | None, arg(metavar="FOLDER", help_behavior_hint="")]
Text = Annotated[str, arg(help_behavior_hint="")]
Assignments = UseAppendAction[
    Annotated[tuple[str, ...], arg(metavar="KEY=VALUE", help_behavior_hint="(repeatable)")]
]
OptionalNumber = Annotated[int | None, arg(metavar="N", help_behavior_hint="")]
OptionalText = Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")]
OptionalSeconds = Annotated[float | None, arg(metavar="SECONDS", help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class JsonOption:
    """Options of every verb."""

    json: Flag = False
    """Print one JSON object instead of text."""


def assigned(assignments: Sequence[str]) -> dict[str, Any]:
    """Return the values of assignments `KEY=VALUE` by dotted key; a value is YAML.

    Raises:
        WrongUseError: no `=`, no key, or a value that is not YAML.
    """
    try:
        return config.assigned(assignments, "--set")
    except ConfigError as exc:
        raise WrongUseError(str(exc)) from exc
