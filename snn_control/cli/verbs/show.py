"""`snn-control show THING`: description of a listed name."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from rich.console import Console

from snn_control.cli.catalogue import find
from snn_control.cli.keys import (
    keys_of_config,
    keys_of_strategy,
    keys_of_study,
    keys_of_system,
    listed,
    template,
)
from snn_control.cli.options import Flag, JsonOption, Name
from snn_control.cli.result import Result, WrongUseError

KEYS = {
    "configs": keys_of_config,
    "strategies": keys_of_strategy,
    "systems": keys_of_system,
    "studies": keys_of_study,
}
"""Keys of an item, by kind."""


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Print the specification of a listed name, the text of a model or configuration, or a run.

    Configurations, strategies, systems and studies are followed by their keys, with type, default
    and meaning. The task of any environment is listed as the system `environment`.

    Example: snn-control show snn_control/BlimpAltitude-v0

    Example: snn-control show --template environment
    """

    thing: Name
    """Name printed by `list`, KIND/NAME if several kinds have it, or the folder of a run."""
    template: Flag = False
    """Print the keys of a configuration, strategy, system or study as a commented YAML file."""


def run(args: Args) -> Result:
    """Look up the name."""
    kind, text = find(args.thing)
    keys = KEYS[kind](args.thing.removeprefix(f"{kind}/")) if kind in KEYS else []
    if args.template:
        if not keys:
            raise WrongUseError(
                f"{args.thing} is one of {kind}, which have no template; name a configuration, a "
                "strategy, a system or a study"
            )
        text = template(keys)
    elif keys:
        text = f"{text}\n\nKeys:\n\n{listed(keys)}"
    data = {"kind": kind, "name": args.thing, "text": text}
    return Result(data | {"keys": [dataclasses.asdict(key) for key in keys]} if keys else data)


def show(result: Result, console: Console) -> None:
    """Print the text unchanged."""
    console.print(result.data["text"], markup=False)
