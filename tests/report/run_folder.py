"""Synthetic run folders, complete or bare, for the tests of the report."""

import json

import numpy as np

from snn_control.report.statistics import mean_ci95
from snn_control.runs import Run
from snn_control.runs.checksums import pack_arrays

NAME = "blimp-altitude"
SEEDS = list(range(8))
MEANS = {
    NAME: {"hold_rmse_m": 0.0131, "overshoot_m": 0.062, "steady_state_error_m": 0.0042,
           "rmse_m": 0.1012, "spikes_per_s": 214.0, "synaptic_ops_per_decision": 61.0},
    "pid": {"hold_rmse_m": 0.0142, "overshoot_m": 0.055, "steady_state_error_m": 0.0041,
            "rmse_m": 0.1009},
    "blimp-altitude-twin": {"hold_rmse_m": 0.0140, "synaptic_ops_per_decision": 412.0},
}  # fmt: skip


def make_run(folder, *, network=None):
    """Write all inputs of the report except videos."""
    run = bare_run(folder)
    rng = np.random.default_rng(0)
    for k in range(80):
        best = 0.06 + 1.1 * np.exp(-k / 14) + 0.01 * rng.random()
        run.log({"generation": k, "evaluations": 64 * (k + 1), "best": best,
                 "median": 1.6 * best + 0.1, "elapsed_s": 0.4 * (k + 1)})  # fmt: skip
    extra = None
    if network is not None:
        from snn_control.network import save_network

        def extra(partial):
            save_network(network, partial / "network")

    run.checkpoint(80, {"mean": np.zeros(3)}, {}, best=True, extra=extra)
    run.finish()
    for name in ("eval", "traces"):
        (folder / name).mkdir()
    for controller in MEANS:
        (folder / "eval" / f"{controller}.json").write_text(json.dumps(evaluation(controller, rng)))
    for controller, damping in ((NAME, 0.62), ("pid", 0.5)):
        arrays = pack_arrays(trace(controller, damping, rng))
        (folder / "traces" / f"{controller}.npz").write_bytes(arrays)
    error = np.linspace(-1, 1, 81)
    wiggle = 0.25 * np.sin(14 * error)
    curves = {f"{NAME}:pd": 9 * error + wiggle, "pid:pd": 9 * error}
    (folder / "eval" / "transfer.npz").write_bytes(pack_arrays({"error_m": error, **curves}))
    return folder


def bare_run(folder):
    """Start a run without results."""
    command = "snn-control evolve blimp-altitude --budget 60s --seed 1"
    config = {"environment": "snn_control/BlimpAltitude-v0", "strategy": {"name": "cma-es"}}
    return Run.create(folder, command=command, config=config, seed=1)


def evaluation(controller, rng):
    """Return the evaluation of one controller over seeded episodes."""
    noise = np.random.default_rng(1).normal(1, 0.08, len(SEEDS))
    episodes = [
        {metric: value * n * rng.normal(1, 0.01) for metric, value in MEANS[controller].items()}
        for n in noise
    ]
    spread = {m: mean_ci95(np.array([e[m] for e in episodes])) for m in MEANS[controller]}
    return {
        "controller": controller,
        "environment": "snn_control/BlimpAltitude-v0",
        "preset": "default",
        "seeds": SEEDS,
        "episodes": episodes,
        "mean": {m: mean for m, (mean, _) in spread.items()},
        "ci95": {m: half for m, (_, half) in spread.items()},
    }


def trace(controller, damping, rng):
    """Return an episode: second-order responses to the reference, spikes for the network."""
    t = np.arange(0, 210, 0.1)
    reference = np.select([t < 70, t < 140], [0.5, 1.0], 1.5)
    height = np.full_like(t, 0.5)
    for start in (70, 140):
        height += 0.5 * step_of_second_order(t - start, damping, 0.55)
    height += 0.006 * np.convolve(rng.normal(size=t.size), np.ones(15) / 4, "same")
    pd = 9 * (reference - height) + rng.normal(0, 0.15, t.size)
    arrays = {"time_s": t, "height_m": height, "height_ref_m": reference, "pd": pd,
              "i": 3.1 + 0 * t, "command": np.clip(pd + 3.1, -10, 10),
              "missed": rng.random(t.size) < 0.2, "seed": np.array(7)}  # fmt: skip
    if controller == NAME:
        drive = np.abs(pd)[:, None] * np.linspace(0.01, 0.12, 80) + 0.004
        tick, neuron = np.nonzero(rng.random((t.size, 80)) < drive)
        arrays |= {"spike_tick": tick, "spike_neuron": neuron,
                   "population_names": np.array(["encoding", "hidden"]),
                   "population_sizes": np.array([40, 40])}  # fmt: skip
    return arrays


def step_of_second_order(t, damping, frequency):
    """Return the unit step response of a second-order system, 0 before t = 0."""
    damped = frequency * np.sqrt(1 - damping**2)
    late = np.clip(t, 0, None)
    phase = np.arccos(damping)
    decay = np.exp(-damping * frequency * late) / np.sqrt(1 - damping**2)
    return np.where(t < 0, 0.0, 1 - decay * np.sin(damped * late + phase))
