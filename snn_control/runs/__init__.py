"""The folder that an optimisation writes, and all that a report is made from.

```
manifest.json     status, command, versions, commit, seed, budget, times
config.yaml       the resolved configuration
metrics.jsonl     one JSON object a line; of an evolution: generation, evaluations, best, median,
                  elapsed_s; of a training: step and validation instead of generation and median,
                  and loss
checkpoints/N/    arrays.npz (no objects), meta.json and whatever the writer adds, such as a network
checkpoints/last  link to the newest N; `best` links to the best one
eval/ traces/ videos/ exports/ report/    made from a run afterwards
crash/            the state at a fatal error: arrays.npz and message.json
```

A file or folder is written under a temporary name, synced to the disk and renamed when whole. A
process may be killed at any moment: what is read is the newest whole checkpoint and every whole
metrics line.
"""

from __future__ import annotations

from snn_control.runs.checkpoints import Checkpoint
from snn_control.runs.run import Run

__all__ = ["Checkpoint", "Run"]
