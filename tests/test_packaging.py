"""The wheel, what it installs, and that the files that name a version agree."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

import snn_control

ROOT = Path(__file__).resolve().parents[1]
PARTS = ["snn_control", "envs", "models", "configs", "launch", "scripts", "resource"]
FILES = ["setup.py", "setup.cfg", "pyproject.toml", "package.xml", "README.md", "LICENSE"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel of a copy of the checkout, without network."""
    pytest.importorskip("setuptools", reason="setuptools builds the wheel")
    source = tmp_path_factory.mktemp("source with spaces")
    for name in PARTS:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.nb?")
            shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, source)
    (source / "models").mkdir(exist_ok=True)
    (source / "models" / "probe.json").write_text("{}")
    (source / "models" / "probe.safetensors").write_bytes(b"")
    (source / "configs").mkdir(exist_ok=True)
    (source / "configs" / "probe.yaml").write_text("{}")
    target = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir"]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(target.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_wheel_holds_code_and_data(names):
    for name in ("cli/main.py", "envs/__init__.py", "envs/blimp/blimp.xml", "py.typed",
                 "models/probe.json", "models/probe.safetensors", "configs/probe.yaml",
                 "report/page/report.html.j2", "report/page/style.css"):  # fmt: skip
        assert f"snn_control/{name}" in names


def test_every_module_of_the_checkout_is_in_the_wheel(names):
    for base, prefix in (("snn_control", "snn_control"), ("envs", "snn_control/envs")):
        for path in (ROOT / base).rglob("*.py"):
            assert f"{prefix}/{path.relative_to(ROOT / base).as_posix()}" in names


def test_nothing_but_the_package_is_importable(names):
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not re.match(r"snn_control-.*\.(dist-info|data)$", top)} == {
        "snn_control"
    }


def test_ros_finds_the_package(names):
    data = [name.split(".data/data/")[1] for name in names if ".data/data/" in name]
    assert "share/ament_index/resource_index/packages/snn_control" in data
    assert "share/snn_control/package.xml" in data
    assert "share/snn_control/configs/probe.yaml" in data


def test_installed_package_imports_and_finds_its_files(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = (
        "import snn_control, snn_control.envs as envs;"
        "from snn_control.resources import configs_folder, models_folder;"
        "print(envs.__file__, models_folder() / 'probe.json', configs_folder() / 'probe.yaml',"
        "sep='\\n')"
    )
    command = [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, sys.argv[1]); {program}",
    ]
    done = subprocess.run(
        [*command, str(tmp_path)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    for line in done.stdout.splitlines():
        assert Path(line).is_relative_to(tmp_path)
        assert Path(line).exists()


def test_versions_agree():
    package = ElementTree.parse(ROOT / "package.xml").getroot()
    assert package.get("format") == "3"
    assert package.findtext("name") == "snn_control"
    assert package.findtext("version") == snn_control.__version__
    assert package.findtext("export/build_type") == "ament_python"
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == snn_control.__version__
    assert citation["license"] == package.findtext("license") == "Apache-2.0"


def test_launch_is_no_package():
    assert not (ROOT / "launch" / "__init__.py").exists()


def test_torch_is_pinned_alike_everywhere():
    pins = dict(re.findall(r"^(torch\w*)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M))
    for name, version in re.findall(r"\b(torch\w*)==([\d.]+)", (ROOT / "Makefile").read_text()):
        assert pins[name] == version.rstrip(".") or version == "..."
