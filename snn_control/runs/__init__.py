"""Run folder: the output of an optimisation, and the only input of a report.

```
manifest.json     status, command, versions, commit, seed, budget, times
config.yaml       the resolved configuration
metrics.jsonl     one JSON object per line; for an evolution generation, evaluations, best, median,
                  elapsed_s; for a training step and validation instead of generation and median,
                  and loss
checkpoints/N/    arrays.npz (no objects), meta.json and further files such as a network
checkpoints/last  link to the newest checkpoint; `best` links to the best one
eval/ traces/ videos/ exports/ report/    results computed from the run
crash/            the state at a fatal error: arrays.npz and message.json
```

A file or folder is written under a temporary name, synced to the disk and renamed when complete. A
process may be killed at any time; readers use the newest complete checkpoint and all complete
metrics lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snn_control.lazy import lazy

if TYPE_CHECKING:
    from snn_control.runs.checkpoints import Checkpoint
    from snn_control.runs.run import Run

__all__ = ["Checkpoint", "Run"]

__getattr__, __dir__ = lazy(
    __name__,
    {"Checkpoint": "snn_control.runs.checkpoints", "Run": "snn_control.runs.run"},
)
