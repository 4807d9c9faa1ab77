"""The running accounts of the ledger: right whatever becomes of the loads, and cheap however many there are."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waybill_common import settled
from waybill_warehouse import bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_warehouse.scratch import ScratchDatabase

_ACCOUNTS = """
    select
        target_schema, stream, target_table, rows_inserted, rows_updated, rows_superseded,
        rows_deleted, writes, write_ids, totals, totals_counted, last_change_at
    from waybill.account
    order by 1, 2, 3
"""
# The same from the loads themselves, without a word of the accounts.
_RECOUNTED = """
    with write as (
        select * from waybill.load where rows_inserted + rows_updated + rows_deleted > 0
    ),

    part as (
        select target_schema, stream, target_table, key, sum(value::numeric) as total, count(*) as loads
        from write
        cross join lateral jsonb_each_text(totals_landed_change)
        group by 1, 2, 3, 4
    ),

    total as (
        select
            target_schema, stream, target_table, jsonb_object_agg(key, total) as totals,
            jsonb_object_agg(key, loads) as counted
        from part
        group by 1, 2, 3
    )

    select
        target_schema, stream, target_table, sum(rows_inserted), sum(rows_updated),
        sum(rows_superseded), sum(rows_deleted),
        count(*) filter (where rows_inserted + rows_updated + rows_deleted > 0),
        coalesce(sum(load_id) filter (where rows_inserted + rows_updated + rows_deleted > 0), 0),
        coalesce((array_agg(totals))[1], '{}'), coalesce((array_agg(counted))[1], '{}'),
        max(committed_at) filter (
            where rows_inserted + rows_updated + rows_deleted > 0
                and coalesce(batch_id, '') not like 'replay:%'
        )
    from waybill.load
    left join total using (target_schema, stream, target_table)
    group by 1, 2, 3
    order by 1, 2, 3
"""
_INSERT = """
    insert into waybill.load (
        invocation_id, target_schema, stream, target_table, batch_id, started_at, rows_received,
        rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted,
        totals_landed_change
    )
    values (gen_random_uuid(), 'raw_olist', %s, %s, %s, now(), %s, %s, %s, 0, %s, %s, %s::jsonb)
"""
_RECEIPT = """
    insert into waybill.receipt (receipt_id, scope, started_at, ended_at, is_balanced, receipt)
    values (%s, 'olist', now(), now(), true, '{}')
