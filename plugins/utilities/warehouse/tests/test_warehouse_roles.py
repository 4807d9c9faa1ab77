from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

ALLOWED = [
    ("loader", "insert into raw_olist.orders values (2)"),
    ("loader", "create schema raw_shop"),
    ("transformer", "select * from raw_olist.orders"),
    ("transformer", "create table marketplace.fct_x as select * from raw_olist.orders"),
    ("transformer", "create schema ledgers"),
    ("transformer", "select * from waybill.load"),
    ("transformer", "insert into waybill.step (step) values ('dbt:build')"),
    ("transformer", "update waybill.run set status = 'failed', ended_at = now()"),
    ("transformer", "delete from waybill.lease"),
    ("auditor", "select * from raw_olist.orders"),
    ("auditor", "select * from staging.stg_orders"),
    ("auditor", "select * from marketplace.fct_orders"),
    ("auditor", "create temporary table sample as select 1"),
    (
        "auditor",
        """
        insert into waybill.receipt (receipt_id, scope, started_at, ended_at, is_balanced, receipt)
        values (gen_random_uuid(), 'olist', now(), now(), true, '{}')
        """,
    ),
    ("auditor", "update waybill.step set receipt_id = null"),
    ("auditor", "select * from waybill.dead_letter"),
    ("auditor", "update waybill.dead_letter set receipt_id = null"),
    ("loader", "update waybill.dead_letter set resolved_at = now(), resolved_by = 'replay'"),
    ("reader", "select * from marketplace.fct_orders"),
    ("reader", "select * from waybill_status.receipts"),
    ("reader", "select * from waybill_status.dead_letters"),
]
DENIED = [
    ("loader", "insert into marketplace.fct_orders values (2)"),
    ("loader", "select * from marketplace.fct_orders"),
    ("transformer", "insert into raw_olist.orders values (2)"),
    ("transformer", "create table raw_olist.other (id int)"),
    ("transformer", "update waybill.load set rows_inserted = 0"),
    ("auditor", "delete from raw_olist.orders"),
    ("auditor", "update marketplace.fct_orders set id = 2"),
    ("auditor", "update waybill.load set rows_inserted = 0"),
    ("auditor", "delete from waybill.run"),
    ("auditor", "delete from waybill.receipt"),
    ("transformer", "update waybill.receipt set is_balanced = true"),
    ("auditor", "create schema notes"),
    ("auditor", "create table public.notes (id int)"),
    ("reader", "select * from raw_olist.orders"),
    ("reader", "select * from staging.stg_orders"),
    ("reader", "select * from waybill.run"),
    ("reader", "select * from waybill.dead_letter"),
    ("reader", "select * from waybill.account"),
    ("reader", "delete from waybill_status.runs"),
    ("reader", "update waybill_status.incidents set closed_at = null"),
    ("auditor", "delete from waybill.dead_letter"),
    ("reader", "delete from marketplace.fct_orders"),
    ("reader", "create temporary table sample as select 1"),
]


@pytest.fixture
def landed(warehouse: ScratchDatabase) -> ScratchDatabase:
    """One table in each layer, made by its owner after the bootstrap."""
    warehouse.execute("create table raw_olist.orders as select 1 as id", role="loader")
    warehouse.execute("create table staging.stg_orders as select 1 as id", role="transformer")
    warehouse.execute("create table marketplace.fct_orders as select 1 as id", role="transformer")
    return warehouse


@pytest.mark.parametrize(("role", "statement"), ALLOWED)
def test_a_role_may_do_its_work(landed: ScratchDatabase, role: str, statement: str) -> None:
    """Each step can do all it has to with its own login."""
    landed.execute(statement, role=role)


@pytest.mark.parametrize(("role", "statement"), DENIED)
def test_a_role_may_do_no_more(landed: ScratchDatabase, role: str, statement: str) -> None:
    """A defect in one step cannot damage what another step owns."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        landed.execute(statement, role=role)


@pytest.mark.parametrize("role", ["loader", "transformer", "auditor", "reader"])
def test_no_role_reaches_the_source(
    source_database: ScratchDatabase, warehouse: ScratchDatabase, role: str
) -> None:
    """The warehouse's logins have no business in the source database, and the other way round."""
    stranger = warehouse.url(role).replace(warehouse.name, source_database.name)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(stranger)
    visitor = source_database.url("reader").replace(source_database.name, warehouse.name)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(visitor)


def test_the_source_reader_reads_what_is_made_later(source_database: ScratchDatabase) -> None:
    """Samples are made after `up`; the tap must see them without a further grant."""
    source_database.execute(
        "create table currency (code text); insert into currency values ('GBP')"
    )
    assert source_database.rows("select * from currency", role="reader") == [("GBP",)]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into currency values ('USD')",
        "delete from currency",
        "create table other (id int)",
        "create temporary table other (id int)",
        "create schema other",
    ],
)
@pytest.mark.parametrize("begin", ["", "set transaction read write;"])
def test_the_source_reader_cannot_write(
    source_database: ScratchDatabase, begin: str, statement: str
) -> None:
    """The tap cannot change its source, whatever it is told, also with writing switched on."""
    source_database.execute("create table currency (code text)")
    refusals = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
    with pytest.raises(refusals[0] if begin else refusals):
        source_database.execute(begin + statement, role="reader")
