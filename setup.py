"""Build of snn_control as an ament_python package of ROS 2 and as an ordinary Python package.

Three folders of the checkout are installed inside the package: `envs` as `snn_control.envs`,
`models` and `configs` as data folders. They are mapped only if they lie beside this file, because
colcon's symlink install links only the package; `snn_control/__init__.py` and
`snn_control/resources.py` then locate them in the checkout.
"""

import os
import re
import subprocess
import sys
from glob import glob
from pathlib import Path
from runpy import run_path

from setuptools import find_namespace_packages, setup
from setuptools.command.develop import develop
from setuptools.command.install import install

NAME = "snn_control"
VERSION = re.search(r'__version__ = "(.+)"', Path(NAME, "__init__.py").read_text("utf-8")).group(1)
NODES = [node.name for node in run_path(f"{NAME}/ros/nodes.py")["NODES"]]

packages = find_namespace_packages(
    include=[NAME, f"{NAME}.*"], exclude=["*.page", "*.resources", "*.resources.*", "*__pycache__"]
)
package_dir = {}
package_data = {
    NAME: ["py.typed"],
    f"{NAME}.report": ["page/*"],
    f"{NAME}.export": ["*/resources/*", "*/resources/include/*"],
}

# `pip install -e` adds this folder, which holds a link to the package, to the import path: with the
# whole checkout, folders such as `tests` and `envs` would be importable too.
if "editable_wheel" in sys.argv and Path(".editable", NAME, "__init__.py").is_file():
    package_dir |= {"": ".editable", NAME: NAME}
if Path("envs").is_dir():
    packages += [f"{NAME}.envs"] + [
        f"{NAME}.envs.{name}" for name in find_namespace_packages("envs", exclude=["*__pycache__"])
    ]
    package_dir[f"{NAME}.envs"] = "envs"
    package_data[f"{NAME}.envs"] = ["*.xml", "**/*.xml"]
for folder, patterns in (
    ("models", ["*.json", "*.safetensors"]),
    ("configs", ["*.yaml", "energy/*.yaml", "faults/*.yaml", "ros/*.yaml"]),
):
    if Path(folder).is_dir():
        packages.append(f"{NAME}.{folder}")
        package_dir[f"{NAME}.{folder}"] = folder
        package_data[f"{NAME}.{folder}"] = patterns

README = Path("README.md")  # missing beside this file if colcon links the package
REPORT = ["plotly>=6", "jinja2>=3.1", "imageio-ffmpeg>=0.5", "pillow>=10.1"]
LOGS = ["rosbags>=0.11,<0.12"]  # ros/bags/bag_writer.py extends its writer of MCAP files
RL = ["sb3-contrib>=2.4", "stable-baselines3>=2.4"]
CLUSTER = ["ray>=2.52"]
DIGITS = ["scikit-learn>=1.4"]
NIR = ["nir>=1.0.8"]
ONNX = ["onnx>=1.17", "onnxruntime>=1.20"]
SERIAL = ["pyserial>=3.5", "cobs>=1.2"]
DOCS = ["mkdocs>=1.6,<2", "mkdocs-material>=9.6,<10", "mkdocstrings[python]>=0.29"]
# The wheels exist only for these Pythons; elsewhere the extra is empty: source ROS 2 instead.
# Always `ros-jazzy-*`: a plain `ros-*` package installs a newer distribution and mixes the two.
WHEELS = (
    'sys_platform == "linux" and platform_machine == "x86_64" and '
    'implementation_name == "cpython" and python_version < "3.15"'
)
ROS = [
    f"ros-jazzy-{name}; {WHEELS}"
    for name in (
        "rclpy",
        "rmw-fastrtps-cpp",
        "diagnostic-msgs",
        "geometry-msgs",
        "lifecycle-msgs",
        "nav-msgs",
        "rcl-interfaces",
        "rosgraph-msgs",
        "sensor-msgs",
        "std-msgs",
        "std-srvs",
        "trajectory-msgs",
    )
]
TOOLS = [
    "pytest>=8",
    "pytest-rerunfailures>=15",
    "pytest-xdist>=3.8",
    "hypothesis>=6",
    "cma>=4",
    "playwright>=1.45",
    "setuptools>=70.1,<80",
]
# For a sourced ROS 2, whose libraries the wheels would replace.
TEST_SOURCED = [*TOOLS, *LOGS, *SERIAL, *RL, *CLUSTER, *DIGITS, *NIR, *ONNX]
TEST = [*TEST_SOURCED, *ROS]
DEV = ["ruff==0.17.6", "mypy==2.4.1", "types-PyYAML"]


def warm(folder):
    """Compile the kernels of the package in a folder; `SNN_CONTROL_WARM=0` prevents it.

    colcon calls it at the end of a build, so that no first launch compiles.
    """
    if os.environ.get("SNN_CONTROL_WARM") == "0":
        return
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))
    command = [sys.executable, "-P", "-m", NAME, "warm"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path})
    if done.returncode:
        print("kernels are not compiled now: the first start of a node compiles them")


class Install(install):
    """Installation; one into a folder, not that of a wheel, compiles the kernels."""

    def run(self):
        super().run()
        if self.root is None:
            warm(Path(self.install_lib).resolve())


class Develop(develop):
    """Installation of links, which compiles the kernels."""

    def run(self):
        super().run()
        if not self.uninstall:
            warm(Path.cwd())


setup(
    name=NAME,
    cmdclass={"install": Install, "develop": Develop},
    version=VERSION,
    description="Spiking neural network controllers for robots: evolve, evaluate, deploy",
    long_description=README.read_text("utf-8") if README.is_file() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    maintainer="snn_control maintainers",
    maintainer_email="maintainers@example.org",
    python_requires=">=3.11",
    packages=packages,
    package_dir=package_dir,
    package_data=package_data,
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/launch", sorted(glob("launch/*.launch.py"))),
        (f"share/{NAME}/configs", sorted(glob("configs/*.yaml"))),
        (f"share/{NAME}/configs/energy", sorted(glob("configs/energy/*.yaml"))),
        (f"share/{NAME}/configs/faults", sorted(glob("configs/faults/*.yaml"))),
        (f"share/{NAME}/configs/ros", sorted(glob("configs/ros/*.yaml"))),
        (f"lib/{NAME}", sorted(glob("scripts/*"))),
    ],
    zip_safe=False,
    install_requires=[
        "numpy>=2",
        "scipy>=1.11",
        "torch>=2.13",
        "norse>=1.1",
        "numba>=0.61",
        "gymnasium[mujoco]>=1.1",
        "mujoco>=3.2",
        "deap>=1.4.2",
        "moocore>=0.3",
        "safetensors>=0.5",
        "threadpoolctl>=3",
        "PyYAML>=6",
        "tyro>=0.9",
        "rich>=13",
    ],
    extras_require={
        "report": REPORT,
        "ros": ROS,
        "logs": LOGS,
        "rl": RL,
        "cluster": CLUSTER,
        "serial": SERIAL,
        "digits": DIGITS,
        "nir": NIR,
        "onnx": ONNX,
        "docs": DOCS,
        "test": TEST,
        "test-sourced": TEST_SOURCED,
        "dev": DEV,
    },
    entry_points={
        "console_scripts": [
            "snn-control = snn_control.cli.main:main",
            *(f"{node} = {NAME}.ros.{node}:main" for node in NODES),
        ]
    },
)
