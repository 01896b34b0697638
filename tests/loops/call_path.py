"""Call path through the package from one measurement to its command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import snn_control
from tests.paths import ROOT

FILES, CROSSINGS = 8, 6
"""Maximum number of files on the path, and of crossings between loop and adapter."""
MODEL = {
    "loops/blimp/estimator.py",
    "loops/blimp/model.py",
    "loops/blimp/motor_fault.py",
    "supervision/attribution.py",
    "supervision/learned_trim.py",
    "supervision/measurement_noise.py",
    "supervision/monitors/model_fit.py",
    "supervision/motion.py",
    "supervision/observer.py",
    "supervision/trust.py",
}
"""Files of the estimate of the height, beside the path."""
SIMPLEX = {"loops/reserve.py", "supervision/simplex.py", "supervision/monitors/pole.py"}
"""Files of the decision between controller and baseline, beside the path."""
PACKAGE = Path(snn_control.__file__).parent


class CallPath:
    """Profile of all Python calls from the start of `follow` to its end or to `end`.

    A file is on the path if a function that it defines is called. A crossing is a call between
    functions of the control loop and of the vehicle's adapter, in either direction, or the return
    from such a call: a round trip counts twice.
    """

    def __init__(self, vehicle: str) -> None:
        self._adapters = PACKAGE / "loops" / vehicle
        self.files: set[str] = set()
        self.crossings = 0

    def follow(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function and profile it."""
        sys.setprofile(self._on_event)
        try:
            return call(*arguments)
        finally:
            self.end()

    def end(self, *_: Any) -> None:
        """Stop profiling."""
        sys.setprofile(None)

    def _on_event(self, frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event not in ("call", "return") or PACKAGE not in path.parents:
            return
        if event == "call":
            self.files.add(str(path.relative_to(PACKAGE)))
        caller = frame.f_back
        sides = {self._side(path), self._side(Path(caller.f_code.co_filename)) if caller else ""}
        self.crossings += sides == {"loop", "adapter"}

    def _side(self, path: Path) -> str:
        if path.parent == PACKAGE / "loops" and path.stem in ("control_loop", "operation"):
            return "loop"
        return "adapter" if self._adapters in path.parents else ""


assert PACKAGE == ROOT / "snn_control", "the tests need the package of this checkout"
