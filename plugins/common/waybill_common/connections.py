"""How each step reaches the warehouse and the source, each with its own least role.

A URL in the environment wins; without one, the embedded cluster that `warehouse:up` started answers.
The embedded cluster describes itself in `$WAYBILL_HOME/postgres/cluster.json` (host, port) and
`passwords.json` (one password per role, mode 0600); `cluster.json` also names its databases.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote as percent_encode
from urllib.parse import urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

WarehouseRole = Literal["loader", "transformer", "auditor", "reader", "admin"]

WAREHOUSE_ROLES: tuple[WarehouseRole, ...] = ("loader", "transformer", "auditor", "reader")
SOURCE_ROLE = "source_reader"
SUPERUSER = "postgres"
WAREHOUSE_DATABASE = "warehouse"
SOURCE_DATABASE = "source"

SOURCE_SETTINGS = ("WAYBILL_TOTESYS", "WAYBILL_STOREFRONT")
"""What names the source databases; the embedded one stands for each that is not set."""

_SCHEME = re.compile(r"^postgres(?:ql)?(?:\+\w+)?://")


class NotStartedError(WaybillError):
    """The embedded Postgres has not been started here yet, or is not running."""


@dataclass(frozen=True)
class Connection:
    """One way to log in to a PostgreSQL database.

    Attributes:
        setting: The environment variable to name when it fails, or "" for the embedded cluster.
        role: Role to change to after the login, for warehouses where one login serves every step.
        parameters: Further libpq parameters of the URL, such as `sslmode`.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    dbname: str
    setting: str = ""
    role: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The connection as a libpq URI, with the password and the role."""
        secret = f":{percent_encode(self.password, safe='')}" if self.password else ""
        host = f"[{self.host}]" if ":" in self.host else percent_encode(self.host, safe="")
        parameters = self._parameters(f"-c role={self.role}" if self.role else "")
        # libpq reads `+` as itself, not as a space.
        query = f"?{urlencode(parameters, quote_via=percent_encode)}" if parameters else ""
        user = percent_encode(self.user, safe="")
        dbname = percent_encode(self.dbname, safe="")
        return f"postgresql://{user}{secret}@{host}:{self.port}/{dbname}{query}"

    @property
    def place(self) -> str:
        """The connection in words, without the password."""
        return f"{self.user}@{self.host}:{self.port}/{self.dbname}"

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        """Open a psycopg connection with the session's time zone at UTC.

        Args:
            **options: Passed on to `psycopg.connect`, such as `autocommit` or `row_factory`.

        Raises:
            WaybillError: The server refuses or cannot be reached; names the setting.
        """
        role = f" -c role={self.role}" if self.role else ""
        parameters = {"connect_timeout": "10", "application_name": "waybill"}
        parameters |= self._parameters(f"-c TimeZone=UTC{role}")
        conninfo = make_conninfo(
            host=self.host, port=self.port, user=self.user, dbname=self.dbname, **parameters
        )
        try:
            return psycopg.connect(conninfo, password=self.password or None, **options)
        except psycopg.OperationalError as error:
            reason = _reason(error)
            if self.setting:
                msg = f"{self.setting}: cannot connect to {self.place}: {reason}."
                remedy = f"Check host, port, user, password and database in {self.setting}."
                if re.search(r"\bSSL\b|certificate", reason):
                    remedy = f"Check the host, sslmode and sslrootcert in {self.setting}."
                if self.role and f'role "{self.role}"' in reason:
                    remedy = "Make the roles with `meltano invoke warehouse:up`."
            else:
                msg = f"The embedded Postgres does not answer at {self.place}: {reason}."
                remedy = "Start it with `meltano invoke warehouse:up`."
            raise WaybillError(msg, remedy) from error

    def _parameters(self, options: str) -> dict[str, str]:
        joined = f"{self.parameters.get('options', '')} {options}".strip()
        return self.parameters | ({"options": joined} if joined else {})


def _reason(error: psycopg.OperationalError) -> str:
    """The last cause libpq gives, which follows `failed:`, without its hints on further lines."""
    causes = re.findall(r"^.*failed: (?:FATAL: +|ERROR: +)?(.+)$", str(error), re.MULTILINE)
    return (causes or str(error).strip().splitlines() or ["no reason given"])[-1].rstrip(".")


def from_url(url: str, *, setting: str, role: str | None = None) -> Connection:
    """Read a PostgreSQL URL; SQLAlchemy's `postgresql+driver://` is taken too.

    Raises:
        WaybillError: It is not a PostgreSQL URL; the URL itself is not repeated, as it may hold a password.
    """
    remedy = f"Set {setting} to postgresql://user:password@host:5432/database."
    if not _SCHEME.match(url):
        msg = f"{setting} is not a PostgreSQL URL."
        raise WaybillError(msg, remedy)
    try:
        parts = conninfo_to_dict(_SCHEME.sub("postgresql://", url))
        port = int(parts.pop("port", None) or 5432)
    except (psycopg.ProgrammingError, ValueError) as error:
        msg = f"{setting} cannot be read as a PostgreSQL URL."
        raise WaybillError(msg, remedy) from error
    if not parts.get("dbname"):
        msg = f"{setting} names no database."
        raise WaybillError(msg, remedy)
    return Connection(
        host=str(parts.pop("host", None) or "localhost"),
        port=port,
        user=str(parts.pop("user", None) or os.environ.get("USER") or SUPERUSER),
        password=str(parts.pop("password", None) or ""),
        dbname=str(parts.pop("dbname")),
        setting=setting,
        role=role,
        parameters={name: str(value) for name, value in parts.items() if value is not None},
    )


def warehouse(role: WarehouseRole) -> Connection:
    """The warehouse, as one of its roles.

    `WAREHOUSE_<ROLE>_URL` wins, then `WAREHOUSE_URL` (whose login changes to the role), then the
    embedded cluster (where each role has its own login). `admin` is the login that bootstraps.
    """
    own = f"WAREHOUSE_{role.upper()}_URL"
    if url := os.environ.get(own):
        return from_url(url, setting=own)
    if url := os.environ.get("WAREHOUSE_URL"):
        return from_url(url, setting="WAREHOUSE_URL", role=None if role == "admin" else role)
    return embedded(SUPERUSER if role == "admin" else role, WAREHOUSE_DATABASE)


def is_warehouse_embedded() -> bool:
    """Whether no URL in the environment names a warehouse."""
    return not os.environ.get("WAREHOUSE_URL")


def is_source_embedded(*settings: str) -> bool:
    """Whether a source is the embedded database: samples, or a snapshot zip.

    Args:
        *settings: Those that may name it; all source databases' where none is given.
    """
    named = settings or SOURCE_SETTINGS
    return not all(is_postgres_url(os.environ.get(setting)) for setting in named)


def is_postgres_url(value: str | None) -> bool:
    """Whether a setting holds a PostgreSQL URL, rather than nothing or a path."""
    return bool(value and _SCHEME.match(value))


def source(value: str | None, *, setting: str) -> Connection:
    """A source database: the URL in `value`, or else the embedded source, read-only."""
    if value and is_postgres_url(value):
        return from_url(value, setting=setting)
    return embedded(SOURCE_ROLE, SOURCE_DATABASE)


def cluster_folder() -> Path:
    """Where the embedded cluster keeps its data, address and passwords."""
    return project.home() / "postgres"


def embedded(user: str, dbname: str, *, folder: Path | None = None) -> Connection:
    """The embedded cluster as `user`.

    Args:
        user: One of the cluster's logins.
        dbname: `warehouse`, `source`, or any other database of the cluster.
        folder: Where the cluster is, if not at `cluster_folder()`.

    Raises:
        NotStartedError: It has never been started here, or has no such login.
        WaybillError: It is another user's.
    """
    folder = folder or cluster_folder()
    try:
        address = json.loads((folder / "cluster.json").read_text())
        password = json.loads((folder / "passwords.json").read_text())[user]
    except (FileNotFoundError, NotADirectoryError, KeyError) as error:
        msg = f"The embedded Postgres in {folder} has no login {user!r} yet."
        raise NotStartedError(msg, "Start it with `meltano invoke warehouse:up`.") from error
    except PermissionError as error:
        msg = f"The embedded Postgres in {folder} belongs to another user."
        raise WaybillError(
            msg, "Run as its owner, or set WAYBILL_HOME to a folder of yours."
        ) from error
    return Connection(
        host=address["host"],
        port=address["port"],
        user=user,
        password=password,
        dbname=address["databases"].get(dbname, dbname),
    )
