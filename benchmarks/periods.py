"""Shipped altitude controllers at other control periods than their own, beside the PID.

    python benchmarks/periods.py --episodes 20

Networks are resampled with `max_lag_change=1`; the preset is `default` at each period.
"""

from __future__ import annotations

import argparse

from snn_control import load
from snn_control.errors import ControlPeriodError
from snn_control.training.evaluate import evaluate
from snn_control.training.statistics import half_width

MODELS = (
    "pid",
    "blimp-altitude",
    "blimp-altitude-delay",
    "blimp-published-lif",
    "blimp-published-iwta",
)
PERIODS_S = (0.05, 0.1, 0.2)
FIRST_SEED = 50_000


def main() -> None:
    """Evaluate every controller at every period."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=20)
    args = parser.parse_args()
    print("| period, s | controller | hold RMSE, cm | overshoot, cm | without max_lag_change |")
    print("|---|---|---|---|---|")
    for period_s in PERIODS_S:
        for name in MODELS:
            named = {"control_period_s": period_s, "resample": True}
            try:
                load(name, **named)
                accepted = "accepted"
            except ControlPeriodError:
                accepted = "refused"
            evaluation = evaluate(
                load(name, max_lag_change=1.0, **named),
                name,
                seeds=range(FIRST_SEED, FIRST_SEED + args.episodes),
                parameters={"control_period_s": period_s},
            )
            cells = [
                f"{100 * values.mean():.2f} ± {100 * half_width(values):.2f}"
                for values in (evaluation.values("hold_rmse_m"), evaluation.values("overshoot_m"))
            ]
            print(f"| {period_s:g} | `{name}` | {' | '.join(cells)} | {accepted} |", flush=True)


if __name__ == "__main__":
    main()
