"""The runs of this project that Meltano's own database knows, wherever that is."""

from __future__ import annotations

import datetime as dt
import os
import re
import sqlite3
import sys
import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg

from waybill_common import connections, project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

VARIABLE = "MELTANO_DATABASE_URI"
_OLD = "select distinct run_id from runs where coalesce(ended_at, last_heartbeat_at) < "


def ended_before(moment: dt.datetime) -> frozenset[str]:
    """The ids of the runs that ended before a moment; none, and a line, where that cannot be read."""
    uri = os.environ.get(VARIABLE, "")
    # Meltano keeps times in UTC, without a zone.
    bound = moment.astimezone(dt.UTC).replace(tzinfo=None)
    try:
        if connections.is_postgres_url(uri):
            return _ids(_in_postgres(uri, bound))
        if not uri or uri.startswith("sqlite:"):
            return _ids(_in_sqlite(_file(uri), bound))
    except (sqlite3.Error, psycopg.Error, WaybillError) as error:
        reason = type(error).__name__ if isinstance(error, sqlite3.Error) else str(error)
        _say(reason.splitlines()[0])
    else:
        _say(f"{VARIABLE} names neither SQLite nor PostgreSQL.")
    return frozenset()


def _file(uri: str) -> Path:
    path = re.sub(r"^sqlite:/{0,3}", "", uri.partition("?")[0])
    if uri.startswith("sqlite:////"):
        path = f"/{path.lstrip('/')}"
    return project.root() / (path or ".meltano/meltano.db")


def _in_sqlite(file: Path, before: dt.datetime) -> list[Any]:
    if not file.is_file():
        return []
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as known:
        return known.execute(f"{_OLD} ?", (before.isoformat(sep=" "),)).fetchall()


def _in_postgres(uri: str, before: dt.datetime) -> list[Any]:
    with connections.from_url(uri, setting=VARIABLE).connect() as session:
        session.read_only = True
        return session.execute(f"{_OLD} %s".encode(), (before,)).fetchall()


def _ids(rows: Iterable[Any]) -> frozenset[str]:
    return frozenset(str(uuid.UUID(str(run_id))) for (run_id,) in rows if run_id)


def _say(reason: str) -> None:
    sys.stderr.write(f"maintain: the logs of Meltano's runs are left: {reason}\n")
