"""Report page in headless Chromium, from file://, without network."""

import json
import os
import shutil
import subprocess

import numpy as np
import pytest

from snn_control.errors import RunError
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons.leaky_integrator import LeakyIntegrator
from snn_control.network.neurons.lif import LIF
from snn_control.report import build_report
from snn_control.report.metric_names import NONE
from tests.needs import NEEDS_REPORT, NEEDS_TEST
from tests.report.run_folder import NAME, bare_run, make_run

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _BROWSERS)), None)
PLOTS = ("response", "spikes", "learning", "transfer", "wiring-0", "operations")
SECTIONS = [
    *("result", "video", "response", "spikes", "learning", "transfer", "wiring"),
    *("operations", "provenance"),
]
SIZE = {"width": 1280, "height": 900}


def network():
    """Return a small network with the structure of the altitude controller."""
    rng = np.random.default_rng(0)
    return Network(
        name="altitude",
        control_period_s=0.1,
        inputs=("height_error_m",),
        populations=(
            Population("encoding", 20, LIF(tau_mem_s=0.2)),
            Population("hidden", 20, LIF(tau_mem_s=0.4)),
            Population("motor", 1, LeakyIntegrator()),
        ),
        connections=(
            Connection("input", "encoding", rng.normal(size=(1, 20))),
            Connection("encoding", "hidden", rng.normal(size=(20, 20))),
            Connection("hidden", "hidden", rng.normal(size=20), kind="diagonal", delay_ticks=1),
            Connection("hidden", "motor", rng.normal(size=(20, 1))),
        ),
        readouts=(Readout("pd", "motor"),),
    )


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason=NEEDS_TEST)
    if CHROMIUM is None:
        pytest.skip("no Chromium: install the distribution's package chromium")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    folder = make_run(tmp_path_factory.mktemp("a run") / "blimp", network=network())
    add_videos(folder)
    return folder


@pytest.fixture(scope="module")
def page(browser, run_folder):
    return opened(browser, build_report(run_folder))


def add_videos(folder):
    """Write a video of one second for both controllers."""
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason=NEEDS_REPORT).get_ffmpeg_exe()
    (folder / "videos").mkdir()
    source = ["-f", "lavfi", "-i", "testsrc=duration=1:size=320x180:rate=10"]
    for name in (NAME, "pid"):
        target = str(folder / "videos" / f"{name}.mp4")
        command = [ffmpeg, "-loglevel", "error", *source, "-pix_fmt", "yuv420p", target]
        subprocess.run(command, check=True)


def opened(browser, path, **options):
    """Open a page that collects errors in `problems` and addresses in `requests`."""
    page = browser.new_page(viewport=SIZE, **options)
    page.problems, page.requests = [], []
    page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("requestfailed", lambda request: page.problems.append(request.url))
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-ready=yes]", timeout=20_000)
    return page


