"""JupyterLab on the notebooks: on this machine alone, behind a token, with no word to the outside."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from waybill_analyze.notebooks import running
from waybill_common import private_files, project
from waybill_common.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SETTINGS = {
    # A notebook that is text opens as a notebook, and is only written to when somebody saves it.
    "@jupyterlab/docmanager-extension:plugin": {
        "autosave": False,
        "defaultViewers": {"python": "Jupytext Notebook"},
    },
    "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"},
}


def open_lab(arguments: Sequence[str]) -> NoReturn:
    """Become JupyterLab.

    Args:
        arguments: Further ones of its own, such as `--port=8899` or `--no-browser`.
    """
    home = project.home() / "notebooks"
    private_files.folder(home)
    os.execve(sys.executable, [sys.executable, *command(arguments)], environment(home))  # noqa: S606 - no shell is wanted


def command(arguments: Sequence[str]) -> list[str]:
    """What Python is to run."""
    return [
        "-m",
        "jupyterlab",
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.root_dir={running.folder()}",
        # Jupyter makes a token itself, anew at each start, and prints the address that has it.
        *(["--ServerApp.allow_root=True"] if os.geteuid() == 0 else []),
        "--KernelManager.transport_encryption=auto",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        *arguments,
    ]


def environment(home: Path) -> dict[str, str]:
    """Ours, with all that Jupyter keeps in one private folder."""
    settings = home / "config" / "labconfig" / "default_setting_overrides.json"
    for folder in (settings.parent.parent, settings.parent):
        private_files.folder(folder)
    private_files.write(settings, json.dumps(_SETTINGS, indent=2) + "\n")
    return os.environ | {
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "MELTANO_PROJECT_ROOT": str(project.root()),
        # Jupyter's own, of its parts among each other, hide the address that is looked for.
        "PYTHONWARNINGS": "ignore::DeprecationWarning",
    }
