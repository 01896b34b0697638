"""Mutants of modules that compute: a seeded sample, each run against the matching tests.

    python -m venv ../mutants && ../mutants/bin/pip install cosmic-ray==8.7.0
    ../mutants/bin/python benchmarks/mutants.py --python .venv/bin/python

The mutants are made by Cosmic Ray in a copy of the checkout, one at a time. Kernels run uncompiled,
those of networks with the arrays of `uncompiled`. A mutant that exceeds the time limit is killed.
Results are appended to `--out`, where a later call continues; `--again` repeats its survivors.

Not mutated: annotations, messages, decorators of kernels; no arithmetic operator becomes a bit
operator and no comparison one of identity, because that is an error of type or the same.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import cosmic_ray.plugins as operators
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.testing import run_tests
from cosmic_ray.work_item import TestOutcome

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.paths import BLIMP_LOGS  # noqa: E402

SEED, SAMPLE, FEWEST = 15, 100, 6
COMMON = "tests/conformance/test_frozen.py"
"""Test of all modules that reads their sources."""


@dataclass(frozen=True)
class Group:
    """Modules that share their tests."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


GROUPS = {
    "plant": Group(("envs/blimp/plant.py",), ("tests/envs/blimp/test_plant.py",)),
    "kernels": Group(
        tuple(
            f"snn_control/engines/kernels/{name}.py"
            for name in ("connections", "loops", "neurons", "settle", "state", "tick")
        ),
        (
            "-p",
            "benchmarks.uncompiled",
            "tests/engines/test_inputs.py",
            "tests/engines/test_random_networks.py",
            *(
                f"tests/conformance/test_engines.py::test_{name}"
                for name in (
                    "loop_of_leaky_integrators_starts_in_its_steady_state",
                    "steady_start_is_independent_of_the_declared_order",
                )
            ),
        ),
    ),
    "codec": Group(("snn_control/evolution/codec.py",), ("tests/evolution/test_codec.py",)),
    "parameter_codec": Group(
        ("snn_control/evolution/parameter_codec.py",), ("tests/evolution/test_parameter_codec.py",)
    ),
    "command_gate": Group(
        ("snn_control/supervision/command_gate.py",),
        ("tests/supervision/test_command_gate.py", "tests/supervision/test_command_gates.py"),
    ),
    "modes": Group(
        ("snn_control/supervision/modes.py",),
        ("tests/supervision/test_modes.py", "tests/supervision/test_mode_times.py"),
    ),
    "stamps": Group(("snn_control/supervision/stamps.py",), ("tests/supervision/test_stamps.py",)),
    "consistency": Group(
        ("snn_control/supervision/monitors/consistency.py",),
        ("tests/supervision/monitors/test_consistency.py",),
    ),
    "observer": Group(
        ("snn_control/supervision/observer.py",),
        ("tests/supervision/test_observer.py", "tests/supervision/monitors/test_consistency.py"),
    ),
    "sequence": Group(
        ("snn_control/controllers/place/sequence.py",),
        ("tests/controllers/place/test_sequence.py",),
    ),
    "blimp metrics": Group(("envs/blimp/metrics.py",), ("tests/envs/blimp/test_metrics.py",)),
    "place metrics": Group(
        ("snn_control/training/place/metrics.py",), ("tests/training/place/test_metrics.py",)
    ),
}


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    module: str
    line: int
    column: int
    operator: str
    occurrence: int

    @property
    def key(self) -> str:
        """Name of the mutant in the results."""
        return f"{self.module}:{self.line}:{self.column} {self.operator} {self.occurrence}"

    def apply(self, source: str) -> str:
        """Return the changed source."""
        changed = mutate_code(source, operators.get_operator(self.operator)(), self.occurrence)
        if changed is None:
            raise SystemExit(f"{self.key}: no such place; delete the file of the results")
        return str(changed)


# Mutants.


def mutants_of(module: str) -> Iterator[Mutant]:
    """Yield the mutants of a module, except those of skipped spans and of other kinds."""
    source = (ROOT / module).read_text()
    tree, skipped = get_ast(source), list(skipped_spans(source))
    for name in operators.operator_names():
        kind = operators.get_operator(name)
        if kind.arguments() or not comparable(name):
            continue
        places = (at for node in ast_nodes(tree) for at, _ in kind().mutation_positions(node))
        for occurrence, (line, column) in enumerate(places):
            if not any(start <= (line, column) < end for start, end in skipped):
                yield Mutant(module, line, column, name, occurrence)


def comparable(operator: str) -> bool:
    """Return False if a replacement changes the kind of an operator."""
    _, _, change = operator.partition("Operator_")
    if not change or "Unary" in operator:
        return True
    before, after = change.split("_")
    for kind in (("BitAnd", "BitOr", "BitXor", "LShift", "RShift"), ("Is", "IsNot")):
        if (before in kind) != (after in kind):
            return False
    return True


