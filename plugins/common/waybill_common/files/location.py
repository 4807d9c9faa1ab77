"""From the settings `path` and `default_path` to the files they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waybill_common import project, source_files
from waybill_common.errors import WaybillError
from waybill_common.files import remote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from waybill_common.source_files import Source

KAGGLE = "kaggle:"


def origin(config: Mapping[str, Any]) -> str:
    """The setting that leads to the files: `path`, or else `default_path`."""
    return "path" if (config.get("path") or "").strip() else "default_path"


def find(config: Mapping[str, Any], patterns: Sequence[str]) -> Source:
    """The files the tap reads.

    Args:
        config: The tap's settings.
        patterns: Globs of the files that are wanted of a Kaggle archive.

    Raises:
        WaybillError: No path is set, or nothing readable is there; names the setting.
    """
    setting = config.get("path_setting") or "path"
    if path := (config.get("path") or "").strip():
        if path.startswith(KAGGLE):
            return _kaggle(path.removeprefix(KAGGLE), patterns, setting)
        if remote.is_url(path):
            return remote.of_url(path, setting)
        return source_files.of_path(project.resolve(path), setting)
    if default := config.get("default_path"):
        folder = project.home() / default
        if not folder.exists():
            msg = f"{setting} is not set, and there are no samples in {folder}."
            remedy = f"Make them with `meltano invoke sources:prepare`, or set {setting}."
            raise WaybillError(msg, remedy)
        return source_files.of_path(folder, setting)
    msg = f"{setting} is not set."
    raise WaybillError(msg, f"Name a folder, zip, file, glob or URL of files in {setting}.")


def _kaggle(handle: str, patterns: Sequence[str], setting: str) -> Source:
    from waybill_common.files.kaggle import download  # noqa: PLC0415 - its HTTP client is not needed elsewhere

    return source_files.of_folder(download(handle, patterns, setting), is_recursive=True)
