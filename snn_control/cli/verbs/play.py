"""`snn-control play MODEL`: one seeded episode, live or as a video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table

from snn_control.cli.episode_options import EnvironmentOptions
from snn_control.cli.options import File, JsonOption, Model, OptionalSeconds
from snn_control.cli.progress import frames
from snn_control.cli.result import Result
from snn_control.controllers import Controller
from snn_control.report.metric_names import metric_name, number
from snn_control.training.film import FRAMES_PER_S, film, picture
from snn_control.training.live import has_display, watch
from snn_control.training.model_name import load_named
from snn_control.training.system import FilmWindow
from snn_control.training.systems import find_system

PART_S = 20.0
"""Part of an episode that is shown by default, s."""


@dataclass(frozen=True, kw_only=True)
class Args(EnvironmentOptions, JsonOption):
    """Show one seeded episode in a window, in real time, or write a video of it.

    A video is written with --out, or if there is no display.

    Example: snn-control play blimp-altitude --preset missed --seed 3 --duration-s 90 --out a.mp4
    """

    model: Model
    """Name of a shipped model, `pid`, a run folder or a model file."""
    preset: str = "default"
    """Preset of the environment."""
    seed: int = 0
    """Seed of the episode."""
    duration_s: Annotated[OptionalSeconds, tyro.conf.arg(aliases=["--duration"])] = None
    """Length of the episode, s; default: its part of about 20 s that reports show."""
    out: File = None
    """Video (.mp4) or picture with response (.png); without a display: MODEL-SEED.mp4."""


def run(args: Args) -> Result:
    """Run the episode."""
    controller = load_named(args.model)
    options: dict[str, Any] = args.options(controller) | {
        "seed": args.seed,
        "preset": args.preset,
        "preferred": {"duration_s": 100.0},
    }
    name = Path(args.model).stem
    path = args.out
    if path is None and has_display():
        episode = watch(controller, window=_window(args, controller), **options)
    elif path is not None and path.suffix.lower() == ".png":
        episode = picture(controller, name, path, **options)
    else:
        path = path or Path(f"{name}-{args.seed}.mp4")
        window = _window(args, controller)
        report = frames(window.stop_s - window.start_s, FRAMES_PER_S, quiet=args.json)
        episode = film(controller, path, window=window, on_frame=report, **options)
    return Result(
        {
            "model": name,
            "seed": args.seed,
            "total_reward": episode.total_reward,
            "metrics": episode.metrics,
            "film": str(path) if path else None,
        }
        | args.injected()
    )


def _window(args: Args, controller: Controller) -> FilmWindow:
    """Return the part of the episode to show: all of a chosen length, else that of reports."""
    if args.duration_s is not None:
        return FilmWindow(stop_s=args.duration_s)
    system = find_system(controller)
    of_system = args.environment in (None, system.environment if system else None)
    return (system.film_window if system and of_system else None) or FilmWindow(stop_s=PART_S)


def show(result: Result, console: Console) -> None:
    """Print the metrics; the last line is the path of the video, if there is one."""
    table = Table(title=f"{result.data['model']}, seed {result.data['seed']}")
    table.add_column("metric")
    table.add_column("value", justify="right")
    for metric, value in result.data["metrics"].items():
        name = metric_name(metric)
        table.add_row(name.in_unit, number(name.scale * value))
    console.print(table)
    if result.data["film"]:
        console.print(result.data["film"], markup=False, soft_wrap=True)
