"""Report page of a run: one static HTML file, made from the run folder alone.

`build_report(run_folder)` reads the following files and writes `report/index.html`. All files but
the manifest are optional; a section without data states which input is missing.

| file | content |
|---|---|
| `manifest.json`, `config.yaml` | as written by `snn_control.runs` |
| `metrics.jsonl`, `seeds/*/metrics.jsonl` | records with `generation`, `evaluations`, `best`, \
`median` (of a training: `step`, `validation`), `elapsed_s`, and `environment_steps` if counted; \
one curve per file |
| `eval/*.json` | evaluations, one file per controller and preset, see below |
| `exports/front.json` | members of a Pareto front: `model`, the value of each objective by name, \
and `costs`; records of such a run also have `hypervolume` and `objectives` (best value by name) |
| `exports/*/manifest.json` | exports to C; with `cores`, the results of their replay on emulated \
cores |
| `eval/transfer.npz` | learned transfer function, see below |
| `eval/place.npz` | place recognition, see below; without it the page has no sections on places |
| `traces/<controller>.npz` | one episode of a controller, see below; same seed for all |
| `videos/<controller>.mp4` | video of the same episode; linked, not copied |
| `checkpoints/best/*.json` + `.safetensors` | the network or networks |
| `study.json` | of a study: `study` (name), `question`, `summary`, `rows` (mappings, \
`x_ci95`, or `x_low` and `x_high`, beside `x`), `figures` (`title`, plotly's `data`, \
`layout`), `parts` of the table (fields of `snn_control.studies.study.TablePart`; optional); \
the page omits sections without data |

An evaluation is `{"controller", "role", "environment", "preset", "seeds": [..], "episodes":
[{metric: value}, ..], "mean": {metric: value}, "ci95": {metric: half width}}`. `episodes` are in
the order of `seeds`. `role` is `subject`, `baseline` (default for the controller `pid`) or `twin`
(the quantised non-spiking network of the same function). Metric names end with their unit (`_m`,
`_s`, `_per_s`). Two metrics have their own section: `synaptic_ops_per_decision` (for a twin: its
multiplications) and `spikes_per_decision`. The optional `faults` names the file of injected faults.

A trace contains arrays of equal length T: `time_s`, `height_m`, `height_ref_m`, `command` and
optionally `height_measured_m`, `pd`, `i`, `missed` (true at missed ticks); also the scalars `seed`
and `preset`. Only traces of the same episode as the first controller's are shown. The trace of a
swimmer contains `time_s`, `joint_rad` and `effort` (T, joints), and `forward_speed_m_s`. That of
any other environment contains `observations` and `actions` (T, entries), with `observation_names`
and `action_names`. Spikes are
`spike_tick` and `spike_neuron` (S,), integer indices of the T ticks and of all neurons in the order
of the populations; `population_names` (P,) strings; `population_sizes` (P,) integers.

A transfer file contains `error_m` (N,) and one array (N,) per curve, named
`<controller>:<readout>`.

A place file contains the results of one seed on the map of the tested places: the first group for
every method, the others for the spiking method only. Each group is optional.

| array | shape | content |
|---|---|---|
| `precision:<method>:<length>`, `recall:...` | (N,) | at every threshold of the lead over the \
best rival; one pair per method and sequence length |
| `similarity` | (L, Q, P) uint8 | scores of places (columns) for queries (rows), after one frame \
and after the longest sequence; maxima over blocks, at most 300 blocks of each |
| `similarity_length` | (L,) | sequence length of each matrix, frames |
| `similarity_range` | (L, 2) | scores that 0 and 255 represent |
| `similarity_block` | (2,) | queries and places per block |
| `similarity_query`, `similarity_place` | (Q,), (P,) | first query, and number of the first \
place, of each block |
| `similarity_truth` | (Q,) | number of the true place of the first query of each block |
| `strip_images` | (K, 3, h, w) uint8 | query, matched place and true place; up to four each: \
correct with the highest, correct with the lowest, wrong with the highest probability |
| `strip_query`, `strip_answer`, `strip_truth` | (K,) | number of the query and of both places |
| `strip_probability`, `strip_known` | (K,) | probability that the match is correct; true if the \
place is classified as known |
| `strip_length` | () | sequence length, frames |
| `module_places` | (2, M) | numbers of the first and last place of each module |
| `module_mean`, `module_spread` | (2, M) | mean and standard deviation of the responses over \
neurons and queries, before and after the homeostasis of each neuron |
| `module_wins` | (2, M) | fraction of queries in which a neuron of the module responds most \
strongly, before and after |
| `module_due` | (M,) | fraction of queries whose true place is in the module |
"""

from __future__ import annotations

from pathlib import Path

from snn_control.errors import require

__all__ = ["build_report", "render_report", "require_report"]


def build_report(run_folder: str | Path) -> Path:
    """Write `report/index.html` of a run and return its path.

    The page makes no external request: plotly.js is embedded, videos are linked by relative path.

    Raises:
        MissingExtraError: plotly or jinja2 is missing.
        RunError: not a run folder, a malformed input, or the page cannot be written.
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
    """Check that the packages of the report are installed.

    Raises:
        MissingExtraError: plotly or jinja2 is missing; the message contains the pip command.
    """
    for module in ("plotly", "jinja2"):
        require(module, "report")