"""
LOADS = st.tuples(
    st.just("load"),
    st.sampled_from(["orders", "clicks"]),
    st.sampled_from(["orders", "renamed"]),
    st.booleans(),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.dictionaries(st.sampled_from(["amount", "fee"]), st.decimals(-9, 9, places=2), max_size=2),
)
CHANGES = st.sampled_from(
    [
        ("close", "update waybill.load set receipt_id = %s where receipt_id is null"),
        ("open", "update waybill.load set receipt_id = null where load_id = (select max(load_id) from waybill.load)"),
        ("forget bookmarks", "update waybill.load set bookmark = null"),
        ("mend", "update waybill.load set totals_landed_change = '{\"amount\": 1}' where mod(load_id, 3) = 0"),
        ("delete", "delete from waybill.load where stream = 'clicks'"),
        ("delete one", "delete from waybill.load where load_id = (select min(load_id) from waybill.load)"),
        ("truncate", "truncate waybill.load cascade"),
    ]
)  # fmt: skip


def _without_zeros(rows: list[Any]) -> list[Any]:
    """The accounts without the totals that no load has any more, and the moments, told apart elsewhere."""
    return [
        (*row[:9], {k: v for k, v in row[9].items() if row[10][k]}, {k: v for k, v in row[10].items() if v})
        for row in rows
        if any(row[3:9]) or any(row[10].values())
    ]  # fmt: skip


@settings(max_examples=25)
@given(st.lists(st.one_of(LOADS, LOADS, CHANGES), max_size=12))
def test_an_account_is_the_sum_of_its_loads(warehouse: ScratchDatabase, steps: list[Any]) -> None:
    """Protects the receipt: what it compares with the tables is all that ever landed, however it was closed."""
    warehouse.execute("truncate waybill.load cascade; delete from waybill.receipt", role="loader")
    receipt = str(uuid.uuid4())
    warehouse.execute(_RECEIPT, (receipt,), role="loader")
    for kind, *given_ in steps:
        if kind == "load":
            stream, table, is_replay, (new, changed, superseded, deleted), totals = given_
            batch = f"replay:{uuid.uuid4()}" if is_replay else None
            received = new + changed + superseded
            counts = (received, new, changed, superseded, deleted)
            document = json.dumps({name: str(total) for name, total in totals.items()})
            warehouse.execute(_INSERT, (stream, table, batch, *counts, document), role="loader")
        else:
            bound = (receipt,) if kind == "close" else ()
            role = "auditor" if kind == "close" else "loader"
            warehouse.execute(given_[0], bound, role=role)
    assert _without_zeros(warehouse.rows(_ACCOUNTS)) == _without_zeros(warehouse.rows(_RECOUNTED))


def test_an_account_knows_when_its_stream_changed_last(shop: Any, receipt: Any) -> None:
    """Protects the alert on stale sources: neither a run without news nor a replay is a change."""
    changed = "select last_change_at from waybill.account where stream = 'orders'"
    ((first,),) = shop.database.rows(changed)
    assert receipt()[0] == 0
    shop.load("raw_olist", "orders", unchanged=3)
    shop.load("raw_olist", "orders", inserted=1)
    shop.database.execute(
        "update waybill.load set batch_id = 'replay:1' where load_id = (select max(load_id) from waybill.load)",
        role="loader",
    )
    assert shop.database.rows(changed) == [(first,)]


def test_an_older_ledger_has_its_accounts_after_the_bootstrap(
    shop: Any, receipt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects warehouses of before: what was closed by then counts, and what is closed from then on."""
    assert receipt()[0] == 0
    shop.load_orders("later.csv", {"d": "4.00"})
    expected = shop.database.rows(_ACCOUNTS)
    assert expected == shop.database.rows(_RECOUNTED)
    with shop.database.connection("auditor").connect() as session:
        fingerprints = settled.landed(session)
    shop.database.execute(
        "drop view waybill.account cascade; drop table waybill.closed_account;"
        "drop function waybill.keep_account cascade; drop function waybill.add_to_account;"
        "drop function waybill.entry_of; drop function waybill.sum_of_totals;"
        "drop index waybill.load_open",
        role="loader",
    )
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setenv("MELTANO_PROJECT_ROOT", str(Path(__file__).parents[4]))
            bootstrap.apply(shop.database.connection())
        assert shop.database.rows(_ACCOUNTS) == expected
    with shop.database.connection("transformer").connect() as session:
        assert settled.landed(session) == fingerprints
    shop.build_marts()
    assert receipt()[0] == 0
    assert shop.database.rows(_ACCOUNTS) == expected


_HISTORY = """
    insert into waybill.load (
        receipt_id, invocation_id, target_schema, stream, target_table, started_at, rows_received,
        rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted, bookmark
    )
    select
        receipt_id, gen_random_uuid(), target_schema, stream, target_table, now(), 1, 0, 0, 1, 0, 0, bookmark
    from (select distinct on (stream) * from waybill.load order by stream, load_id desc) as last,
        generate_series(1, 2000)
"""
_READ = """
    select seq_tup_read + idx_tup_fetch
    from pg_stat_user_tables
    where relid = 'waybill.load'::regclass
"""


@pytest.mark.usefixtures("source_database")
def test_a_receipt_does_not_read_the_history_of_the_ledger(
    shop: Any, receipt: Callable[..., tuple[int, str]]
) -> None:
    """Protects the cost of a cycle, which would grow by each cycle that there ever was."""
    assert receipt()[0] == 0
    shop.database.execute(_HISTORY, role="loader")
    shop.database.execute("analyze waybill.load", role="loader")
    shop.load_orders("later.csv", {"d": "4.00"})
    shop.build_marts()
    ((before,),) = shop.database.rows(_READ)
    code, printed = receipt()
    assert code == 0, printed
    with shop.database.connection("auditor").connect() as session:
        settled.landed(session)
    ((after,),) = shop.database.rows(_READ)
    assert 0 < after - before < 1000
