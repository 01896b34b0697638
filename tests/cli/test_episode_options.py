"""Command line of `play`, `compare` and `eval`, the verbs that run seeded episodes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from snn_control.cli.main import main
from snn_control.training.film import can_film
from tests.needs import NEEDS_FILM
from tests.paths import ROOT

SHORT = ["--episodes", "2", "--presets", "clean", "--duration-s", "100"]


def test_compare_prints_ratios_to_the_first(capsys):
    assert main(["compare", "pid", "blimp-altitude", *SHORT]) == 0
    out = capsys.readouterr().out
    assert "ratio to pid" in out
    assert "Synaptic operations, 1/s" in out


def test_compare_as_json_uses_the_chosen_reference(capsys):
    words = ["compare", "pid", "blimp-altitude", *SHORT, "--against", "blimp-altitude", "--json"]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["against"] == "blimp-altitude"
    ratios = {r["controller"] for r in result["rows"] if "ratio" in r}
    assert ratios == {"pid"}


def test_an_unknown_reference_is_an_error_before_any_episode(capsys, monkeypatch):
    monkeypatch.setattr("snn_control.cli.episode_options.evaluate", None)
    assert main(["compare", "pid", "blimp-altitude", *SHORT, "--against", "blimp-altitud"]) == 2
    assert "Did you mean: `blimp-altitude`?" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["compare", "pid"], ["compare", "pid", "pid"]])
def test_compare_requires_two_different_controllers(verb, capsys):
    assert main(verb) == (2 if len(verb) == 2 else 1)
    assert "controllers" in capsys.readouterr().err


def test_one_episode_has_no_interval_and_valid_json(capsys):
    words = ["--episodes", "1", "--duration-s", "100"]
    assert main(["eval", "blimp-altitude", *words, "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["rows"][0]
    assert row["ci95"] is None
    assert row["ratio"] == pytest.approx(row["mean"] / row["pid"])
    assert main(["eval", "pid", *words]) == 0
    assert "nan" not in capsys.readouterr().out
    assert main(["eval", "pid", "--episodes", "0"]) == 2


def test_parameters_of_a_file_change_the_result(tmp_path, capsys):
    path = tmp_path / "blimp.yaml"
    weak = "thrust_gain_m_s2: 0.5\nhover_motor_units: 8.0\n"
    means = []
    for text in ("spread: 0.0\n", "spread: 0.0\n" + weak):
        path.write_text(text)
        assert main(["eval", "pid", *SHORT, "--parameters", str(path), "--json"]) == 0
        means.append(json.loads(capsys.readouterr().out)["rows"][3]["mean"])
    assert means[1] > 1.2 * means[0]
    for text in ("thrust_gain: 1\n", "thrust_gain_m_s2: -1\n", "- 1\n", "", "a: [\n", "spread: x"):
        path.write_text(text)
        assert main(["eval", "pid", *SHORT, "--parameters", str(path)]) == 1
        assert str(path) in capsys.readouterr().err


@pytest.mark.skipif(not can_film(), reason=NEEDS_FILM)
def test_play_without_a_display_writes_a_video(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["play", "pid", "--duration", "1.0", "--seed", "4"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "pid-4.mp4"
    assert "RMSE of the whole run" in out
    assert (tmp_path / "pid-4.mp4").stat().st_size > 1000
    named = str(tmp_path / "x y.mp4")
    words = ["play", "pid", "--duration-s", "0.5", "--out", named, "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["film"] == named


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="no virtual display: install xvfb")
def test_play_on_a_display_opens_a_window_in_real_time(tmp_path):
    read, write = os.pipe()
    display = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x24"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    try:
        number = os.read(read, 16).decode().strip()
        env = {k: v for k, v in os.environ.items() if k != "MUJOCO_GL"}
        env |= {"DISPLAY": f":{number}", "PYTHONPATH": str(ROOT)}
        words = ["-m", "snn_control", "play", "pid", "--duration-s", "3", "--json"]
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, *words], capture_output=True, text=True, env=env, cwd=tmp_path
        )
        took_s = time.monotonic() - started
    finally:
        display.terminate()
        display.wait()
        os.close(read)
        os.close(write)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["film"] is None
    assert took_s > 2.5
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_film_leaves_nothing_behind(number, tmp_path):
    """Interrupt of the whole process group, with the encoder, as by Ctrl-C."""
    if not can_film():
        pytest.skip(NEEDS_FILM)
    command = [sys.executable, "-m", "snn_control", "play", "blimp-altitude", "--out", "a.mp4"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not any(path.stat().st_size for path in tmp_path.iterdir()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    os.killpg(process.pid, number)
    _, error = process.communicate(timeout=20)
    assert process.returncode != 0
    assert "Traceback" not in error
    assert not [*tmp_path.iterdir()]


def faults_of(folder, text):
    path = folder / "faults.yaml"
    path.write_text(f"faults:\n- {text}\n", "utf-8")
    return str(path)


@pytest.mark.parametrize("verb", [["eval"], ["compare", "pid"]])
def test_faults_of_a_file_change_the_result(verb, tmp_path, capsys):
    path = faults_of(tmp_path, "{channel: motor_command, kind: wrong, factor: 0.7, start_s: 20}")
    means = []
    for faults in ([], ["--faults", path]):
        assert main([*verb, "blimp-altitude", *SHORT, "--json", *faults]) == 0
        result = json.loads(capsys.readouterr().out)
        assert (verb == ["eval"] and bool(faults)) == ("faults" in result)
        rows = result["rows"]
        means.append(next(row["mean"] for row in rows if row["metric"] == "hold_rmse_m"))
    assert means[1] > 1.2 * means[0] > 0.0


def test_an_evaluation_names_its_faults(tmp_path, capsys):
    path = faults_of(tmp_path, "{channel: range, kind: stuck, start_s: 20, stop_s: 21}")
    run = tmp_path / "run"
    assert main(["eval", "pid", *SHORT, "--faults", path, "--out", str(run)]) == 0
    assert f"faults {path[:20]}" in capsys.readouterr().out.replace("\n", "")
    document = json.loads((run / "eval" / "pid-clean.json").read_text("utf-8"))
    assert document["faults"] == path


def test_a_fault_without_effect_fails_the_command(tmp_path, capsys):
    path = faults_of(tmp_path, "{channel: range, kind: 'off', start_s: 99.99, stop_s: 100}")
    assert main(["eval", "blimp-altitude", *SHORT, "--faults", path]) == 1
    assert "fault off of range from 99.99 s changed no message" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{channel: rage, kind: 'off'}", "unknown channel 'rage'. Did you mean: `range`?"),
        ("{channel: range, kind: offf}", "unknown kind 'offf'. Did you mean: `off`?"),
    ],
)
def test_files_of_faults_are_checked_before_any_episode(text, message, tmp_path, capsys):
    path = faults_of(tmp_path, text)
    assert main(["eval", "blimp-altitude", *SHORT, "--faults", path]) != 0
    assert f"{path}: " in (error := capsys.readouterr().err)
    assert message in error


def test_play_has_faults(tmp_path, capsys):
    words = ["play", "pid", "--seed", "1", "--duration-s", "40", "--json", "--faults"]
    if not can_film():
        pytest.skip(NEEDS_FILM)
    path = faults_of(tmp_path, "{channel: motor_command, kind: 'off', start_s: 5}")
    picture = tmp_path / "a.png"
    assert main([*words, path, "--out", str(picture)]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["rmse_m"] > 0.3
    assert main([*words, faults_of(tmp_path, "{channel: batery, kind: 'off'}")]) != 0
    assert "Did you mean: `battery`" in capsys.readouterr().err
