"""Verbs in the order of the help, with one line each."""

from __future__ import annotations

VERBS: dict[str, str] = {
    "list": "list environments, models, configurations, controllers, strategies, systems, studies",
    "show": "print the specification, file or parameters of a listed name",
    "evolve": "evolve a controller, evaluate it, write a report page",
    "train": "train a controller by gradients, PPO or evolution, evaluate it, write a report page",
    "eval": "compare a controller with the PID on the same seeds",
    "play": "show one seeded episode, live or as a video",
    "compare": "compare several controllers on the same seeds: metrics, intervals, ratios",
    "fly": "run a controller as a ROS 2 node, in simulation or on the robot",
    "fit": "fit the blimp model to your own flight logs",
    "export": "write a controller as C99 source, NIR or ONNX files, verified by replay",
    "costs": "count operations, memory traffic and energy of a decision, beside the int8 twin",
    "study": "run a registered experiment: table, plots, report page",
    "report": "write the report page of a run",
    "check": "check your own environment, controller, configuration or run",
    "bench": "measure the speed of the engine and of Norse",
    "warm": "compile all kernels, at install or build time",
    "info": "print versions, folders and optional extras of this installation",
    "cite": "print BibTeX of this software and of the work that it builds on",
}
"""Summary of each verb; its module, `snn_control.cli.verbs.NAME` with underscores for hyphens, is
imported on use."""

NAMED_OPTIONS = ("study",)
"""Verbs whose options depend on a name; their modules define `args_for`."""
