"""Generated pages of the documentation site: Python API, command line, decisions, project files."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import snn_control  # noqa: E402
from docs.hooks.public_modules import public_modules  # noqa: E402
from snn_control.cli.main import main  # noqa: E402
from snn_control.cli.registry import VERBS  # noqa: E402
from snn_control.config import flow_yaml  # noqa: E402
from snn_control.envs import environments  # noqa: E402
from snn_control.evolution import STRATEGIES  # noqa: E402
from snn_control.loops.field import field_docs  # noqa: E402
from snn_control.runs.metrics_file import plain  # noqa: E402
from snn_control.studies.registry import STUDIES, study_module  # noqa: E402
from snn_control.training.any_environment.task import EnvironmentTask  # noqa: E402
from snn_control.training.optimisation import ENVIRONMENT_METHODS, METHODS  # noqa: E402
from snn_control.training.systems import SYSTEMS, system  # noqa: E402

LAYOUT = tempfile.TemporaryDirectory(prefix="snn_control_docs_")
"""Folder with links to the package as it is installed, removed at the end."""
PROJECT = {
    "contributing": "CONTRIBUTING.md",
    "changelog": "CHANGELOG.md",
    "quality_declaration": "QUALITY_DECLARATION.md",
}
"""Pages of `project/` and the files that they show."""


@event_priority(100)  # before the plugins read their settings
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Complete the navigation, and lay the package out for the handler of docstrings."""
    layout = Path(LAYOUT.name) / "snn_control"
    if not layout.exists():  # a server calls this again after each change
        layout.mkdir()
        for path in (*(ROOT / "snn_control").iterdir(), ROOT / "envs"):
            (layout / path.name).symlink_to(path)
    config.plugins["mkdocstrings"].config["handlers"]["python"]["paths"] = [str(layout.parent)]
    section(config.nav, "Python API").extend(api_navigation())
    section(config.nav, "Decisions").extend(decisions())
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    pages = {
        "reference/command_line.md": command_line(),
        "reference/configurations.md": configurations(),
        "reference/environments.md": specifications(),
    }
    pages |= {
        api_page(module): api_text(module, names) for module, names in public_modules().items()
    }
    pages |= {
        f"project/{name}.md": linked((ROOT / file).read_text("utf-8"))
        for name, file in PROJECT.items()
    }
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_post_page(output: str, **_: object) -> str:
    """Remove the indentation of a page outside of code: a third of its size."""
    parts = re.split(r"(<pre\b.*?</pre>|<script\b.*?</script>)", output, flags=re.DOTALL)
    parts[::2] = [re.sub(r"\s*\n\s*", "\n", part) for part in parts[::2]]
    return "".join(parts)


def on_post_build(config: MkDocsConfig) -> None:
    """Delete source maps, and the search in other languages than English."""
    scripts = Path(config.site_dir) / "assets" / "javascripts"
    for path in Path(config.site_dir).rglob("*.map"):
        path.unlink()
    shutil.rmtree(scripts / "lunr", ignore_errors=True)


def section(navigation: list, title: str) -> list | None:
    """Return the list of a titled section at any depth, or None."""
    for entry in navigation:
        for name, value in entry.items() if isinstance(entry, dict) else ():
            if name == title:
                return value
            if isinstance(value, list) and (inner := section(value, title)) is not None:
                return inner
    return None


def decisions() -> list[dict[str, str]]:
    """Return the navigation of the decision records, by number."""
    entries = []
    for path in sorted((ROOT / "docs" / "adr").glob("[0-9]*.md")):
        title = path.read_text("utf-8").splitlines()[0].removeprefix("# ")
        entries.append({title: f"adr/{path.name}"})
    return entries


def api_page(module: str) -> str:
    """Return the path of the page of a module."""
    return f"reference/api/{module}.md"


def api_text(module: str, names: list[str]) -> str:
    """Return the page of a module: its docstring and its public names."""
    # The name of a function that hides its module leads to the module: `network.merge`.
    elsewhere = {name: f"{module}.{name}.{name}" for name in names if is_module(f"{module}.{name}")}
    lazy = snn_control._LAZY if module == "snn_control" else {}
    listed = ", ".join(f'"{name}"' for name in names if name not in {*elsewhere, *lazy})
    text = f"# `{module}`\n\n::: {module}\n    options:\n      members: [{listed}]\n"
    if lazy:
        rows = (f"| `{name}` | [`{m}.{name}`][{m}.{name}] |" for name, m in lazy.items())
        text += "\n| name | defined as |\n|---|---|\n" + "\n".join(rows) + "\n"
    for place in elsewhere.values():
        text += f"\n::: {place}\n    options:\n      show_root_heading: true\n"
    return text


