"""psql on a connection, with nothing secret in its arguments."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

from psycopg.pq import Conninfo

from waybill_common.errors import WaybillError
from waybill_warehouse import binaries

if TYPE_CHECKING:
    from waybill_common.connections import Connection


def psql(connection: Connection, arguments: list[str]) -> NoReturn:
    """Become psql.

    Raises:
        WaybillError: There is no psql here.
    """
    program = binaries.psql()
    if program is None:
        msg = "There is no psql on this machine."
        raise WaybillError(msg, "Install PostgreSQL's client programs, and have psql on the PATH.")
    # psql finds its own installation by its first argument: a bare name works on the PATH alone.
    os.execve(program, [program, *arguments], _environment(connection))  # noqa: S606 - no shell is wanted


def _environment(connection: Connection) -> dict[str, str]:
    """The connection in libpq's variables; those of the caller do not mix with them."""
    parts = {part.keyword: part.val for part in Conninfo.parse(connection.url.encode())}
    variables = {
        part.envvar.decode(): (parts.get(part.keyword) or b"").decode()
        for part in Conninfo.get_defaults()
        if part.envvar
    }
    return os.environ | {name: value for name, value in variables.items() if value}
