"""Copies of objects that change in place, or that hold addresses or resources.

`copy.copy` of an object with state would share its arrays, so that stepping the copy would change
the original. A view or an address that is copied refers to the arrays of the original, or to none.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self, SupportsIndex

from snn_control.errors import CopyError

__all__ = ["Copied", "CopiedWithViews", "NotCopied"]


class Copied:
    """Mixin of objects with state: `copy.copy`, like `copy.deepcopy`, shares none of it."""

    def __copy__(self) -> Self:
        return copy.deepcopy(self)


class CopiedWithViews(Copied, ABC):
    """Mixin of objects with views or addresses of their own arrays, which a copy builds again.

    A subclass builds them in `_bind` and calls it in its constructor.
    """

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        """Restore a copied or unpickled object and bind its new arrays."""
        self.__dict__.update(attributes)
        self._bind()

    @abstractmethod
    def _bind(self) -> None:
        """Build the views and addresses from the arrays."""


class NotCopied:
    """Mixin of objects with threads, processes, files or locks, which cannot be copied.

    Attributes:
        instead: remedy in the error message.
    """

    instead: ClassVar[str]

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        raise CopyError(
            f"a {type(self).__name__} cannot be copied or pickled, since it holds a thread, "
            f"process, file or lock: {self.instead}"
        )
