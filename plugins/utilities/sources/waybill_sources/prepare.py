"""Every source checked first, then made ready: nothing is half-done when a setting is wrong."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from waybill_common import connections, contracts, pii, project
from waybill_common.connections import SOURCE_DATABASE, SUPERUSER
from waybill_common.errors import WaybillError
from waybill_sources import (
    clickstream,
    olist,
    olist_files,
    online_retail,
    postgres_check,
    rates,
    sample_folders,
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
    from waybill_sources.sample_folders import Samples
    from waybill_sources.settings import Settings

OLIST = "WAYBILL_OLIST"
TOTESYS = "WAYBILL_TOTESYS"
ONLINE_RETAIL = "WAYBILL_ONLINE_RETAIL"
STOREFRONT = "WAYBILL_STOREFRONT"
EXCHANGE_RATES = "WAYBILL_EXCHANGE_RATES"
CLICKSTREAM = "WAYBILL_CLICKSTREAM"
VARIABLES = {
    "olist": OLIST,
    "totesys": TOTESYS,
    "storefront": STOREFRONT,
    "online_retail": ONLINE_RETAIL,
    "exchange_rates": EXCHANGE_RATES,
    "clickstream": CLICKSTREAM,
}
SOURCES = tuple(VARIABLES)


class Generator(Protocol):
    """What makes the samples of a source of files."""

    def identity(self, settings: Settings, /) -> dict[str, Any]:
        """What decides their rows."""

    def is_whole(self, folder: Path, samples: Samples, /) -> bool:
        """Whether no file is missing."""

    def generate(self, folder: Path, settings: Settings, /) -> Samples:
        """Make them."""


class Tables(Protocol):
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
    checks: dict[str, Callable[[], Act]] = {
        "olist": partial(_check_files, "olist", OLIST, olist),
        "totesys": _check_totesys,
        "storefront": _check_storefront,
        "online_retail": partial(_check_files, "online_retail", ONLINE_RETAIL, online_retail),
        "exchange_rates": _check_exchange_rates,
        "clickstream": _check_clickstream,
    }
    acts = {source: checks[source]() for source in sources}
    _check_salt(sources)
    return [f"{source}: {act()}" for source, act in acts.items()]


def samples_folder(source: str = "olist") -> Path:
    """Where a source's samples stand; its extractor reads them where no other place is set."""
    return project.home() / "samples" / source


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


def _check_files(source: str, variable: str, samples: Generator) -> Act:
    if value := setting(variable):
        contract = contracts.load(contracts.contracts_folder() / f"{source}.yml")
        line = olist_files.check(value, contract, variable)
        return lambda: line
    wanted = settings.load()
    folder = samples_folder(source)
    found = sample_folders.manifest(folder)
    if found is None:
        sample_folders.check_free(folder)
        reason = "made"
    elif found.identity != samples.identity(wanted):
        reason = "made anew, as their settings have changed"
    elif not samples.is_whole(folder, found):
        reason = "made anew, as files were missing"
    else:
        line = f"samples in {folder}, {_held(sum(found.rows.values()), found.days)}, nothing to do"
        return lambda: line

    def make() -> str:
        made = samples.generate(folder, wanted)
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


def _check_clickstream() -> Act:
    if value := setting(CLICKSTREAM):
        contract = contracts.load(contracts.contracts_folder() / "clickstream.yml")
        line = olist_files.check(value, contract, CLICKSTREAM)
        return lambda: line
    return clickstream.samples(settings.load()).check()


def _check_exchange_rates() -> Act:
    if not (value := setting(EXCHANGE_RATES)):
        return rates.samples(settings.load()).check()
    if value.startswith(("http://", "https://")):
        return lambda: "an HTTP API, asked by the tap"
    path = project.resolve(value.removeprefix("file://"))
    if not path.exists():
        msg = f"{EXCHANGE_RATES}: there is no {path}."
        remedy = f"Set {EXCHANGE_RATES} to an API's address, or unset it to use samples."
        raise WaybillError(msg, remedy)
    return lambda: f"recorded responses in {path}, read by the tap"


def _check_storefront() -> Act:
    value = setting(STOREFRONT)
    if not value:
        return _check_samples(storefront)
    connection = connections.from_url(value, setting=STOREFRONT)
    rows = postgres_check.check(connection, storefront.contract())
    line = f"{connection.place}, about {rows:,} rows, checked"
    return lambda: line


def _check_samples(source: Tables) -> Act:
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


def _content(connection: Connection, source: Tables) -> source_database.Content | None:
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
