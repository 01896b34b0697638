"""Display of metrics: label, unit, scale and the better direction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MetricName:
    """Display of one metric; `scale` converts from SI to `unit`."""

    label: str
    unit: str
    scale: float = 1.0
    lower_is_better: bool | None = True

    @property
    def in_unit(self) -> str:
        """Label and unit, for the header of a column."""
        return f"{self.label}, {self.unit}" if self.unit else self.label


_RANKS = (1, 5, 10, 20)

METRICS: dict[str, MetricName] = {
    "hold_rmse_m": MetricName("RMSE while holding", "cm", 100),
    "steady_state_error_m": MetricName("Steady-state error", "cm", 100),
    "overshoot_m": MetricName("Overshoot", "cm", 100),
    "rmse_m": MetricName("RMSE of the whole run", "cm", 100),
    "step_rmse_m": MetricName("RMSE around the steps", "cm", 100),
    "steady_state_offset_m": MetricName("Steady-state offset", "cm", 100),
    "hold_bias_m": MetricName("Mean height above the reference", "cm", 100, None),
    "overshoot_up_m": MetricName("Overshoot upwards", "cm", 100),
    "overshoot_down_m": MetricName("Overshoot downwards", "cm", 100),
    "rise_time_s": MetricName("Rise time", "s", lower_is_better=None),
    "settling_time_s": MetricName("Settling time", "s"),
    "total_reward": MetricName("Total reward", "", lower_is_better=False),
    "reward": MetricName("Reward", "", lower_is_better=False),
    "imitation": MetricName("Misfit of P + D", ""),
    "integral": MetricName("Misfit of I", ""),
    "closed_loop": MetricName("Cost of the closed loop", ""),
    "iae_m_s": MetricName("Integral of the absolute height error", "m s"),
    "iae_ratio": MetricName("IAE ratio", ""),
    "iae_ratio_worst": MetricName("IAE ratio, worst episode", ""),
    "sign_changes_per_min": MetricName("Sign changes of the command", "1/min"),
    "bias_changes_m_s2_per_min": MetricName("Changes of the learned lift", "m/s² per min"),
    "learned_after_s": MetricName("Time until learned", "s"),
    "protected_share": MetricName("Protected part of the features", "%", 100, None),
    "free_rank": MetricName("Free rank", "", lower_is_better=None),
    "height_max_m": MetricName("Largest height", "m"),
    "height_mean_max_m": MetricName("Mean of the largest heights", "m"),
    "parameters": MetricName("Parameters", ""),
    "multiplications_per_tick": MetricName("Multiplications per tick", ""),
    "ratio_to_frozen": MetricName(
        "Speed over that of the frozen swimmer", "", lower_is_better=False
    ),
    "mean_speed_m_s": MetricName("Mean speed", "cm/s", 100, lower_is_better=False),
    "distance_m": MetricName("Distance from the start", "m", lower_is_better=None),
    "straightness": MetricName("Straightness", "", lower_is_better=None),
    "success": MetricName("Success", "%", 100, lower_is_better=False),
    "success_loss": MetricName("Loss of success", "%", 100),
    "collision": MetricName("Collision", "%", 100),
    "progress_m": MetricName("Way along the corridor", "m", lower_is_better=False),
    "travel_s": MetricName("Time of the way", "s", lower_is_better=None),
    "min_clearance_m": MetricName("Smallest clearance", "cm", 100, lower_is_better=None),
    "rays_per_scan": MetricName("Rays per scan", "", lower_is_better=None),
    "hallucinated_free": MetricName("Hallucinated free", "%", 100),
    "speed_m_s": MetricName("Speed", "cm/s", 100, lower_is_better=False),
    "last_speed_m_s": MetricName("Speed in the last 10 s", "cm/s", 100, lower_is_better=False),
    "return": MetricName("Return", "", lower_is_better=False),
    "best_return": MetricName("Best return", "", lower_is_better=False),
    "spikes_per_s": MetricName("Spikes", "1/s", lower_is_better=None),
    "spikes_per_decision": MetricName("Spikes per decision", "", lower_is_better=None),
    "synaptic_ops_per_s": MetricName("Synaptic operations", "1/s", lower_is_better=None),
    "synaptic_ops_per_decision": MetricName("Operations per decision", "", lower_is_better=None),
    "pd_fit": MetricName("Fit of P + D", ""),
    "pd_r": MetricName("Correlation with P + D", "", lower_is_better=False),
    "i_mae": MetricName("MAE of I", "motor units"),
    **{f"recall_at_{k}": MetricName(f"Recall at {k}", "", lower_is_better=False) for k in _RANKS},
    "sequence": MetricName("Sequence length", "frames", lower_is_better=None),
    "within_1": MetricName("Within 1 place", "", lower_is_better=False),
    "within_2": MetricName("Within 2 places", "", lower_is_better=False),
    "auc_pr": MetricName("AUC-PR", "", lower_is_better=False),
    "recall_at_full_precision": MetricName("Recall at precision 1", "", lower_is_better=False),
    "calibration_error": MetricName("Calibration error", ""),
    "mean_probability": MetricName("Mean probability", "", lower_is_better=None),
    "overconfidence": MetricName("Mean probability less share within 1 place", ""),
    "log_loss": MetricName("Log loss", ""),
    "wrong_labels": MetricName("Wrong labels", ""),
    "auroc": MetricName("AUROC", "", lower_is_better=False),
    "right_at_false_acceptance": MetricName(
        "Correct at 1 % false acceptance", "", lower_is_better=False
    ),
    "accepted_right": MetricName("Accepted and correct", "", lower_is_better=False),
    "accepted_unknown": MetricName("Unknown but accepted", ""),
    "query_s": MetricName("Query time", "ms", 1e3),
    "spiking_query_s": MetricName("Spiking query time", "ms", 1e3),
    "train_s": MetricName("Training, CPU time", "s"),
    "add_s": MetricName("Time to add a place", "ms", 1e3),
    "map_bytes": MetricName("Map size", "MB", 1e-6),
}
NONE = "\u2013"
"""Text in place of a missing number."""
HEADLINES = (
    "hold_rmse_m", "overshoot_m", "steady_state_error_m", "mean_speed_m_s", "spikes_per_s",
)  # fmt: skip


def metric_name(metric: str) -> MetricName:
    """Return the display of a metric; an unknown one has its name as label and no verdict."""
    return METRICS.get(metric, MetricName(metric, "", lower_is_better=None))


def number(value: float | None) -> str:
    """Format a number with three significant digits; from 1000 as integer with thin spaces."""
    if value is None or value != value:
        return NONE
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", "\u2009")
    return f"{value:.3g}"


def spread(mean: float | None, half: float | None, scale: float = 1.0) -> str:
    """Format a mean and the half width of its interval, if available."""
    if mean is None or mean != mean:
        return NONE
    text = number(scale * mean)
    return text if half is None or half != half else f"{text} ± {number(scale * half)}"
