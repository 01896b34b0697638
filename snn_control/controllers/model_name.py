"""What a model is called: a name or path, and what follows it to have it otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass

from snn_control.errors import ParameterError

_LINKS = re.compile(r"(\d+)-links")


@dataclass(frozen=True)
class ModelName:
    """A name, taken apart."""

    base: str
    """Name or path."""
    untrained: bool = False
    """`:untrained`: a swimmer's circuit with unit strengths, a clock of 60 control periods that
    starts dorsal, and no homeostasis, as published."""
    n_links: int | None = None
    """`:4-links`: for a body of 4 links by the rule of `swimmer_plan`; None: for its own body."""

    @classmethod
    def parse(cls, text: str) -> ModelName:
        """Take a name apart; what may follow it comes in any order, each once."""
        base, untrained, n_links = text, False, None
        while ":" in base:
            rest, _, last = base.rpartition(":")
            links = _LINKS.fullmatch(last)
            if last == "untrained" and not untrained:
                untrained = True
            elif links and n_links is None:
                n_links = int(links[1])
            else:
                break
            base = rest
        return cls(base, untrained, n_links)

    def require_plain(self) -> None:
        """Refuse what follows a name.

        Raises:
            ParameterError: it is no swimmer's.
        """
        if self.untrained or self.n_links is not None:
            raise ParameterError(
                f"{self.base} is no swimmer: `:untrained` and `:4-links` follow names of swimmers"
            )
