"""Wheel, installed files, and agreement of version numbers."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

import snn_control
from tests.other_user import NOBODY, runnable_python, user_prefix
from tests.paths import ROOT

PARTS = [".editable", "snn_control", "envs", "models", "configs", "launch", "scripts", "resource"]
FILES = ["setup.py", "setup.cfg", "pyproject.toml", "package.xml", "README.md", "LICENSE"]


def copy_checkout(target):
    """Copy the files of the package to the folder `target`."""
    for name in PARTS:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.nb?")
            shutil.copytree(ROOT / name, target / name, symlinks=True, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, target)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel of a copy of the checkout, without network."""
    pytest.importorskip("setuptools", reason="setuptools builds the wheel")
    source = tmp_path_factory.mktemp("source with spaces")
    copy_checkout(source)
    (source / "models").mkdir(exist_ok=True)
    (source / "models" / "probe.json").write_text("{}")
    (source / "models" / "probe.safetensors").write_bytes(b"")
    for folder in ("configs", "configs/energy", "configs/faults", "configs/ros"):
        (source / folder).mkdir(parents=True, exist_ok=True)
        (source / folder / "probe.yaml").write_text("{}")
    target = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir"]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(target.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_wheel_contains_code_and_data(names):
    for name in ("cli/main.py", "envs/__init__.py", "envs/blimp/blimp.xml", "py.typed",
                 "models/probe.json", "models/probe.safetensors", "configs/probe.yaml",
                 "configs/energy/probe.yaml", "configs/faults/probe.yaml", "configs/ros/probe.yaml",
                 "export/cores/resources/include/stdio.h", "export/cores/resources/count.c",
                 "export/bare_metal/resources/board.ld",
                 "report/page/report.html.j2", "report/page/style.css"):  # fmt: skip
        assert f"snn_control/{name}" in names


def test_every_module_of_the_checkout_is_in_the_wheel(names):
    for base, prefix in (("snn_control", "snn_control"), ("envs", "snn_control/envs")):
        for path in (ROOT / base).rglob("*.py"):
            assert f"{prefix}/{path.relative_to(ROOT / base).as_posix()}" in names


def test_package_is_the_only_top_level_module(names):
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not re.match(r"snn_control-.*\.(dist-info|data)$", top)} == {
        "snn_control"
    }


def test_wheel_registers_the_package_with_ament(names):
    data = [name.split(".data/data/")[1] for name in names if ".data/data/" in name]
    assert "share/ament_index/resource_index/packages/snn_control" in data
    assert "share/snn_control/package.xml" in data
    assert "share/snn_control/configs/probe.yaml" in data
    assert "share/snn_control/configs/energy/probe.yaml" in data
    assert "share/snn_control/configs/faults/probe.yaml" in data
    assert "share/snn_control/configs/ros/probe.yaml" in data


def test_wheel_has_an_executable_of_each_node(wheel):
    """One executable of the package, and one command of the same name for colcon."""
    nodes = sorted(path.name for path in (ROOT / "scripts").iterdir())
    assert "altitude_controller" in nodes
    with zipfile.ZipFile(wheel) as archive:
        placed = {i.filename.split(".data/data/")[-1]: i for i in archive.infolist()}
        assert nodes == sorted(
            name.removeprefix("lib/snn_control/")
            for name in placed if name.startswith("lib/snn_control/")
        )  # fmt: skip
        for node in nodes:
            info = placed[f"lib/snn_control/{node}"]
            assert info.external_attr >> 16 & 0o777 == 0o755
            assert (ROOT / "scripts" / node).stat().st_mode & 0o777 == 0o755
            assert f"snn_control/ros/{node}.py" in placed
        name = next(n for n in archive.namelist() if n.endswith("entry_points.txt"))
        text = archive.read(name).decode()
    commands = re.findall(r"^(\w+) = snn_control\.ros\.(\w+):main$", text, re.M)
    assert sorted(commands) == [(node, node) for node in nodes]


