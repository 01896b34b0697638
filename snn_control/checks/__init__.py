"""Conformance checks of a user's environment, controller, configuration or run.

`check(thing)` resolves the name `thing` and returns an outcome for each requirement, with a remedy
for each that fails. Nothing is written.
"""

from snn_control.checks.check import CHECKS, check
from snn_control.checks.outcome import Outcome

__all__ = ["CHECKS", "Outcome", "check"]
