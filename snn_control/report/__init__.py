"""The report page: one static HTML file, made from a run folder alone.

`build_report(run_folder)` reads the following and writes `report/index.html`. All but the manifest
is optional; a section whose input is missing says so in a sentence.

| file | content |
|---|---|
| `manifest.json`, `config.yaml` | as `snn_control.runs` writes them |
| `metrics.jsonl`, `seeds/*/metrics.jsonl` | records with `generation`, `evaluations`, `best`, \
`median` (of a training: `step`, `validation`), `elapsed_s`, and `environment_steps` where there \
are any; one curve a file |
| `eval/*.json` | evaluations, one file a controller and preset, see below |
| `eval/transfer.npz` | learned transfer, see below |
| `traces/<controller>.npz` | one episode of a controller, see below; same seed for all |
| `videos/<controller>.mp4` | the same episode filmed; linked, not copied |
| `checkpoints/best/*.json` + `.safetensors` | the network or networks |
| `study.json` | of a study: `study` (name), `question`, `summary`, `rows` (mappings, \
`x_ci95` beside `x`), `figures` (`title`, plotly's `data`, `layout`); its page shows what is there |

An evaluation is `{"controller", "role", "environment", "preset", "seeds": [..], "episodes":
[{metric: value}, ..], "mean": {metric: value}, "ci95": {metric: half width}}`. `episodes` follows
`seeds`. `role` is `subject`, `baseline` (default where the controller is `pid`) or `twin` (the
quantised non-spiking network of the same function). Metric names end with their unit (`_m`, `_s`,
`_per_s`). Two metrics have their own section: `synaptic_ops_per_decision` (for a twin: its
multiplications) and `spikes_per_decision`.

A trace holds arrays of equal length T: `time_s`, `height_m`, `height_ref_m`, `command` and, where
there are any, `height_measured_m`, `pd`, `i`, `missed` (true where the tick was missed); further
`seed` and `preset` (scalars; a trace of another episode than the first controller's is not shown).
That of a swimmer holds `time_s`, `joint_rad` and `effort` (T, joints), and `forward_speed_m_s`.
Spikes: `spike_tick` and `spike_neuron` (S,), integers that index the T ticks and
all neurons in the order of the populations; `population_names` (P,) strings; `population_sizes`
(P,) integers.

A transfer file holds `error_m` (N,) and one array (N,) a curve, called `<controller>:<readout>`.
"""

from __future__ import annotations

from pathlib import Path

from snn_control.errors import require

__all__ = ["build_report", "render_report", "require_report"]


def build_report(run_folder: str | Path) -> Path:
    """Write `report/index.html` of a run and return its path.

    The page makes no request of its own: plotly.js is part of it, videos are linked relatively.

    Raises:
        MissingExtraError: plotly or jinja2 is missing.
        RunError: the folder is no run, an input is malformed, or the page cannot be written.
    """
    require_report()
    from snn_control.report.build import build

    return build(Path(run_folder))


def render_report(run_folder: str | Path) -> str:
    """Return the page of a run without writing it; raises as `build_report`."""
    require_report()
    from snn_control.report.build import render

    return render(Path(run_folder))


def require_report() -> None:
    """Check that a page can be made, before work whose result it would show.

    Raises:
        MissingExtraError: plotly or jinja2 is missing; with the exact pip line.
    """
    for module in ("plotly", "jinja2"):
        require(module, "report")
