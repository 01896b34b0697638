"""Services of the adaptation of a controller: freeze, switch, save, roll back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from std_srvs.srv import SetBool, Trigger

from snn_control.controllers import Controller
from snn_control.loops.control_loop import ControlLoop
from snn_control.ros.base.messages import answer

__all__ = ["AdaptationServices"]

NOTHING = "this controller does not adapt"


class AdaptationServices:
    """Requests to the adaptation of the controller of a loop.

    They take effect at the next tick, as orders of the controller, which a replay repeats.

    Args:
        running: function that returns the loop.
        path: function that returns the path of the model file to save, without suffix, or an empty
            string.
    """

    def __init__(self, running: Callable[[], ControlLoop[Any]], path: Callable[[], str]) -> None:
        self._running, self._path = running, path

    def services(self) -> tuple[tuple[Any, str, Callable[..., Any]], ...]:
        """Return type, name and callback of the services."""
        return (
            (SetBool, "~/freeze", self._on_freeze),
            (SetBool, "~/adapt", self._on_adapt),
            (Trigger, "~/save_adaptation", self._on_save),
            (Trigger, "~/roll_back_adaptation", self._on_roll_back),
        )

    def _on_freeze(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        loop = self._running()
        if not loop.controller.adapts:
            return answer(response, False, f"{NOTHING}: nothing to freeze")
        loop.adaptation = loop.adaptation._replace(frozen=request.data)
        return answer(response, True, "frozen" if request.data else "adapting")

    def _on_adapt(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        loop = self._running()
        if objection := _objection(loop.controller):
            return answer(response, False, objection)
        if not request.data and not getattr(loop.controller, "may_switch_off", True):
            return answer(
                response, False, "this controller needs its forward model: freeze it instead"
            )
        loop.adaptation = loop.adaptation._replace(adapting=request.data)
        return answer(response, True, "on" if request.data else "off")

    def _on_roll_back(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        loop = self._running()
        if objection := _objection(loop.controller):
            return answer(response, False, objection)
        requests = loop.adaptation
        loop.adaptation = requests._replace(rollbacks=requests.rollbacks + 1)
        return answer(response, True, "returns to the saved parameters at the next tick")

    def _on_save(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        from snn_control.controllers import save
        from snn_control.controllers.adapting import Adapting

        loop, path = self._running(), self._path()
        if objection := _objection(loop.controller):
            return answer(response, False, objection)
        requests = loop.adaptation
        loop.adaptation = requests._replace(saves=requests.saves + 1)
        if not path or not isinstance(loop.controller, Adapting):
            return answer(response, True, "saved in the node; set save_to for a model file")
        copied = loop.controller.__copy__()
        copied.begin_with(loop.controller.model.parameters)
        try:
            written = save(copied, path, {"made_by": "~/save_adaptation"})
        except Exception as exc:
            return answer(response, False, f"saved in the node; no file: {exc}")
        return answer(response, True, f"saved in the node and to {written}")


def _objection(controller: Controller) -> str:
    """Return the reason to refuse a request; empty if the controller takes it."""
    known = "rollbacks" in controller.order_names
    return "" if known else f"{NOTHING} on a forward model: name a model such as blimp-adaptive"
