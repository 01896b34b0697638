"""Entry point: find the verb, parse its arguments, run it, print its result."""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from types import ModuleType
from typing import Any

import snn_control
from snn_control.cli.registry import NAMED_OPTIONS, VERBS
from snn_control.cli.result import WrongUseError
from snn_control.cli.terminal import spell_out
from snn_control.compilation import on_first_compilation
from snn_control.errors import (
    MissingExtraError,
    SnnControlError,
    StartError,
    UnknownNameError,
    did_you_mean,
)
from snn_control.packages import required_packages

DONE, FAILED, WRONG_USE = 0, 1, 2
UNUSABLE = (WrongUseError, StartError, MissingExtraError, UnknownNameError)
"""Errors of the arguments or of the installation."""
PROGRAM = "snn-control"
PLAIN_WIDTH = 120
"""Width of tables in files and pipes, columns."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 failed, 2 wrong use."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, io.StringIO())
        spell_out(getattr(sys, name))
    verb, *rest = [*(sys.argv[1:] if arguments is None else arguments)] or ["--help"]
    if verb in ("-h", "--help"):
        print(_help())
        return DONE
    if verb == "--version":
        print(snn_control.__version__)
        return DONE
    if verb not in VERBS:
        print(f"{PROGRAM}: unknown verb {verb!r}{did_you_mean(verb, VERBS)}", file=sys.stderr)
        return WRONG_USE
    with suppress(OSError):
        sys.path.append(os.getcwd())  # for `module:id` of a user's own environment
    try:
        with _interruptible(), required_packages(), _notice(verb):
            return _run(importlib.import_module(_module(verb)), verb, rest)
    except SnnControlError as exc:
        text = " ".join(str(exc).split())
        named = _with_option(text, rest)
        print(f"{PROGRAM} {verb}: {named}", file=sys.stderr)
        return WRONG_USE if isinstance(exc, UNUSABLE) or named != text else FAILED
    except KeyboardInterrupt:
        print(f"{PROGRAM} {verb}: interrupted", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        sys.stdout = None  # type: ignore[assignment]
        return FAILED


def _run(module: ModuleType, verb: str, rest: list[str]) -> int:
    import tyro

    kind = module.args_for(rest) if verb in NAMED_OPTIONS else module.Args
    style = (tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff)
    try:
        args = tyro.cli(kind, prog=f"{PROGRAM} {verb}", args=rest, config=style)
    except SystemExit as exc:
        return DONE if exc.code in (0, None) else WRONG_USE
    result = module.run(args)
    if args.json:
        from snn_control.runs.metrics_file import plain

        print(json.dumps(plain(result.data), allow_nan=False))
    else:
        module.show(result, _console())
    sys.stdout.flush()
    return DONE if result.ok else FAILED


def _with_option(text: str, words: Sequence[str]) -> str:
    """Return a message about a parameter, such as `duration_s is`, with the option of `words`."""
    subject = re.match(r"(\w+)(?= is | ')", text)
    if subject is None:
        return text
    for word in words:
        option = word.partition("=")[0]
        key = option.removeprefix("--").replace("-", "_")
        if option.startswith("--") and subject[0] in (key, f"{key}_s"):
            return option + text[subject.end() :]
    return text


@contextmanager
def _interruptible() -> Iterator[None]:
    """Handle the signals of `kill` and of a closed terminal like Ctrl-C, which ends in order."""
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    changed = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]
    for number in changed:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def _notice(verb: str) -> AbstractContextManager[None]:
    """Report the first compilation, except of the verb that compiles."""
    if verb == "warm":
        return nullcontext()
    return on_first_compilation(
        lambda text: print(f"{PROGRAM} {verb}: {text}", file=sys.stderr, flush=True)
    )


def _console() -> Any:
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(highlight=False, markup=False)
    width = None if "COLUMNS" in os.environ else PLAIN_WIDTH
    return Console(soft_wrap=True, highlight=False, markup=False, width=width)


def _module(verb: str) -> str:
    return f"snn_control.cli.verbs.{verb.replace('-', '_')}"


def _help() -> str:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in VERBS.items())
    return (
        f"usage: {PROGRAM} VERB [options]\n\n{verbs}\n\n"
        f"`{PROGRAM} VERB --help` prints the options and an example. Every verb accepts --json.\n"
        "Exit codes: 0 done, 1 failed, 2 wrong use or a missing package."
    )
