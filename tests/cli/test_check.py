"""Command line of `check`."""

import json
import subprocess
import sys

from snn_control.cli.main import main
from tests.paths import ROOT


def test_exit_codes_and_json(tmp_path, capsys):
    assert main(["check", "controller/pid", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["passed"]
    assert {"kind", "name", "passed", "found", "remedy"} == set(result["checks"][0])
    path = tmp_path / "mine.yaml"
    path.write_text("method: evolve\nsystem: blimp\nname: x\nstratgy: cma_es\n")
    assert main(["check", str(path)]) == 1
    out = capsys.readouterr().out
    assert "FAIL" in out
    assert "remedy:" in out
    assert main(["check", "no-such-thing"]) == 2
    assert main(["check"]) == 2


def test_brackets_in_names_are_printed_unchanged(tmp_path, capsys):
    path = tmp_path / "mine [draft].yaml"
    path.write_text("method: evolve\nsystem: blimp\nname: x\nstratgy: cma_es\n")
    assert main(["check", str(path)]) == 1
    title, *table = capsys.readouterr().out.splitlines()
    assert title.strip() == str(path)
    assert any("[draft]" in line for line in table)


def test_modules_of_the_working_folder_are_imported(tmp_path):
    text = (
        "import gymnasium\n"
        "from snn_control.envs.blimp.altitude import BlimpAltitude\n"
        "gymnasium.register(id='mine/Blimp-v0', entry_point=BlimpAltitude)\n"
    )
    (tmp_path / "mine_env.py").write_text(text)
    code = f"import sys; sys.path[:] = [p for p in sys.path if p]; sys.path.append({str(ROOT)!r})\n"
    code += "from snn_control.cli.main import main; sys.exit(main(sys.argv[1:]))"
    words = ["check", "mine_env:mine/Blimp-v0", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["passed"]
