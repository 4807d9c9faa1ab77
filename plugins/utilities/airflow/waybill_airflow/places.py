"""Where Airflow's files are: all of them private, under WAYBILL_HOME."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from waybill_common import private_files, processes, project
from waybill_common.errors import WaybillError

MELTANO_SETTING = "WAYBILL_MELTANO"
_MELTANO = "meltano"


def home() -> Path:
    """AIRFLOW_HOME: database, secrets, logs and the DAGs' cache."""
    return project.home().absolute() / "airflow"


def make_home() -> Path:
    """The same, made for its owner alone."""
    folder = home()
    private_files.folder(folder)
    return folder


def logs() -> Path:
    """The logs of tasks, one folder per DAG."""
    return home() / "logs"


def process_logs() -> Path:
    """What each of Airflow's processes prints under `up`."""
    return home() / "processes"


def cache() -> Path:
    """The DAGs as Meltano's files describe them, written by the watcher and read on each parse."""
    return home() / "dags.json"


def passwords() -> Path:
    """The logins of the UI."""
    return home() / "passwords.json"


def dags() -> Path:
    """The folder of DAG files."""
    return project.root() / "orchestrate" / "airflow" / "dags"


def meltano() -> Path:
    """The `meltano` that steps run by.

    Returns:
        `WAYBILL_MELTANO`, or the one that started this process, or the project's own, or the
        first on the PATH.

    Raises:
        WaybillError: There is none.
    """
    if configured := os.environ.get(MELTANO_SETTING):
        return project.resolve(configured)
    if starter := processes.nearest_meltano():
        for word in starter.cmdline()[:2]:
            if Path(word).name == _MELTANO and Path(word).is_file():
                return Path(word)
    own = project.root() / ".venv" / "bin" / _MELTANO
    if own.is_file():
        return own
    if found := shutil.which(_MELTANO):
        return Path(found)
    msg = f"There is no Meltano at {own}, nor on the PATH."
    raise WaybillError(msg, f"Run `make .meltano/.installed`, or set {MELTANO_SETTING}.")
