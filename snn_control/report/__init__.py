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
| `eval/place.npz` | recognition of places, see below; no sections on it without |
| `traces/<controller>.npz` | one episode of a controller, see below; same seed for all |
| `videos/<controller>.mp4` | the same episode filmed; linked, not copied |
| `checkpoints/best/*.json` + `.safetensors` | the network or networks |
| `study.json` | of a study: `study` (name), `question`, `summary`, `rows` (mappings, \
`x_ci95` beside `x`), `figures` (`title`, plotly's `data`, `layout`), `parts` of the table (fields \
of `snn_control.studies.study.TablePart`; may be missing); its page shows what is there |

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

A file of places holds what one seed answered on the map of the tested places; the first group for
every method, the others for the spiking one alone. A group may be missing as a whole.

| array | shape | content |
|---|---|---|
| `precision:<method>:<length>`, `recall:...` | (N,) | at every threshold of the lead; one pair a \
method and length of the sequence |
| `similarity` | (L, Q, P) uint8 | scores of places (columns) at queries (rows), after one frame \
and after the longest sequence; maxima over blocks, so that there are at most 300 of each |
| `similarity_length` | (L,) | frames of each matrix |
| `similarity_range` | (L, 2) | scores that 0 and 255 stand for |
| `similarity_block` | (2,) | queries and places of a block |
| `similarity_query`, `similarity_place` | (Q,), (P,) | first query, and number of the first \
place, of each block |
| `similarity_truth` | (Q,) | number of the true place of the first query of each block |
| `strip_images` | (K, 3, h, w) uint8 | a query, the place that was answered, the true one; right \
and surest, right and least sure, wrong and surest, up to four each |
| `strip_query`, `strip_answer`, `strip_truth` | (K,) | number of the query and of both places |
| `strip_probability`, `strip_known` | (K,) | what was said of the answer |
| `strip_length` | () | frames of the sequence |
| `module_places` | (2, M) | numbers of the first and last place of each module |
| `module_mean`, `module_spread` | (2, M) | over neurons and queries, of the answers before and \
after each neuron's homeostasis |
| `module_wins` | (2, M) | share of the queries that a neuron of the module answers most strongly, \
before and after |
| `module_due` | (M,) | share of the queries whose true place is in the module |
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
