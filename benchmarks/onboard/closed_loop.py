"""Closed-loop quality of fixed-point controllers, as ratios to the floating-point controller.

    python benchmarks/onboard/closed_loop.py [--seeds 20] [--first-seed 9100] [MODEL ...]

Weights of 16, 8, 4 and 3 bits, rounded after training; nothing is tuned on these episodes. Ratios
are paired by seed, with the 95 % interval of the mean.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from functools import partial

from snn_control.controllers import Controller, load
from snn_control.engines.integer.engine import IntegerEngine
from snn_control.training.comparison import compare_rows
from snn_control.training.evaluate import evaluate

MODELS = ("blimp-altitude", "blimp-altitude-delay", "swimmer-spiking")
METRICS = ("hold_rmse_m", "steady_state_error_m", "overshoot_m", "rmse_m", "total_reward")
BITS = (16, 8, 4, 3)
SUB_TICKS = 2


def coarser(controller: Controller, bits: int) -> Controller:
    """Return a controller in integers whose networks have `SUB_TICKS` sub-ticks."""
    document = controller.to_document()
    networks = tuple(replace(each, sub_ticks=SUB_TICKS) for each in document.networks)
    engine = partial(IntegerEngine, bits=bits)
    return type(controller).from_document(replace(document, networks=networks), engine=engine)


def rows(model: str, seeds: range) -> list[dict[str, object]]:
    """Return the ratio of each metric at each number of bits."""
    controllers = {"float": load(model)}
    for bits in BITS:
        controllers[f"int{bits}"] = load(model, engine=partial(IntegerEngine, bits=bits))
    if controllers["float"].networks[0].sub_ticks > SUB_TICKS:
        controllers[f"int4, {SUB_TICKS} sub-ticks"] = coarser(controllers["float"], 4)
    results = [evaluate(each, name, seeds=seeds) for name, each in controllers.items()]
    compared = compare_rows(results, "float")
    return [{"model": model, **row} for row in compared if row["metric"] in METRICS]


def main() -> None:
    """Print one row of JSON for each model, metric and number of bits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=9100)
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    for model in arguments.models:
        for row in rows(model, seeds):
            print(json.dumps(row))


if __name__ == "__main__":
    main()