def test_extra_ros_requires_only_jazzy_wheels(wheel):
    """No plain `ros-*` packages of newer distributions, no unrelated `launch` of PyPI."""
    from packaging.metadata import Metadata

    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = Metadata.from_email(archive.read(name), validate=False)
    here = {"sys_platform": "linux", "platform_machine": "x86_64",
            "implementation_name": "cpython", "python_version": "3.11"}  # fmt: skip
    others = [{"platform_machine": "aarch64"}, {"sys_platform": "darwin"},
              {"implementation_name": "pypy"}, {"python_version": "3.15"}]  # fmt: skip

    def required(extra, environment):
        chosen = here | environment | {"extra": extra}
        return {r.name for r in metadata.requires_dist or [] if r.marker and
                r.marker.evaluate(chosen)}  # fmt: skip

    ros = required("ros", {})
    assert "ros-jazzy-rclpy" in ros
    assert all(name.startswith("ros-jazzy-") for name in ros)
    assert required("logs", {}) == {"rosbags"}
    assert ros | {"rosbags"} < required("test", {})
    assert required("test-sourced", {}) == required("test", {}) - ros
    for other in others:
        assert not required("ros", other)
        assert not any(name.startswith("ros-") for name in required("test", other))
    named = {r.name for r in metadata.requires_dist or []}
    assert not {n for n in named if n.startswith(("launch", "ros")) and n not in {"rosbags", *ros}}
    pinned = set(re.findall(r"^(ros[\w-]+)==", (ROOT / "constraints.txt").read_text(), re.M))
    assert pinned == ros | {"rosbags"}


def test_installed_package_imports_and_locates_its_files(wheel, tmp_path):
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


@pytest.mark.slow
def test_install_by_another_user_from_a_path_with_spaces():
    """Install with pip into a folder of this user and run the command from there."""
    prefix, site = user_prefix(), sysconfig.get_path("purelib")
    python = runnable_python(prefix, site, "numpy", "pip", "setuptools", "tyro")
    base = Path(tempfile.mkdtemp(prefix="snn_control-test-"))
    try:
        source, target = base / "my checkout", base / "their packages"
        copy_checkout(source)
        if prefix:
            user = pwd.getpwnam(NOBODY)
            for path in (base, *base.rglob("*")):
                os.chown(path, user.pw_uid, user.pw_gid)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "XDG"))}
        environment = kept | {"HOME": str(base / "home"), "TMPDIR": str(base)}
        options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--no-cache-dir"]
        pip = [python, "-m", "pip", "install", *options, "--target", str(target), str(source)]
        for command, paths in (
            (pip, site),
            ([python, "-S", "-m", "snn_control", "list", "--json"], f"{target}:{site}"),
            ([python, "-S", "-m", "snn_control", "show", "blimp-altitude"], f"{target}:{site}"),
        ):
            done = subprocess.run(
                [*prefix, *command], cwd=base, env=environment | {"PYTHONPATH": paths},
                capture_output=True, text=True,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        assert "blimp-altitude" in done.stdout
        assert not (target / "envs").exists()
        assert (target / "snn_control" / "envs" / "blimp" / "blimp.xml").is_file()
    finally:
        shutil.rmtree(base)


def test_versions_agree():
    package = ElementTree.parse(ROOT / "package.xml").getroot()
    assert package.get("format") == "3"
    assert package.findtext("name") == "snn_control"
    assert package.findtext("version") == snn_control.__version__
    assert package.findtext("export/build_type") == "ament_python"
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == snn_control.__version__
    assert citation["license"] == package.findtext("license") == "Apache-2.0"


def test_launch_folder_is_not_a_package():
    assert not (ROOT / "launch" / "__init__.py").exists()


def test_torch_pins_agree():
    pins = dict(re.findall(r"^(torch\w*)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M))
    for name, version in re.findall(r"\b(torch\w*)==([\d.]+)", (ROOT / "Makefile").read_text()):
        assert pins[name] == version.rstrip(".") or version == "..."


def test_keys_of_rosdep_are_those_of_the_guide():
    """No `-pip` keys, which Ubuntu refuses (PEP 668), and none without an Ubuntu package."""
    package = ElementTree.parse(ROOT / "package.xml").getroot()
    keys = {entry.text for entry in package.findall("exec_depend") if "python3" in str(entry.text)}
    guide = (ROOT / "docs" / "how-to" / "ros2_install.md").read_text("utf-8")
    table = re.findall(r"^\| [\w, ]+ \| `(python3-\w+)` \| ([\d.]+) \| ([\d.]+) \|", guide, re.M)
    assert keys == {key for key, _, _ in table}
