"""A Meltano project for the benchmark: this one's configuration, with state and settings of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
_CONFIGURATION = (
    "meltano.yml",
    "logging.yaml",
    "extract",
    "load",
    "orchestrate",
    "transform",
    "validate",
)
_KINDS = ("extractors", "loaders", "utilities")
_LEFT_BEHIND = shutil.ignore_patterns("target", "logs", "dbt_packages")


def make(folder: Path, extractors: list[dict[str, Any]]) -> None:
    """Copy the configuration, and share the plugins that are installed.

    Args:
        folder: Where the project is to be; emptied first.
        extractors: Definitions of further extractors.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for name in _CONFIGURATION:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=_LEFT_BEHIND)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".meltano").mkdir()
    for kind in _KINDS:
        (folder / ".meltano" / kind).symlink_to(ROOT / ".meltano" / kind, target_is_directory=True)
    plugins = {"plugins": {"extractors": extractors}}
    (folder / "extract" / "benchmark.meltano.yml").write_text(yaml.safe_dump(plugins))


def meltano() -> Path:
    """Meltano's own program."""
    return ROOT / ".venv" / "bin" / "meltano"


def executable(kind: str, plugin: str) -> Path:
    """A plugin's program, the same that Meltano runs."""
    return ROOT / ".meltano" / kind / plugin / "venv" / "bin" / plugin
