"""Base of the vector environments of stable-baselines3, which step as a whole."""

from __future__ import annotations

from abc import ABC
from typing import Any

from stable_baselines3.common.vec_env import VecEnv


class PlainVecEnv(VecEnv, ABC):
    """Vector environment whose single environments have no attributes, methods or wrappers."""

    render_mode = None

    def close(self) -> None:
        """Do nothing: by default no resource is open."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return an attribute of this object for each environment."""
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refuse: environments have no separate attributes."""
        raise AttributeError(attr_name)

    def env_method(self, method_name: str, *_: Any, indices: Any = None, **__: Any) -> list[Any]:
        """Refuse: environments have no separate methods."""
        raise AttributeError(method_name)

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Return False for each environment."""
        return [False for _ in self._get_indices(indices)]
