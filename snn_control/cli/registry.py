"""The verbs, in the order of the help: name and one line."""

from __future__ import annotations

VERBS: dict[str, str] = {
    "list": "environments, models, configurations, controllers, strategies, systems, studies",
    "show": "what one of them is: its specification, file or parameters",
    "evolve": "evolve a controller, evaluate it beside the PID, make its page",
    "train": "train a controller by gradients, from a random start",
    "eval": "fly a controller beside the PID on the same seeds",
    "play": "watch one seeded episode, live or as a film",
    "compare": "fly controllers through the same episodes: metrics, intervals, ratios",
    "fly": "fly a controller as a ROS 2 node, in simulation or on the robot",
    "fit": "fit the blimp to own flight logs",
    "study": "run a registered experiment: table, plots, page",
    "report": "make the report page of a run",
    "check": "conformance of an own environment, controller, configuration or run",
    "bench": "speed of the engine beside Norse, in one run",
    "info": "versions, folders and optional extras of this installation",
    "cite": "BibTeX of this software and of what it builds on",
}
"""A verb's module is `snn_control.cli.verbs.NAME`, a hyphen being an underscore there; it is
imported when the verb is used."""

NAMED_OPTIONS = ("study",)
"""Verbs whose options depend on a name, by their `args_for`."""
