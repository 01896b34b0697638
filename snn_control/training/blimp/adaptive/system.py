"""System of a blimp that flies on a learned forward model: another task than that of `Blimp`."""

from __future__ import annotations

from snn_control.training.blimp.system import Blimp
from snn_control.training.task import Task

__all__ = ["AdaptiveBlimp"]


class AdaptiveBlimp(Blimp):
    """Blimp whose controller and forward model are evolved together.

    Its controllers are those of `Blimp`, which precedes it in the registry.
    """

    name = "blimp_adaptive"

    @property
    def task_type(self) -> type[Task]:
        """Hold of the height under disturbances."""
        from snn_control.training.blimp.adaptive.task import AdaptiveTask

        return AdaptiveTask
