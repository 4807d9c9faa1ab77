"""Making the embedded server's data directory."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from waybill_common import private_files
from waybill_common.connections import SUPERUSER
from waybill_common.errors import WaybillError
from waybill_warehouse import binaries, commands, server_settings, unprivileged

if TYPE_CHECKING:
    from waybill_warehouse.binaries import Binaries

_STAGING = "initializing-"
_BUILTIN_LOCALE_SINCE = 17


def initialize(data: Path, server: Binaries, *, password: str, is_durable: bool) -> None:
    """Make a data directory; it appears under its name only when it is complete.

    The caller holds the cluster's lock: what an interrupted run left behind is removed.

    Raises:
        WaybillError: `initdb` fails.
    """
    for abandoned in data.parent.glob(f"{_STAGING}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=data.parent) as name:
        staging = Path(name) / "data"
        staging.mkdir(mode=0o700)
        secret = Path(name) / "password"
        private_files.write(secret, password)
        runner = unprivileged.runner(data)
        runner.give(Path(name))
        command = _initdb(server, staging, secret, is_durable=is_durable)
        done = commands.run([*runner.prefix, *command], cwd=Path(name))
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no reason given"]
            reason = said[-1].removeprefix("initdb: error: ")
            msg = f"initdb of PostgreSQL {server.version} failed in {data.parent}: {reason}."
            raise WaybillError(msg, "Check free space and permissions of that folder.")
        with (staging / "postgresql.conf").open("a") as settings:
            settings.write(f"\ninclude_if_exists = '{server_settings.FILE}'\n")
        staging.rename(data)


def check_version(data: Path, server: Binaries) -> None:
    """Check that a data directory is of the server's major version.

    Raises:
        WaybillError: It is of another one.
    """
    major = (data / "PG_VERSION").read_text().strip()
    if major == str(server.major):
        return
    msg = f"{data} was made by PostgreSQL {major}, and the server here is {server.version}."
    remedy = (
        f"Set {binaries.SETTING} to the bin folder of a PostgreSQL {major}, "
        f"or move {data} away and load everything anew."
    )
    raise WaybillError(msg, remedy)


def _initdb(server: Binaries, staging: Path, secret: Path, *, is_durable: bool) -> list[str]:
    arguments = [
        server.program("initdb"),
        f"--pgdata={staging}",
        f"--username={SUPERUSER}",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        "--no-instructions",
    ]
    if server.major >= _BUILTIN_LOCALE_SINCE:
        arguments += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        # The same order and the same upper and lower case, from the system's library.
        arguments += [
            "--locale=C",
            f"--lc-ctype={'UTF-8' if sys.platform == 'darwin' else 'C.UTF-8'}",
        ]
    return arguments if is_durable else [*arguments, "--no-sync"]
