"""A start without those parts of the Singer SDK that our taps and targets do not use.

`import singer_sdk` loads an HTTP client, a JSONPath parser, process pools and file systems: a third of
the time of a start, and Meltano starts a tap twice for each run. Here they wait for their first use.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_WAITING = (
    "joblib",
    "packaging.specifiers",
    "packaging.version",
    "singer_sdk.schema.source",
    "singer_sdk.streams.graphql",
    "singer_sdk.streams.rest",
    "upath",
)


def defer() -> None:
    """Let them wait; to be called before the first import of the SDK."""
    for name in _WAITING:
        if name not in sys.modules:
            sys.modules[name] = _Module(name)


class _Module(ModuleType):
    """Stands for a module until something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Part(self, name)


class _Part:
    """A class or function of such a module, which is loaded when it is called, asked or inherited."""

    def __init__(self, module: _Module, name: str) -> None:
        self._module = module
        self._name = name

    def _load(self) -> Any:
        name = self._module.__name__
        if sys.modules.get(name) is self._module:
            del sys.modules[name]
        return getattr(importlib.import_module(name), self._name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._load()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._load(), name)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._load())

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._load(),)
