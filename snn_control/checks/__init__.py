"""Conformance of a user's own environment, controller, configuration or run.

`check(thing)` finds out what `thing` names and returns an outcome for each thing that must hold,
with the remedy where it does not. Nothing is written.
"""

from snn_control.checks.check import CHECKS, check
from snn_control.checks.outcome import Outcome

__all__ = ["CHECKS", "Outcome", "check"]