def is_module(dotted: str) -> bool:
    """Return True if a dotted name is one of our modules."""
    parts = dotted.split(".")[1:]
    return (ROOT / "snn_control").joinpath(*parts).with_suffix(".py").is_file()


def api_navigation() -> list[dict[str, object]]:
    """Return the modules grouped by layer."""
    layers: dict[str, list[dict[str, str]]] = {}
    for module in public_modules():
        layer = ".".join(module.split(".")[:2])
        short = module.removeprefix(layer + ".").removeprefix("snn_control.")
        layers.setdefault(layer, []).append({short: api_page(module)})
    return [
        {layer.removeprefix("snn_control."): entries} if len(entries) > 1 else entries[0]
        for layer, entries in layers.items()
    ]


def command_line() -> str:
    """Return the help of every verb."""
    overview = "\n".join(f"| [`{verb}`](#{verb}) | {line} |" for verb, line in VERBS.items())
    text = (
        "# Command line\n\n`snn-control VERB [options]`, also `python -m snn_control VERB`. "
        "Every verb takes `--json`. Exit codes: 0 done, 1 failed, 2 wrong use.\n\n"
        f"| verb | purpose |\n|---|---|\n{overview}\n"
    )
    for verb in VERBS:
        text += f"\n## {verb}\n\n```text\n{output([verb, '--help'])}\n```\n"
    return text


def configurations() -> str:
    """Return the fields of every configuration that a YAML file or a study may set."""
    text = (
        "# Configurations\n\nA YAML file, shipped in `configs/` or your own, names its `method`. "
        "Unknown keys are errors. `snn-control show NAME` prints a shipped one. The resolved "
        "configuration is written to `config.yaml` of the run.\n"
    )
    kinds = {f"method: {name}": method.config_type for name, method in METHODS.items()}
    kinds |= {
        f"method: {name}, in any environment": method.config_type
        for name, method in ENVIRONMENT_METHODS.items()
        if method is not METHODS[name]
    }
    kinds |= {f"task of system: {name}": system(name).task_type for name in SYSTEMS}
    kinds["task with an environment"] = EnvironmentTask
    kinds |= {f"strategy: {name}": STRATEGIES[name].config_type for name in STRATEGIES}
    kinds |= {f"study: {name}": study_module(name).Config for name in STUDIES}
    for title, kind in kinds.items():
        text += f"\n## `{title}`\n\n| field | default | meaning |\n|---|---|---|\n"
        docs = field_docs(kind)
        for field in dataclasses.fields(kind):
            meaning = docs.get(field.name, "selects this table").replace("|", "\\|")
            text += f"| `{field.name}` | {default(field)} | {meaning} |\n"
    return text


def default(field: dataclasses.Field) -> str:
    """Return the default of a field as YAML, or a dash."""
    value = field.default
    if value is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    if value is dataclasses.MISSING or dataclasses.is_dataclass(value):
        return "-"
    return f"`{flow_yaml(plain(value))}`"


def specifications() -> str:
    """Return the specification of every environment."""
    text = "# Environments\n\n`snn-control show ENVIRONMENT` prints each of these sections.\n"
    ours = [name for name in environments() if name.startswith("snn_control/")]
    for name in sorted(ours, key=lambda name: not name.endswith("-v0")):  # Gymnasium's last
        text += f"\n## {name}\n\n{output(['show', name]).replace('## ', '### ')}\n"
    return text


def output(words: list[str]) -> str:
    """Return the plain output of a command, 80 columns wide."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), patch.dict(os.environ, COLUMNS="80"):
        if code := main(words):
            raise SystemExit(f"snn-control {' '.join(words)}: exit code {code}")
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.getvalue()).strip()


def linked(text: str) -> str:
    """Return the text of a file at the root with paths of pages as links from `project/`."""

    def link(match: re.Match[str]) -> str:
        exists = (ROOT / "docs" / match[1]).is_file()
        return f"[{match[1]}](../{match[1]})" if exists else match[0]

    return re.sub(r"(?<!\[)`docs/([\w/-]+\.md)`", link, text)