def test_all_sections_without_errors_or_requests(page):
    names = page.eval_on_selector_all("main > section", "all => all.map(s => s.id)")
    assert names == SECTIONS
    assert page.locator(".missing").count() == 0
    assert page.problems == []
    assert [u for u in page.requests if not u.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize("name", PLOTS)
def test_plot_is_drawn(page, name):
    box = page.locator(f"#plot-{name} .main-svg").first.bounding_box()
    assert box["width"] > 600
    assert box["height"] > 100
    marks = "path.js-line, .heatmaplayer image, .bars path"
    assert page.locator(f"#plot-{name}").locator(marks).count() >= 1


def test_result_table_has_a_verdict_for_each_metric(page):
    rows = page.locator("#result tbody tr").all_inner_texts()
    verdicts = {row.split(",")[0].split("\t")[0]: row for row in rows}
    assert "better" in verdicts["RMSE while holding"]
    assert "worse" in verdicts["Overshoot"]
    assert len(rows) == 6
    assert page.locator(".card").count() == 4
    assert "1.3" in page.locator(".card .value").first.inner_text()


def test_result_table_has_a_column_for_the_twin(page):
    columns = page.locator("#result thead th").all_inner_texts()
    assert columns == ["metric", NAME, f"{NAME}-twin", "pid", "ratio", "verdict"]
    hold = page.locator("#result tbody tr").first.locator("td").all_inner_texts()
    assert hold[1].startswith("1.4")
    assert "times the operations of its twin" in page.locator("#operations").inner_text()


def test_response_is_annotated(page):
    notes = " ".join(page.locator("#plot-response .annotation-text").all_text_contents())
    for word in ("overshoot", "settled", "error"):
        assert word in notes


def test_time_axes_of_response_and_spikes_are_linked(page):
    page.evaluate("Plotly.relayout('plot-response', {'xaxis.range': [60, 90]})")
    page.wait_for_function("document.getElementById('plot-spikes').layout.xaxis.range[0] === 60")
    assert page.evaluate("document.getElementById('plot-spikes').layout.xaxis.range") == [60, 90]
    page.evaluate("Plotly.relayout('plot-spikes', {'xaxis.autorange': true})")
    page.wait_for_function("document.getElementById('plot-response').layout.xaxis.range[0] < 1")


def test_videos_play(page):
    page.wait_for_function("[...document.querySelectorAll('video')].every(v => v.readyState > 0)")
    widths = page.eval_on_selector_all("video", "all => all.map(v => v.videoWidth)")
    assert widths == [320, 320]
    assert page.locator("figcaption").all_inner_texts() == [NAME, "pid"]


def test_provenance_and_citations_are_complete(page):
    text = page.locator("#provenance").inner_text()
    for expected in ("snn-control evolve blimp-altitude", "@misc{burgers2023evolving", "numpy"):
        assert expected in text


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_text_of_plots_follows_the_colour_scheme(page, scheme):
    page.emulate_media(color_scheme=scheme)
    ink = "parseInt(document.getElementById('plot-learning').layout.font.color.slice(1, 3), 16)"
    page.wait_for_function(f"{ink} {'>' if scheme == 'dark' else '<'} 128")


def test_page_fits_a_narrow_screen(page):
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.wait_for_function(  # a busy machine draws the plots again some time later
        """() => [...document.querySelectorAll(".plot")].every(plot => {
            const outer = plot.getBoundingClientRect();
            const inner = plot.querySelector(".main-svg").getBoundingClientRect();
            return inner.width <= outer.width + 1 && inner.height <= outer.height + 1;
        })""",
        timeout=20_000,
    )
    page.set_viewport_size(SIZE)


def test_a_bare_run_reports_missing_inputs(browser, tmp_path):
    bare_run(tmp_path / "run").close()
    page = opened(browser, build_report(tmp_path / "run"))
    assert page.locator(".missing").count() == len(SECTIONS) - 1
    assert page.problems == []
    page.close()


def test_a_study_has_only_its_table_and_figure(browser, tmp_path):
    bare_run(tmp_path / "run").close()
    figure = {
        "title": "Toy",
        "data": [{"type": "scatter", "x": [0, 1], "y": [1, 2]}],
        "layout": {"yaxis": {"title": {"text": "fit"}}},
    }
    study = {
        "study": "toy",
        "question": "toy question",
        "summary": "Two rows <b>of numbers</b>.",
        "rows": [{"model": "a", "x": 1.0, "x_ci95": 0.5}, {"model": "b", "x": None}],
        "figures": [figure],
    }
    file = tmp_path / "run" / "study.json"
    file.write_text(json.dumps(study | {"figures": [figure, figure | {"title": "Two"}]}))
    page = opened(browser, build_report(tmp_path / "run"))
    assert page.locator("#study h3").all_inner_texts() == ["Toy", "Two"]
    page.close()
    file.write_text(json.dumps(study))
    page = opened(browser, build_report(tmp_path / "run"))
    assert page.locator("#study h3").count() == 0, "the heading of the section suffices"
    assert page.eval_on_selector_all("main > section", "all => all.map(s => s.id)") == [
        "study",
        "provenance",
    ]
    assert page.locator("#plot-study-0 path.js-line").count() == 1
    rows = page.locator("#study tbody tr").all_inner_texts()
    assert [row.split("\t") for row in rows] == [["a", "1 ± 0.5"], ["b", NONE]]
    assert page.locator("#study .lead").inner_text() == study["summary"]
    assert page.problems == []
    page.close()


def test_a_name_cannot_inject_markup(browser, tmp_path):
    folder = make_run(tmp_path / "run")
    evil = "</script><script>document.title='owned'</script>"
    path = folder / "eval" / f"{NAME}.json"
    path.write_text(path.read_text().replace(f'"{NAME}"', f'"{evil}"'))
    page = opened(browser, build_report(folder))
    assert page.title() != "owned"
    assert page.problems == []
    page.close()


def test_a_malformed_input_is_named(tmp_path):
    folder = make_run(tmp_path / "run")
    (folder / "eval" / "pid.json").write_text('{"controller": "pid"}')
    with pytest.raises(RunError, match=r"pid\.json lacks preset"):
        build_report(folder)


@pytest.mark.skipif(
    "SNN_CONTROL_SCREENSHOTS" not in os.environ, reason="SNN_CONTROL_SCREENSHOTS names no folder"
)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_screenshot(browser, run_folder, scheme, width):
    page = opened(browser, run_folder / "report" / "index.html", color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(500)
    target = f"{os.environ['SNN_CONTROL_SCREENSHOTS']}/{scheme}-{width}.png"
    page.screenshot(path=target, full_page=True)
    page.close()
