"""Handle of a process of one library, see `worker`."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

INSTALL = {
    "jax": "jax==0.10.2",
    "evosax": "evosax==0.3.2",
    "evotorch": "evotorch==0.6.1",
    "cma": "cma==4.5.0",
    "deap": "deap==1.4.4",
    "norse": "norse==1.1.0",
    "stable_baselines3": "stable-baselines3==2.9.2",
}
"""Requirement of each peer, for the message of a row whose peer is not installed."""
LIMIT_S = 1800.0
"""Longest duration of one call, s."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class PeerError(Exception):
    """Missing or failed library; the text is printed in place of its figures."""


class Side:
    """Object in a process of its library.

    Args:
        make: `MODULE:FUNCTION` that returns the object; the module is one of this folder.
        one_core: True to keep the process on the last core of this process, with one thread.
        environment: additional environment variables.
        arguments: arguments of the function.

    Raises:
        PeerError: the library is not installed, or the function failed.
    """

    def __init__(
        self,
        make: str,
        *,
        one_core: bool = False,
        environment: dict[str, str] | None = None,
        **arguments: Any,
    ) -> None:
        available = sorted(os.sched_getaffinity(0))
        self.n_cores = 1 if one_core else len(available)
        spec = {
            "make": f"{__package__}.{make}",
            "arguments": arguments,
            "cores": available[-1:] if one_core else [],
        }
        threads = dict.fromkeys(THREADS, "1") if one_core else {}
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.worker", json.dumps(spec)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=os.environ | threads | (environment or {}),
            text=True,
        )
        try:
            about = self._answer()
        except PeerError:
            self.close()
            raise
        self.info: dict[str, Any] = about["info"]
        self.versions: dict[str, str] = about["versions"]
        self.cores_got: list[float] = []
        """CPU time over wall time of each measurement; the first one warms up."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def call(self, method: str, **arguments: Any) -> Any:
        """Call a method of the object; return its result.

        Raises:
            PeerError: the call failed, ended the process, or took longer than `LIMIT_S`.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([method, arguments]) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerError(f"the process ended: {self._last_line()}") from None
        return self._answer()

    def measure(self) -> float:
        """Return the figure of a call of `measure`; larger is better."""
        result = self.call("measure")
        self.cores_got.append(round(result["cores_got"], 2))
        return result["figure"]

    __call__ = measure

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def _answer(self) -> Any:
        stdout = self._process.stdout
        assert stdout is not None
        if not select.select([stdout], [], [], LIMIT_S)[0]:
            raise PeerError(f"no answer in {LIMIT_S:.0f} s")
        line = stdout.readline()
        if not line:
            raise PeerError(f"the process ended: {self._last_line()}")
        answer = json.loads(line)
        if "missing" in answer:
            name = answer["missing"].split(".")[0]
            raise PeerError(f"not installed: pip install {INSTALL.get(name, name)}")
        if "error" in answer:
            raise PeerError(answer["error"].splitlines()[0])
        return _with_arrays(answer["result"])

    def _last_line(self) -> str:
        self._log.seek(0)
        lines = self._log.read().strip().splitlines()
        return lines[-1] if lines else "no message"


def _with_arrays(value: Any) -> Any:
    """Return a value with the arrays that its files contain; the files are removed."""
    if not isinstance(value, dict):
        return value
    if value.keys() == {"array"}:
        array = np.load(value["array"])
        Path(value["array"]).unlink()
        return array
    return {name: _with_arrays(item) for name, item in value.items()}
