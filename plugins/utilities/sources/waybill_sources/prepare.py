"""Every source checked first, then made ready: nothing is half-done when a setting is wrong."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from waybill_common import connections, contracts, pii, project
from waybill_common.connections import SOURCE_DATABASE, SUPERUSER
from waybill_common.errors import WaybillError
from waybill_sources import (
    olist,
    olist_files,
    postgres_check,
    settings,
    source_database,
    storefront,
    totesys,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import psycopg

    from waybill_common.connections import Connection
    from waybill_common.contracts import Contract

SOURCES = ("olist", "totesys", "storefront")
OLIST = "WAYBILL_OLIST"
TOTESYS = "WAYBILL_TOTESYS"
STOREFRONT = "WAYBILL_STOREFRONT"


class Samples(Protocol):
    """A module that makes samples in the embedded source database."""

    SOURCE: str
    SCHEMA: str

    def contract(self) -> Contract:
        """The contract of the source."""

    def identity(self, settings: settings.Settings) -> dict[str, Any]:
        """What decides the rows."""

    def generate(self, session: psycopg.Connection[Any], settings: settings.Settings) -> int:
        """Make them; returns how many rows there are."""


Act = Callable[[], str]
"""Makes a checked source ready and says in one line where it is and what was done."""


def prepare(sources: Sequence[str]) -> list[str]:
    """Make sources ready to be read.

    Args:
        sources: Names out of `SOURCES`.

    Returns:
        One line for each source.

    Raises:
        WaybillError: A setting is wrong; names it and the remedy, and nothing was changed.
    """
    checks = {"olist": _check_olist, "totesys": _check_totesys, "storefront": _check_storefront}
    acts = {source: checks[source]() for source in sources}
    _check_salt(sources)
    return [f"{source}: {act()}" for source, act in acts.items()]


def samples_folder() -> Path:
    """Where the Olist samples stand; tap-csv--olist reads them where WAYBILL_OLIST is unset."""
    return project.home() / "samples" / "olist"


def setting(name: str) -> str:
    """What the environment says of a source; "" if nothing."""
    return os.environ.get(name, "").strip()


def source_as_superuser() -> Connection:
    """The embedded source database, writable."""
    return connections.embedded(SUPERUSER, SOURCE_DATABASE)


def _check_salt(sources: Sequence[str]) -> None:
    promised = (contracts.load(contracts.contracts_folder() / f"{each}.yml") for each in sources)
    if any(column.is_hashed for each in promised for one in each.streams for column in one.columns):
        pii.hasher()


def _check_olist() -> Act:
    if value := setting(OLIST):
        contract = contracts.load(contracts.contracts_folder() / "olist.yml")
        line = olist_files.check(value, contract, OLIST)
        return lambda: line
    wanted = settings.load()
    folder = samples_folder()
    found = olist.manifest(folder)
    if found is None:
        olist.check_free(folder)
        reason = "made"
    elif found.identity != olist.identity(wanted):
        reason = "made anew, as their settings have changed"
    elif not olist.is_whole(folder, found):
        reason = "made anew, as files were missing"
    else:
        line = f"samples in {folder}, {_held(sum(found.rows.values()), found.days)}, nothing to do"
        return lambda: line

    def make() -> str:
        made = olist.generate(folder, wanted)
        return f"samples in {folder}, {sum(made.rows.values()):,} rows, {reason}"

    return make


def _check_totesys() -> Act:
    value = setting(TOTESYS)
    if connections.is_postgres_url(value):
        connection = connections.source(value, setting=TOTESYS)
        rows = postgres_check.check(connection, totesys.contract())
        line = f"{connection.place}, about {rows:,} rows, checked"
        return lambda: line
    if "://" in value:
        msg = f"{TOTESYS} is a URL, but none of PostgreSQL."
        remedy = (
            f"Set {TOTESYS} to postgresql://user:password@host:5432/database, or to a snapshot zip."
        )
        raise WaybillError(msg, remedy)
    return _check_snapshot(value) if value else _check_samples(totesys)


def _check_storefront() -> Act:
    value = setting(STOREFRONT)
    if not value:
        return _check_samples(storefront)
    connection = connections.from_url(value, setting=STOREFRONT)
    rows = postgres_check.check(connection, storefront.contract())
    line = f"{connection.place}, about {rows:,} rows, checked"
    return lambda: line


def _check_samples(source: Samples) -> Act:
    wanted = source.identity(configured := settings.load())
    connection = source_as_superuser()
    found = _content(connection, source)
    if found and found.identity == wanted:
        line = f"samples in {_place(connection)}, {_held(found.rows, found.days)}, nothing to do"
        return lambda: line
    replaced = "" if found is None else ", in place of what was there"

    def fill() -> str:
        with connection.connect() as session:
            rows = source.generate(session, configured)
        return f"samples in {_place(connection)}, {rows:,} rows, made{replaced}"

    return fill


def _check_snapshot(value: str) -> Act:
    path = project.resolve(value)
    if not path.is_file():
        msg = f"{TOTESYS}: there is no file {path}."
        remedy = f"Set {TOTESYS} to a snapshot zip or a PostgreSQL URL, or unset it to use samples."
        raise WaybillError(msg, remedy)
    connection = source_as_superuser()
    found = _content(connection, totesys)
    identity = _identity(path)
    if found and found.identity == identity:
        line = f"snapshot {path} in {_place(connection)}, {found.rows:,} rows, nothing to do"
        return lambda: line
    from waybill_sources.snapshot import Snapshot  # noqa: PLC0415 (pyarrow takes long to import)

    snapshot = Snapshot(path, totesys.contract(), TOTESYS)

    def load() -> str:
        with connection.connect() as session:
            rows = snapshot.load(session, identity)
        return f"snapshot {path} in {_place(connection)}, {rows:,} rows, loaded"

    return load


def _identity(snapshot: Path) -> dict[str, str]:
    """What tells a snapshot from another one."""
    with snapshot.open("rb") as file:
        return {"snapshot": hashlib.file_digest(file, "sha256").hexdigest()}


def _content(connection: Connection, source: Samples) -> source_database.Content | None:
    """What fills the embedded source.

    Raises:
        WaybillError: It holds tables of the contract's names that we did not make.
    """
    with connection.connect() as session:
        found = source_database.content(session, source.SOURCE)
        if found is None and (
            tables := source_database.standing_tables(session, source.contract(), source.SCHEMA)
        ):
            msg = (
                f"The embedded source database holds tables of another origin: {', '.join(tables)}."
            )
            variable = f"WAYBILL_{source.SOURCE.upper()}"
            remedy = f"Drop them, or set {variable} to the URL of a database of your own."
            raise WaybillError(msg, remedy)
    return found


def _place(connection: Connection) -> str:
    return f"{connection.host}:{connection.port}/{connection.dbname}"


def _held(rows: int, days: int) -> str:
    later = f" with {days} next day{'s' if days > 1 else ''}" if days else ""
    return f"{rows:,} rows{later}"
