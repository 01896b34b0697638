"""Output on terminals and in files without Unicode."""

from __future__ import annotations

import codecs
from typing import Any

__all__ = ["spell_out"]

SPELLED = {
    "±": "+-", "µ": "u", "\N{MULTIPLICATION SIGN}": "x", "\N{EN DASH}": "-", "…": "...", "²": "2",
    "→": "->", "≥": ">=",
}  # fmt: skip
HANDLER = "snn_control.spelled"


def spell_out(stream: Any) -> None:
    """Make a text stream replace characters that its encoding lacks, in place of an exception."""
    encoding = getattr(stream, "encoding", None) or ""
    if not encoding.lower().startswith("utf") and hasattr(stream, "reconfigure"):
        codecs.register_error(HANDLER, _spelled)
        stream.reconfigure(errors=HANDLER)


def _spelled(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(SPELLED.get(character, "?") for character in missing), error.end
