"""Targets of exports."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from snn_control.engines.integer.quantise import BITS
from snn_control.errors import ParameterError
from snn_control.network.program import Program

__all__ = ["EXPORTERS", "Export", "Exporter"]


class Export(Protocol):
    """Function that writes the files of a controller to a folder and returns the manifest."""

    def __call__(
        self,
        program: Program,
        folder: Path,
        prefix: str,
        precision: str,
        *,
        model_sha256: str = "",
        verify: bool = True,
    ) -> dict[str, Any]:
        """Write all files or none."""
        ...


@dataclass(frozen=True)
class Exporter:
    """Target of exports; its module is imported on use."""

    module: str
    function: str
    precisions: tuple[str, ...]
    """Precisions, the default first."""

    def load(self) -> Export:
        """Import the function."""
        return cast(Export, getattr(importlib.import_module(self.module), self.function))

    def precision(self, requested: str | None) -> str:
        """Return the requested precision, or the default for None.

        Raises:
            ParameterError: the target does not have it.
        """
        if requested is not None and requested not in self.precisions:
            raise ParameterError(
                f"precision is {requested!r}; this target has {', '.join(self.precisions)}"
            )
        return requested or self.precisions[0]


EXPORTERS: dict[str, Exporter] = {
    "c": Exporter("snn_control.export.c.files", "export_c", ("float32", "float64", *BITS)),
    "nir": Exporter("snn_control.export.nir.files", "export_nir", ("float64",)),
    "onnx": Exporter("snn_control.export.onnx.files", "export_onnx", ("float32", "float64")),
}
"""Exporters by target."""
