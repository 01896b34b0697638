"""Progress of a long job without a terminal."""

import io

from snn_control.cli.progress import Progress, frames


class Clock:
    """Clock advanced by the test."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_plain_lines_are_rare_and_the_last_one_is_shown():
    clock, stream = Clock(), io.StringIO()
    with Progress(stream=stream, clock=clock) as progress:
        for generation in range(11):
            progress.update(generation, best=1.0, median=2.0, fraction=generation / 20)
            clock.now += 1.0
    lines = stream.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == ["0", "5", "10"]
    assert lines[-1] == "generation 10  best 1  median 2  50 %  ETA 0:10"


def test_a_resumed_job_counts_only_new_progress():
    clock, stream = Clock(), io.StringIO()
    with Progress(stream=stream, clock=clock) as progress:
        progress.update(50, best=1.0, median=2.0, fraction=0.5)
        clock.now += 30.0
        progress.update(60, best=1.0, median=2.0, fraction=0.6)
    assert stream.getvalue().splitlines()[-1].endswith("ETA 2:00")


def test_quiet_prints_nothing():
    stream = io.StringIO()
    with Progress(quiet=True, stream=stream) as progress:
        progress.update(0, best=1.0, median=2.0, fraction=0.1)
    assert stream.getvalue() == ""


def test_films_of_unknown_length_have_no_share(capsys, monkeypatch):
    times = iter(range(0, 100, 10))
    monkeypatch.setattr("snn_control.cli.progress.time.monotonic", lambda: next(times))
    frames(float("inf"), 8.0)(80)
    frames(20.0, 8.0)(80)
    frames(20.0, 8.0, quiet=True)(80)
    assert capsys.readouterr().err.splitlines() == ["filming, frame 80", "filming, frame 80, 50%"]
