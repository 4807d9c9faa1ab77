"""The database in which Airflow keeps its own state: a file, the embedded Postgres, or any other."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from urllib.parse import quote

from psycopg import sql

from waybill_airflow import places
from waybill_common import connections
from waybill_common.errors import WaybillError

SETTING = "WAYBILL_AIRFLOW_DATABASE"
EMBEDDED = "embedded"
_NAME = "airflow"


def url(password: str) -> str:
    """The URL that Airflow takes.

    Args:
        password: Of the login `airflow` in the embedded Postgres.

    Returns:
        For `WAYBILL_AIRFLOW_DATABASE` unset a SQLite file, for `embedded` a database beside the
        embedded warehouse, otherwise the PostgreSQL URL that it holds.

    Raises:
        WaybillError: It holds something else.
    """
    value = os.environ.get(SETTING, "")
    if not value:
        return f"sqlite:///{places.home() / 'airflow.db'}"
    if value == EMBEDDED:
        server = connections.embedded(connections.SUPERUSER, "postgres")
        return f"postgresql+psycopg2://{_NAME}:{quote(password, safe='')}@{server.host}:{server.port}/{_NAME}"
    if connections.is_postgres_url(value):
        rest = value.partition("://")[2]
        return f"postgresql+psycopg2://{rest}"
    msg = f"{SETTING} is neither `{EMBEDDED}` nor a PostgreSQL URL."
    raise WaybillError(msg, f"Set it to postgresql://user:password@host:5432/{_NAME}, or unset it.")


def prepare(password: str) -> None:
    """Start the embedded Postgres and make Airflow's login and database there, if it is to be used.

    Raises:
        WaybillError: The embedded Postgres cannot be started.
    """
    if os.environ.get(SETTING) != EMBEDDED:
        return
    command = [str(places.meltano()), "invoke", "--no-install", "warehouse:up"]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:  # noqa: S603
        msg = f"{SETTING}={EMBEDDED}: the embedded Postgres did not start."
        raise WaybillError(msg, "Run `meltano invoke warehouse:up` to see why.")
    server = connections.embedded(connections.SUPERUSER, "postgres")
    name = sql.Identifier(_NAME)
    with server.connect(autocommit=True) as session:
        if not session.execute("select from pg_roles where rolname = %s", (_NAME,)).rowcount:
            session.execute(sql.SQL("create role {} login").format(name))
        secret = session.pgconn.encrypt_password(
            password.encode(), _NAME.encode(), b"scram-sha-256"
        )
        session.execute(
            sql.SQL("alter role {} password {}").format(name, sql.Literal(secret.decode()))
        )
        if not session.execute("select from pg_database where datname = %s", (_NAME,)).rowcount:
            session.execute(sql.SQL("create database {0} owner {0}").format(name))
    with replace(server, dbname=_NAME).connect() as session:
        session.execute(sql.SQL("revoke all on database {} from public").format(name))
