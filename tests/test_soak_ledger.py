"""What a soak reads from the databases: the runs of the ledger, and each row of source and warehouse."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from benchmarks.soak import compare, history
from waybill_common import contracts

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase


def test_the_history_of_runs_under_airflow_is_read(warehouse: ScratchDatabase) -> None:
    """Protects the verdicts' facts: status, times, changed rows, and nobody's run by hand."""
    run, by_hand, receipt = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    add_run = """
        insert into waybill.run (run_id, job, schedule, started_by, host, started_at, ended_at, status)
        values (%s, 'trade', 'fast', %s, 'here', to_timestamp(100), to_timestamp(%s), 'succeeded')
    """
    with warehouse.connections["loader"].connect() as session:
        session.execute(add_run, (run, "airflow", 200))
        session.execute(add_run, (by_hand, "shell", 200))
        session.execute(
            """
            insert into waybill.receipt (receipt_id, run_id, scope, started_at, ended_at, is_balanced, receipt)
            values (%s, %s, 'totesys', to_timestamp(180), to_timestamp(190), true, '{}')
            """,
            (receipt, run),
        )
        for step, ended in (("dbt:build-trade", 150), ("validate:marts", None)):
            session.execute(
                """
                insert into waybill.step (run_id, step, started_at, ended_at, status, attempt, process_id)
                values (%s, %s, to_timestamp(140), to_timestamp(%s), %s, 2, 7)
                """,
                (run, step, ended, "succeeded" if ended else "running"),
            )
        session.execute(
            """
            insert into waybill.load (
                run_id, invocation_id, target_schema, stream, target_table, started_at, rows_received,
                rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted
            )
            values (%s, %s, 'raw_totesys', 'payment', 'payment', now(), 10, 1, 2, 7, 0, 4)
            """,
            (run, uuid.uuid4()),
        )
    known = history.read(warehouse.connections["auditor"])
    (found,) = known.runs
    assert (found.run_id, found.ended_at, found.rows_changed) == (str(run), 200, 7)
    assert {(step.step, step.attempt, step.ended_at) for step in known.steps} == {
        ("dbt:build-trade", 2, 150),
        ("validate:marts", 2, None),
    }
    assert known.balanced_since(99) == 190
    assert known.balanced_since(101) is None


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("delete from raw_totesys.payment", "1 rows of the source are not in raw"),
        ("insert into raw_totesys.payment table raw_totesys.payment", "1 rows of raw are not at"),
        ("update raw_totesys.payment set paid = 'false'", "payment: 1 rows of raw are not at"),
        ("insert into raw_totesys.payment (payment_id, _sdc_deleted_at) values ('9', now())", ""),
    ],
)
def test_a_lost_doubled_or_other_row_is_found(
    warehouse: ScratchDatabase, source_database: ScratchDatabase, damage: str, words: str
) -> None:
    """Protects the comparison at the end; what is marked as deleted is not at the source."""
    contract = contracts.load(contracts.contracts_folder() / "totesys.yml")
    for place, schema, further in (
        (source_database.connection(), "public", ""),
        (warehouse.connection(), "raw_totesys", ", _sdc_deleted_at timestamptz"),
    ):
        with place.connect() as session:
            for stream in contract.streams:
                columns = ", ".join(f"{column.name} text" for column in stream.columns)
                session.execute(f"create table {schema}.{stream.name} ({columns}{further})")  # type: ignore[arg-type]
            session.execute(f"insert into {schema}.payment (payment_id, paid) values ('1', 'true')")  # type: ignore[arg-type]
    both = (source_database.connection(), warehouse.connection())
    assert compare.differences(*both) == compare.Comparison(len(contract.streams), 1, [])
    with warehouse.connection().connect() as session:
        session.execute(damage)  # type: ignore[arg-type]
    found = compare.differences(*both).differences
    assert bool(found) == bool(words)
    assert words in "".join(found)
