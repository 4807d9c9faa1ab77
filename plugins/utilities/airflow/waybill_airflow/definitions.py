"""Meltano's YAML files: which there are, their hash, and the few names read from them directly."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import yaml

from waybill_common import project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def files() -> list[Path]:
    """`meltano.yml` and every file that it includes, in the order of their names."""
    root = project.root()
    main = root / "meltano.yml"
    patterns = _read(main).get("include_paths") or []
    found = {path for pattern in patterns for path in root.glob(str(pattern)) if path.is_file()}
    return [main, *sorted(found - {main})]


def digest(paths: list[Path]) -> str:
    """The hash of the files' names and contents."""
    total = hashlib.sha256()
    for path in paths:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path}\0{content}\n".encode())
    return total.hexdigest()


def commands(utility: str) -> set[str]:
    """The commands that a utility has."""
    return {
        command
        for plugin in _plugins("utilities")
        if plugin.get("name") == utility
        for command in plugin.get("commands", {})
    }


def _plugins(kind: str) -> Iterator[dict[str, Any]]:
    for path in files():
        yield from _read(path).get("plugins", {}).get(kind, [])


def _read(path: Path) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document if isinstance(document, dict) else {}
