"""Ledgers that an older version of the bootstrap has made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from waybill_warehouse import bootstrap

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

BEFORE_RUNS = """
    drop schema waybill_status cascade;
    drop table waybill.expectation_result, waybill.dbt_result, waybill.lease, waybill.step, waybill.run;
    drop index waybill.load_by_run;
    alter table waybill.load drop column run_id;
    alter table waybill.receipt drop column run_id;
    alter table waybill.receipt rename to run;
    alter table waybill.run rename column receipt_id to run_id;
    alter table waybill.run rename constraint receipt_pkey to run_pkey;
    alter table waybill.load rename column receipt_id to run_id;
    alter table waybill.dead_letter rename column receipt_id to run_id;
    set role loader;
    create table waybill.step (
        step_id bigint generated always as identity primary key,
        run_id uuid references waybill.run,
        step text not null,
        started_at timestamptz not null,
        ended_at timestamptz not null,
        succeeded boolean not null,
        detail jsonb not null default '{}'
    );
    insert into waybill.run values (gen_random_uuid(), 'olist', now(), now(), true, '{}');
    insert into waybill.step (run_id, step, started_at, ended_at, succeeded)
    select run_id, 'validate:raw', now(), now(), true from waybill.run;
    insert into waybill.step (step, started_at, ended_at, succeeded)
    values ('dbt:build', now(), now(), false);
"""
SHAPE = """
    select attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull
    from pg_attribute
    where attrelid in (select oid from pg_class where relnamespace = 'waybill'::regnamespace)
        and attnum > 0 and not attisdropped
    union all
    select conrelid::regclass::text, contype::text, pg_get_constraintdef(oid), true
    from pg_constraint
    where connamespace = 'waybill'::regnamespace
    order by 1, 2, 3
"""


def test_a_ledger_from_before_dead_letters_is_brought_up_to_them(
    warehouse: ScratchDatabase,
) -> None:
    """An older warehouse keeps its loads, and counts dead rows from now on."""
    row = (
        "insert into waybill.load (invocation_id, target_schema, stream, target_table, started_at,"
        " rows_received, rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted{0})"
        " values (gen_random_uuid(), 'a', 'b', 'c', now(), 3, 3, 0, 0, 0, 0{1})"
    )
    warehouse.execute(
        "drop schema waybill_status cascade;"
        "drop table waybill.dead_letter;"
        "alter table waybill.load drop constraint received_rows_are_accounted_for;"
        "alter table waybill.load drop column rows_dead;"
        "alter table waybill.load add constraint received_rows_are_accounted_for check ("
        " rows_received = rows_inserted + rows_updated + rows_unchanged + rows_superseded)"
    )
    warehouse.execute(row.format("", ""))
    bootstrap.apply(warehouse.connection())

    assert warehouse.rows("select rows_inserted, rows_dead from waybill.load") == [(3, 0)]
    with pytest.raises(psycopg.errors.CheckViolation):
        warehouse.execute(row.format(", rows_dead", ", 1"))
    assert warehouse.rows("select count(*) from waybill.dead_letter") == [(0,)]


def test_a_ledger_whose_runs_were_receipts_is_brought_up_to_runs(
    warehouse: ScratchDatabase,
) -> None:
    """An older warehouse keeps its receipts and steps, and has the very tables of a new one."""
    fresh = warehouse.rows(SHAPE)
    warehouse.execute(BEFORE_RUNS)
    bootstrap.apply(warehouse.connection())

    assert warehouse.rows(SHAPE) == fresh
    assert warehouse.rows(
        "select scope, step, status, attempt from waybill.step"
        " full join waybill.receipt using (receipt_id) order by step_id"
    ) == [("olist", "validate:raw", "succeeded", 1), (None, "dbt:build", "failed", 1)]
    assert warehouse.rows("select count(*) from waybill.run") == [(0,)]
    bootstrap.apply(warehouse.connection())