def skipped_spans(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield start and end of annotations, messages and decorators of kernels."""
    for node in ast.walk(ast.parse(source)):
        skipped: list[ast.AST | None] = []
        if isinstance(node, ast.arg | ast.AnnAssign):
            skipped.append(node.annotation)
        if isinstance(node, ast.FunctionDef):
            skipped.append(node.returns)
            skipped += [d for d in node.decorator_list if "kernel(" in ast.unparse(d)]
        if isinstance(node, ast.Raise | ast.JoinedStr):
            skipped.append(node)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn":
            skipped.append(node)
        for part in skipped:
            if isinstance(part, ast.expr | ast.stmt):
                start, end = (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)
                at_sign = isinstance(node, ast.FunctionDef) and part in node.decorator_list
                yield (start[0], start[1] - at_sign), (end[0] or 0, end[1] or 0)


def sample(seed: int, size: int) -> dict[str, list[Mutant]]:
    """Draw mutants of each group in proportion to its places, at least `FEWEST`; one a place."""
    places: dict[str, dict[tuple[str, int, int], list[Mutant]]] = {}
    for name, group in GROUPS.items():
        at = places.setdefault(name, {})
        for module in group.modules:
            for mutant in mutants_of(module):
                at.setdefault((module, mutant.line, mutant.column), []).append(mutant)
    free = size - FEWEST * len(GROUPS)
    total = sum(map(len, places.values()))
    shares = {name: free * len(at) / total for name, at in places.items()}
    counts = {name: FEWEST + int(share) for name, share in shares.items()}
    by_rest = sorted(shares, key=lambda name: int(shares[name]) - shares[name])
    for name in by_rest[: size - sum(counts.values())]:
        counts[name] += 1
    drawn = {}
    for name, at in places.items():
        rng = random.Random(f"{seed} {name}")
        print(f"{name}: {counts[name]} of {len(at)} places", file=sys.stderr)
        drawn[name] = [rng.choice(at[place]) for place in rng.sample(sorted(at), counts[name])]
    return drawn


# Runs.


def copied_checkout(to: Path) -> None:
    """Copy all files of the checkout that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def test(python: str, group: Group, limit_s: float) -> tuple[str, float]:
    """Run the tests of a group in the working folder; return the outcome and the time, s."""
    tests = " ".join((*group.tests, COMMON))
    command = f"{python} -m pytest -x -q -p no:randomly -p no:cacheprovider {tests}"
    started = time.perf_counter()
    outcome, output = run_tests(command, limit_s)
    duration_s = time.perf_counter() - started
    if outcome is TestOutcome.SURVIVED:
        return "survived", duration_s
    return ("timeout" if output == "timeout" else "killed"), duration_s


def run(python: str, drawn: dict[str, list[Mutant]], out: Path, again: bool) -> dict[str, dict]:
    """Run the mutants without a result; return all results."""
    rows = map(json.loads, out.read_text().splitlines()) if out.exists() else ()
    out.parent.mkdir(parents=True, exist_ok=True)
    results = {row["key"]: row for row in rows if row["source"] == digest(row["module"])}
    with tempfile.TemporaryDirectory() as folder:
        copied_checkout(Path(folder))
        os.chdir(folder)
        os.environ |= {
            "NUMBA_DISABLE_JIT": "1",
            "PYTHONPATH": folder,
            "SNN_CONTROL_DATA": str(BLIMP_LOGS),
        }
        for name, mutants in drawn.items():
            left = [m for m in mutants if again_or_new(results.get(m.key), again)]
            if not left:
                continue
            outcome, base_s = test(python, GROUPS[name], 600.0)
            if outcome != "survived":
                raise SystemExit(f"{name}: the tests fail without a mutant")
            for mutant in left:
                path = Path(mutant.module)
                source = path.read_text()
                path.write_text(mutant.apply(source))
                outcome, duration_s = test(python, GROUPS[name], 30.0 + 4.0 * base_s)
                path.write_text(source)
                row = {"key": mutant.key, "outcome": outcome, "duration_s": round(duration_s, 1)}
                row |= asdict(mutant) | {"source": digest(mutant.module)}
                results[mutant.key] = row
                with out.open("a") as stream:
                    stream.write(json.dumps(row) + "\n")
                print(f"{outcome:9}{duration_s:6.1f} s  {mutant.key}", file=sys.stderr, flush=True)
    os.chdir(ROOT)
    return results


def digest(module: str) -> str:
    """Return a checksum of a module, so that results of another version are not used."""
    return hashlib.sha256((ROOT / module).read_bytes()).hexdigest()[:12]


def again_or_new(result: dict | None, again: bool) -> bool:
    """Return True if a mutant has to be run."""
    return result is None or (again and result["outcome"] == "survived")


def table(drawn: dict[str, list[Mutant]], results: dict[str, dict]) -> None:
    """Print the mutants of each group, and the survivors with their changed lines."""
    print("| modules | mutants | killed | of these by time | survived |\n|---|---|---|---|---|")
    rows = [[results[m.key]["outcome"] for m in mutants] for mutants in drawn.values()]
    rows.append(list(chain.from_iterable(rows)))
    for name, outcomes in zip((*drawn, "all"), rows, strict=True):
        late, survived = outcomes.count("timeout"), outcomes.count("survived")
        print(f"| {name} | {len(outcomes)} | {len(outcomes) - survived} | {late} | {survived} |")
    for mutant in chain.from_iterable(drawn.values()):
        if results[mutant.key]["outcome"] != "survived":
            continue
        source = (ROOT / mutant.module).read_text()
        pairs = zip(source.splitlines(), mutant.apply(source).splitlines(), strict=False)
        before, after = next((a, b) for a, b in pairs if a != b)
        print(f"\n{mutant.key}\n- {before.strip()}\n+ {after.strip()}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="interpreter of the tests")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--sample", type=int, default=SAMPLE, help="number of mutants")
    parser.add_argument("--out", type=Path, default=Path("runs/mutants.jsonl"))
    parser.add_argument("--again", action="store_true", help="repeat the survivors")
    parser.add_argument("--groups", nargs="*", choices=GROUPS, default=list(GROUPS))
    options = parser.parse_args(arguments)
    drawn = sample(options.seed, options.sample)
    drawn = {name: drawn[name] for name in options.groups}
    python = str(Path(options.python).absolute())
    table(drawn, run(python, drawn, options.out.absolute(), options.again))


if __name__ == "__main__":
    main()
