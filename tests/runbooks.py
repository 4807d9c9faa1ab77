"""The commands that the runbooks tell a person to type."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
_MELTANO = ".venv/bin/meltano "
_SETTINGS = re.compile(r"^(?:[A-Z][A-Z0-9_]*=\S+ )+")


def commands(page: Path) -> list[str]:
    """The lines of a page that call Meltano, in code blocks and between backticks.

    They come without its path, and without the settings that stand before it.
    """
    found: list[str] = []
    for line in page.read_text(encoding="utf-8").splitlines():
        typed = [line.strip()] if line.startswith("    ") else line.split("`")[1::2]
        typed = [_SETTINGS.sub("", text) for text in typed]
        found += [text.removeprefix(_MELTANO) for text in typed if text.startswith(_MELTANO)]
    return found


def plugin_command(command: str) -> list[str]:
    """What Meltano runs for `invoke <plugin>:<command> …`: the plugin's executable and arguments.

    Raises:
        KeyError: There is no such plugin or command.
    """
    invoke, block, *further = shlex.split(command)
    assert invoke == "invoke"
    name, _, what = block.partition(":")
    plugin = _utilities()[name]
    arguments = shlex.split(plugin["commands"][what]["args"]) if what else []
    return [plugin["executable"], *arguments, *further]


def _utilities() -> dict[str, dict[str, Any]]:
    documents = [yaml.safe_load(path.read_text("utf-8")) for path in ROOT.glob("*/*.meltano.yml")]
    return {
        plugin["name"]: plugin
        for document in documents
        for plugin in document.get("plugins", {}).get("utilities", ())
    }
