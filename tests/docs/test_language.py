"""Language of docstrings, field docs, comments, messages, documents and names."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from tests.docs import language
from tests.paths import ROOT

FOLDERS = ("snn_control", "envs", "launch", "benchmarks", "tests", "docs")
SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        ROOT / "setup.py",
        *(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py")),
    )
)
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *ROOT.glob("*.md"),
        *(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.md")),
    )
)

EXCEPTIONS: dict[str, str] = {
    "tests/docs/language.py": "holds the rules",
    "snn_control/cli/verbs/fly.py": "the verb `fly` of the command line takes any vehicle",
    "snn_control/ros/bus/fly.py": "implements that verb",
    "tests/ros/bus/": "tests that verb",
}
"""Files and folders that a rule does not apply to, each with its reason."""
EXCEPTED_NAMES = {
    "flights": "key of configurations: recorded flights of the blimp",
    "with_flights": "former name, tested",
    "training_flights": "option of the study `imitation`",
    "flight_file": "parameter of the simulator nodes",
    "FlightLogError": "public error of the flight logs of a blimp",
}
"""Names that keep a banned word, because files and commands of users have them."""


def test_exceptions_are_few() -> None:
    assert len(EXCEPTIONS) + len(EXCEPTED_NAMES) <= 10
    assert all((ROOT / place).exists() for place in EXCEPTIONS)


def excepted(path: str) -> bool:
    return any(path.startswith(place) for place in EXCEPTIONS)


def field_docs(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of each string after a field of a class or a constant."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef | ast.Module):
            continue
        for field, following in zip(node.body, node.body[1:], strict=False):
            match field, following:
                case ast.AnnAssign() | ast.Assign(), ast.Expr(value=ast.Constant(value=str(text))):
                    yield following.lineno, " ".join(text.split())


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def messages(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of each string of several words, docstrings included."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if " " in text.strip():
                yield node.lineno, text


def assigned_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and name of each variable, argument, attribute, function and class."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.arg(arg=name):
                yield node.lineno, name
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                yield node.lineno, name


def name_faults(path: str, name: str) -> list[str]:
    """Return the faults of a name in a file."""
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
    faults = [f"name {name!r} is banned"] if name.strip("_") in language.BANNED_NAMES else []
    blimp = "blimp" in path or "blimp" in name.lower() or name in EXCEPTED_NAMES
    if words & language.FLIGHT and not blimp:
        faults.append(
            f"{name!r}: only the blimp flies; write episode, trial or the name of the thing"
        )
    if words & {"craft", "crafts"}:
        faults.append(f"{name!r}: write vehicle")
    return faults


def faults(path: str) -> list[str]:
    """Return the faults of a Python file, each with its line."""
    source = (ROOT / path).read_text("utf-8")
    tree = ast.parse(source)
    listed: list[tuple[int, str]] = []
    for node, text in language.docstrings(tree):
        fault = language.opening_fault(text.split("\n\n")[0]) or language.summary_fault(text)
        summary = text.splitlines()[0]
        listed += [(node.body[0].lineno, f"docstring {fault}: {summary}")] if fault else []
    for line, text in field_docs(tree):
        fault = language.opening_fault(text) or language.sentence_fault(text)
        listed += [(line, f"field doc {fault}: {text}")] if fault else []
    for line, text in [*comments(source), *messages(tree)]:
        listed += [(line, f"banned word {word}") for word in language.banned_words(text)]
    for line, name in assigned_names(tree):
        listed += [(line, fault) for fault in name_faults(path, name)]
    return [f"{path}:{line}: {fault}" for line, fault in sorted(set(listed))]


@pytest.mark.parametrize("path", [path for path in SOURCES if not excepted(path)])
def test_language_of_a_source(path: str) -> None:
    listed = faults(path)
    assert not listed, "\n" + "\n".join(listed)


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if not excepted(path)])
def test_language_of_a_document(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    listed = [f"{path}: banned word {word}" for word in language.banned_words(text)]
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M):
        if heading.split()[0] in ("What", "Of", "That", "Whether"):
            listed.append(f"{path}: heading without a noun: {heading}")
    assert not listed, "\n" + "\n".join(listed)
