"""System of a blimp with a learned forward model: another task than that of `Blimp`."""

from __future__ import annotations

from snn_control.controllers.controller import Controller
from snn_control.training.blimp.system import Blimp, commands_a_blimp, takes_adaptation
from snn_control.training.task import Task

__all__ = ["AdaptiveBlimp"]


class AdaptiveBlimp(Blimp):
    """Blimp whose controller and forward model are evolved together."""

    name = "blimp_adaptive"

    @property
    def task_type(self) -> type[Task]:
        """Hold of the height under disturbances."""
        from snn_control.training.blimp.adaptive.task import AdaptiveTask

        return AdaptiveTask

    def accepts(self, controller: Controller) -> bool:
        """Return True for an adapting controller of a blimp."""
        return commands_a_blimp(controller) and takes_adaptation(controller)
