from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from waybill_common import connections, project
from waybill_common.errors import WaybillError
from waybill_warehouse import bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_common.connections import Connection
    from waybill_warehouse.cluster import Cluster
    from waybill_warehouse.scratch import ScratchDatabase

CATALOG = """
    select 'schema', nspname, nspowner::regrole::text, nspacl::text from pg_namespace
    where nspname !~ '^pg_(toast|temp)'
    union all
    select 'relation', oid::regclass::text, relowner::regrole::text, relacl::text from pg_class
    where relnamespace = 'waybill'::regnamespace
    union all
    select 'default', defaclnamespace::regnamespace::text, defaclrole::regrole::text, defaclacl::text
    from pg_default_acl
    union all
    select 'database', datname, datdba::regrole::text, datacl::text from pg_database
    order by 1, 2, 3, 4
"""
PASSWORD = "p@ss/word"  # noqa: S105 - made up
PROVISION = {
    "may create roles and schemas": (
        "alter role owner_of_bi createrole",
        "grant create on database customers to owner_of_bi with grant option",
    ),
    "owns the database": (
        "alter role owner_of_bi createrole",
        "alter database customers owner to owner_of_bi",
    ),
    "inherits nothing": (
        "alter role owner_of_bi createrole noinherit",
        "alter database customers owner to owner_of_bi",
    ),
}


@pytest.fixture
def customers(bare_server: Cluster, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Connection]:
    """WAREHOUSE_URL leads to the database `customers`, with a login of few rights."""

    def provision(*statements: str) -> Connection:
        with bare_server.admin().connect(autocommit=True) as session:
            session.execute(f"create role owner_of_bi login password '{PASSWORD}'".encode())
            for statement in statements:
                session.execute(statement.encode())
        login = replace(bare_server.admin("customers"), user="owner_of_bi", password=PASSWORD)
        monkeypatch.setenv("WAREHOUSE_URL", login.url)
        return connections.warehouse("admin")

    return provision


def test_a_second_bootstrap_changes_nothing(warehouse: ScratchDatabase) -> None:
    """Every run of the job applies it again."""
    before = warehouse.rows(CATALOG)
    bootstrap.apply(warehouse.connection())
    assert warehouse.rows(CATALOG) == before


def test_every_column_of_the_ledger_is_described(warehouse: ScratchDatabase) -> None:
    """Who reads the ledger finds each of its columns in docs/ledger.md."""
    text = (project.root() / "docs" / "ledger.md").read_text()
    ours = ("run", "step", "lease", "dbt_result", "expectation_result", "receipt")
    for table in ("load", "dead_letter", *ours):
        section = text.split(f"## `waybill.{table}`")[1].split("\n## ")[0]
        columns = warehouse.rows(
            "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0",
            (f"waybill.{table}",),
        )
        assert [name for (name,) in columns if f"`{name}`" not in section] == []


def test_it_does_not_wait_for_a_job_at_work(warehouse: ScratchDatabase) -> None:
    """Two schedules overlap: neither a load nor a build in progress holds up the next `up`."""
    warehouse.execute("create table raw_olist.orders (id int)", role="loader")
    warehouse.execute("create table marketplace.fct_orders (id int)", role="transformer")
    impatient = replace(warehouse.connection(), parameters={"options": "-c lock_timeout=2s"})
    step = "insert into waybill.step (step) values ('x')"
    with (
        warehouse.connection("loader").connect() as load,
        warehouse.connection("transformer").connect() as build,
    ):
        load.execute("lock table waybill.load, waybill.run, waybill.receipt in row exclusive mode")
        load.execute("alter table raw_olist.orders add column price numeric")
        build.execute("alter table marketplace.fct_orders rename to fct_orders__old")
        build.execute(step.encode())
        bootstrap.apply(impatient)
        load.rollback()
        build.rollback()


