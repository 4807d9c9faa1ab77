"""What PostgreSQL's own COPY takes for the same rows: the unit in which all is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.server import SOURCE
from benchmarks.workload import COLUMNS, KEY, STREAM, UPDATED_AT

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.processes import Measurement
    from benchmarks.server import Server

_SCHEMA = "floor"
RELATION = f"{_SCHEMA}.{STREAM}"
_ADD_KEY = f"alter table {RELATION} add primary key ({KEY})"


def clear(server: Server) -> None:
    """Remove what the floor left."""
    server.execute(f"drop schema if exists {_SCHEMA} cascade", f"create schema {_SCHEMA}")


def csv(server: Server, file: Path, work: Path) -> Measurement:
    r"""A file by `\copy` into a typed table, which gets its key afterwards."""
    copy = rf"\copy {RELATION} from '{file}' (format csv, header)"
    return server.measure([server.psql("psql", _create(), copy, _ADD_KEY)], work)


def postgres(server: Server, table: str, work: Path) -> Measurement:
    """A table by two psql in a pipe, in COPY's binary format; the key is added afterwards."""
    read = server.psql("source", f"copy {table} to stdout (format binary)", database=SOURCE)
    copy = f"copy {RELATION} from stdin (format binary)"
    write = server.psql("psql", _create(f", {UPDATED_AT} timestamptz"), copy, _ADD_KEY)
    return server.measure([read, write], work)


def _create(further: str = "") -> str:
    columns = ", ".join(f"{name} {sql_type}" for name, sql_type in COLUMNS.items())
    return f"create table {RELATION} ({columns}{further})"
