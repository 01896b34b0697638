"""Types of common arguments, with their placeholders in the help, and the option of all verbs.

An empty `help_behavior_hint` omits a default value without information.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

__all__ = [
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
    "OptionalSeconds",
    "OptionalText",
    "RunFolder",
    "Text",
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
OptionalText = Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")]
OptionalSeconds = Annotated[float | None, arg(metavar="SECONDS", help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class JsonOption:
    """Options of every verb."""

    json: Flag = False
    """Print one JSON object instead of text."""
