"""Selection of the off-screen renderer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from snn_control.envs import renderer
from snn_control.envs.renderer import no_renderer, select_renderer
from snn_control.envs.route.body import can_draw
from tests.needs import NEEDS_RENDERER
from tests.paths import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the renderer is chosen on Linux")


@pytest.fixture(autouse=True)
def libraries(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Renderers whose library can be loaded; a test changes the set."""
    loaded = {"egl", "osmesa"}
    monkeypatch.setattr(renderer, "_loads", lambda name: name in loaded)
    monkeypatch.setattr(renderer, "_refused", [])
    return loaded


def selected(environment: dict[str, str]) -> str | None:
    select_renderer(environment)
    return environment.get("MUJOCO_GL")


def test_the_first_that_loads_is_selected(libraries: set[str]) -> None:
    assert selected({}) == "egl"
    libraries.remove("egl")
    assert selected({}) == selected({"MUJOCO_GL": " "}) == "osmesa"
    libraries.clear()
    assert selected({}) == "disable"
    assert selected({"DISPLAY": ":0"}) is None


def test_a_request_is_kept_if_it_loads(libraries: set[str]) -> None:
    for name in ("egl", "osmesa", "EGL", "glfw", "disable", "off"):
        assert selected({"MUJOCO_GL": name, "DISPLAY": ":0"}) == name
    assert str(no_renderer(RuntimeError("no"))).startswith(
        "no off-screen renderer is available (no)"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("osmesa", "MUJOCO_GL is 'osmesa', but libOSMesa.so cannot be loaded; no"),
        ("nonsense", "MUJOCO_GL is 'nonsense', expected egl, osmesa, glfw or disable; no"),
    ],
)
def test_a_request_that_does_not_load_is_named_when_something_is_drawn(
    name: str, reason: str, libraries: set[str]
) -> None:
    libraries.clear()
    assert selected({"MUJOCO_GL": name}) == "disable"
    assert f"({reason}): install EGL" in str(no_renderer(RuntimeError("no")))


def test_an_invalid_request_breaks_only_what_draws() -> None:
    program = (
        "import snn_control\n"
        "env = snn_control.make('BlimpAltitude-v0', render_mode='rgb_array')\n"
        "env.reset(seed=0); env.step(env.action_space.sample()); print('stepped')\n"
        "try: env.render()\n"
        "except Exception as error: print(type(error).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"MUJOCO_GL": "nonsense"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "stepped"


FORKED = """
import gymnasium, snn_control.envs
if __name__ == "__main__":
    env = gymnasium.make("snn_control/{name}", {options})
    env.reset(seed=0)
    env.render()
    vector = gymnasium.make_vec(
        "snn_control/{name}", 2, vectorization_mode="async",
        vector_kwargs={{"context": "{context}"}},
        {options}
    )
    vector.reset(seed=0)
    print("reset")
    vector.call("render")
    print("drawn")
    vector.close()
"""


@pytest.mark.parametrize("name", ["Route-v0", "BlimpAltitude-v0", "Swim-v0", "Swimmer-v5"])
@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_a_forked_process_refuses_to_draw_and_a_spawned_one_draws(
    name: str, context: str, tmp_path: Path
) -> None:
    if not can_draw():
        pytest.skip(NEEDS_RENDERER)
    script = tmp_path / "script.py"
    options = "render_mode='rgb_array'"
    script.write_text(FORKED.format(name=name, options=options, context=context), "utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    if context == "spawn":
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == ["reset", "drawn"]
    else:
        assert done.returncode != 0
        assert "vector_kwargs={'context': 'spawn'}" in done.stderr