def test_tables_from_before_the_grants_become_readable(bare_server: Cluster) -> None:
    """A warehouse whose roles and tables are older than the bootstrap is brought up to it."""
    customers_admin = bare_server.admin("customers")
    with customers_admin.connect() as session:
        session.execute("create role loader; create role transformer")
        session.execute("create schema raw_olist authorization loader")
        session.execute("create schema trade authorization transformer")
        session.execute('create table raw_olist."or""ders" as select 1 as id')
        session.execute('alter table raw_olist."or""ders" owner to loader')
        session.execute("create view trade.fact as select 2 as id")
        session.execute("alter view trade.fact owner to transformer")
    bootstrap.apply(customers_admin)
    for role, table in (
        ("transformer", 'raw_olist."or""ders"'),
        ("auditor", 'raw_olist."or""ders"'),
        ("auditor", "trade.fact"),
        ("reader", "trade.fact"),
    ):
        with replace(customers_admin, role=role).connect() as session:
            assert session.execute(f"select count(*) from {table}".encode()).fetchone() == (1,)


@pytest.mark.parametrize("statements", PROVISION.values(), ids=PROVISION)
def test_a_login_that_is_no_superuser_can_bootstrap(
    customers: Callable[..., Connection], statements: tuple[str, ...]
) -> None:
    """A managed warehouse gives no superuser; each step still works in its own role, twice over."""
    admin = customers(*statements)
    assert not admin.role
    for _ in range(2):
        bootstrap.apply(admin)
    for role in connections.WAREHOUSE_ROLES:
        with connections.warehouse(role).connect() as session:
            assert session.execute("select current_user").fetchone() == (role,)
    with connections.warehouse("loader").connect() as session:
        session.execute("create table raw_olist.orders as select 1 as id")
    with connections.warehouse("auditor").connect() as session:
        assert session.execute("select * from raw_olist.orders").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("delete from raw_olist.orders")


@pytest.mark.parametrize(
    "statements",
    [(), ("alter role owner_of_bi createrole",)],
    ids=["no rights", "may create roles only"],
)
def test_a_login_without_the_rights_is_told_which(
    bare_server: Cluster, customers: Callable[..., Connection], statements: tuple[str, ...]
) -> None:
    """The refusal names the setting and the grants, shows no password, and leaves nothing behind."""
    admin = customers(*statements)
    with pytest.raises(WaybillError) as refused:
        bootstrap.apply(admin)
    assert refused.value.cause.startswith("WAREHOUSE_URL: owner_of_bi@127.0.0.1:")
    assert 'grant create on database "customers" to "owner_of_bi" with grant option' in str(
        refused.value
    )
    assert "p@ss" not in str(refused.value)
    with bare_server.admin("customers").connect() as session:
        roles = session.execute("select from pg_roles where rolname = 'loader'").fetchall()
        schemas = session.execute("select from pg_namespace where nspname = 'waybill'").fetchall()
    assert roles == schemas == []


def test_the_remedies_work(bare_server: Cluster, customers: Callable[..., Connection]) -> None:
    """An administrator prepares all; the login then needs no right to create anything."""
    admin = customers()
    bootstrap.apply(bare_server.admin("customers"))
    with bare_server.admin().connect() as session:
        roles = sql.SQL(", ").join(map(sql.Identifier, connections.WAREHOUSE_ROLES))
        session.execute(sql.SQL("grant {} to owner_of_bi").format(roles))
    bootstrap.apply(admin)
    with connections.warehouse("transformer").connect() as session:
        session.execute("create table marketplace.fct_orders (id int)")


def test_others_in_a_shared_database_keep_their_rights(
    bare_server: Cluster, customers: Callable[..., Connection]
) -> None:
    """A customer's database serves others too: the bootstrap takes nothing away from them."""
    customers()
    rights = """
        select has_database_privilege('bystander', 'customers', 'connect'),
            has_database_privilege('bystander', 'customers', 'temporary'),
            has_schema_privilege('bystander', 'public', 'usage')
    """
    with bare_server.admin("customers").connect() as session:
        session.execute("create role bystander")
        before = session.execute(rights).fetchone()
    bootstrap.apply(bare_server.admin("customers"))
    with bare_server.admin("customers").connect() as session:
        assert session.execute(rights).fetchone() == before == (True, True, True)
