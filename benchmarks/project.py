"""A Meltano project for the benchmark: this one's configuration, with state and settings of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from benchmarks import environments

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


def make(folder: Path, plugins: dict[str, list[dict[str, Any]]]) -> None:
    """Copy the configuration, and share the plugins that are installed.

    Args:
        folder: Where the project is to be; emptied first.
        plugins: Definitions of further plugins, by their kind.
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
    further = yaml.safe_dump({"plugins": plugins})
    (folder / "extract" / "benchmark.meltano.yml").write_text(further)


def meltano() -> Path:
    """Meltano's own program, beside the tools of this project."""
    return ROOT / ".venv" / "bin" / "meltano"


def installed_meltano(folder: Path) -> Path:
    """Meltano's own program as those have it who only run: those tools make its start slower.

    Args:
        folder: Where environments are kept from one benchmark to the next.
    """
    return environments.install("meltano", folder, ROOT / "requirements.txt") / "bin" / "meltano"


def executable(kind: str, plugin: str) -> Path:
    """A plugin's program, the same that Meltano runs."""
    return ROOT / ".meltano" / kind / plugin / "venv" / "bin" / plugin
