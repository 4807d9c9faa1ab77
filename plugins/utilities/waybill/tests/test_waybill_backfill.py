from __future__ import annotations

import json
import os
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from psycopg.rows import dict_row

from waybill.backfill import closing, command, pipeline, request, store
from waybill.backfill.progress import Progress
from waybill.cli import main
from waybill_common import connections
from waybill_common.errors import WaybillError

FILES = {"files": {name: {"rows": 2, "read_as": "x"} for name in ("a-1.csv", "a-2.csv", "b.csv")}}


def _asked(
    source: str, low: str | None, high: str | None, *streams: str, over_lake: bool = False
) -> request.Request:
    return request.read(source, streams, low, high, over_lake=over_lake)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("nobody", "1", "2"), "No contract .* has the id nobody. Name one of: .*olist"),
        (("totesys", "2024-01-01", "2024-01-02", "paymnt"), "no stream paymnt.* payment"),
        (("totesys", "2024-01-01", None), "has a beginning and an end"),
        (("exchange_rates", "2024-01-01", "2024-01-02"), "No stream .* has a replication key"),
        (("totesys", "2024-01-02", "2024-01-02"), "has nothing in it"),
        (
            ("totesys", "yesterday", "2024-01-02"),
            "--from 'yesterday' is no value of .*last_updated",
        ),
        (("totesys", "2024-01-01T00:00+02:00", "2024-01-02"), "a time without a zone"),
        (("olist", "b.csv", "a.csv"), "No name of a file is from b.csv up to a.csv"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(asked: Any, message: str) -> None:
    """Before anything is read, one line names what is wrong and what could have been meant."""
    with pytest.raises(WaybillError, match=message):
        _asked(*asked)


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        ("2024-01-01", "2024-01-02", "ends with the lake: .* Leave --to out"),
        (None, None, "begins with the day"),
        ("orders.csv", None, "--from 'orders.csv' is no moment. Give --from a date"),
    ],
)
def test_a_window_of_the_lake_that_makes_no_sense_is_refused(
    low: str | None, high: str | None, message: str
) -> None:
    """A window that ended before the lake does would bring old versions back."""
    with pytest.raises(WaybillError, match=message):
        _asked("olist", low, high, over_lake=True)


def test_a_backfill_from_the_lake_replays_what_came_over_it(warehouse: Any) -> None:
    """It begins where the warehouse stands, has all streams, and is refused where they came another way."""
    wanted = _asked("exchange_rates", "2024-01-01", None, over_lake=True)
    (stream,) = wanted.names
    assert str(wanted) == (
        "what has come into the lake since 2024-01-01T00:00:00+00:00, in that order"
    )
    assert _asked("totesys", "2024-01-01T02:00+02:00", None, over_lake=True).low == wanted.low
    with connections.warehouse("loader").connect(row_factory=dict_row) as session:
        _land(warehouse, "raw_exchange_rates", stream, {"source": {"rows": 1}})
        with pytest.raises(WaybillError, match=f"Stream {stream} .* has not come over the lake"):
            store.state(session, wanted)
        session.rollback()
        _land(warehouse, "raw_exchange_rates", stream, {"landing": {"sequence": 7}})
        bookmark = store.state(session, wanted)["singer_state"]["bookmarks"][stream]
        assert bookmark == {"landing": {"sequence": 7, "since": wanted.low}}
        store.begin(session, wanted, store.Backfill.new())
        assert store.unfinished(session, wanted)
        assert store.unfinished(session, replace(wanted, over_lake=False)) is None


def test_a_window_says_what_it_means() -> None:
    """Of rows the end is not in the window, of files it is: the two must not be taken for one another."""
    assert str(_asked("totesys", "2024-01-01", "2024-01-02", "payment")) == (
        "rows with 2024-01-01 <= last_updated < 2024-01-02"
    )
    assert (
        str(_asked("olist", "a.csv", "b.csv"))
        == "files from a.csv up to b.csv, both included, by name"
    )
    assert str(_asked("olist", None, None)) == "all files"
    files = _asked("olist", "b", "c")
    assert [files.has_file(name) for name in ("a", "b", "b.csv", "c", "c.csv")] == [
        *(False, True, True, True, False)
    ]


def test_every_source_has_a_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extractor is the one that lands in the contract's schema, with the loader that jobs pair it with."""
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "prod")
    pair = pipeline.of_schema("raw_totesys")

    assert pair.state_id("x") == "prod:tap-postgres--totesys-to-target-postgres:x"
    assert pair.variable("window_from") == "TAP_POSTGRES__TOTESYS_WINDOW_FROM"
    assert pair.variable("_select_filter") == "TAP_POSTGRES__TOTESYS__SELECT_FILTER"
    lake = pipeline.of_schema("raw_totesys", over_lake=True)
    assert (lake.extractor, lake.loader) == ("tap-landing--totesys", "target-postgres")
    with pytest.raises(WaybillError, match="No job runs an extractor whose load_schema is raw_no"):
        pipeline.of_schema("raw_nobody")
    with pytest.raises(WaybillError, match="No job runs an extractor of the lake"):
        pipeline.of_schema("raw_nobody", over_lake=True)


def test_a_backfill_begins_from_what_has_landed(warehouse: Any) -> None:
    """Of files those in the window are marked to be sent; of rows the marks of earlier windows are forgotten."""
    rows = {"replication_key_value": "2024", "window": {}, "resume": {}, "read_as": "y"}
    with connections.warehouse("loader").connect(row_factory=dict_row) as session:
        wanted = _asked("olist", "a-2.csv", "b.csv", "orders")
        with pytest.raises(WaybillError, match="orders of olist has not landed"):
            store.state(session, wanted)
        _land(warehouse, "raw_olist", "orders", FILES)
        _land(warehouse, "raw_totesys", "payment", rows)
        files = store.state(session, wanted)["singer_state"]["bookmarks"]["orders"]["files"]
        assert {name for name, entry in files.items() if entry["read_as"] != "x"} == {
            "a-2.csv",
            "b.csv",
        }
        with pytest.raises(
            WaybillError, match=r"No file .* Files of olist: a-1.csv, a-2.csv, b.csv"
        ):
            store.state(session, _asked("olist", "c", None, "orders"))
        of_rows = store.state(session, _asked("totesys", "2024-01-01", "2024-01-02", "payment"))
    assert of_rows["singer_state"]["bookmarks"] == {
        "payment": {"replication_key_value": "2024", "read_as": "y"}
    }


def test_the_same_window_is_found_again_and_no_other(warehouse: Any) -> None:
    """Whoever repeats the command goes on; another window, other streams or one that has ended begin anew."""
    assert warehouse
    wanted = _asked("totesys", "2024-01-01", "2024-01-02", "payment")
    run_id = uuid.uuid4()
    made = store.Backfill.new()
    with connections.warehouse("loader").connect(row_factory=dict_row) as session:
        assert store.unfinished(session, wanted) is None
        store.begin(session, wanted, made)
        store.add_run(session, made, run_id)
        store.add_run(session, made, run_id)
        assert store.unfinished(session, wanted) == store.Backfill(made.backfill_id, (run_id,))
        for other in (
            _asked("totesys", "2024-01-01", "2024-01-03", "payment"),
            _asked("totesys", "2024-01-01", "2024-01-02", "payment", "staff"),
        ):
            assert store.unfinished(session, other) is None
        session.execute("update waybill.backfill set ended_at = now()")
        assert store.unfinished(session, wanted) is None


def test_a_backfill_whose_state_is_gone_has_it_again(
    warehouse: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Protects from a read of everything where another machine goes on, and from a state kept in the wrong place."""
    bin_folder = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "dev")
    monkeypatch.setenv("MELTANO_DATABASE_URI", f"sqlite:///{tmp_path}/meltano.db")
    monkeypatch.setenv("MELTANO_STATE_BACKEND_URI", f"file://{tmp_path}/states")
    pair = pipeline.of_schema("raw_totesys")
    wanted = _asked("totesys", "2024-01-01", "2024-01-02", "payment")
    work = command._Work(warehouse.connection("loader"), wanted, pair, uuid.uuid4())
    backfill = store.Backfill.new()
    state = {"singer_state": {"bookmarks": {"payment": {"replication_key_value": "2024"}}}}
    for _ in range(2):
        work._restore_state(backfill, state)
    assert capsys.readouterr().out.count("its state is not here") == 1
    (kept,) = (tmp_path / "states").rglob("state.json")
    assert backfill.suffix in str(kept)


def test_the_receipt_of_a_backfill_leaves_the_loads_of_others_alone(shop: Any) -> None:
    """Protects the next receipt from what a backfill has answered for without having counted it."""
    own = uuid.uuid4()
    shop.dead_letter("raw_olist", "orders")
    shop.database.execute("update waybill.load set run_id = %s", (own,), role="loader")
    shop.load_orders("later.csv", {"d": "4.00"})
    shop.dead_letter("raw_olist", "orders")
    wanted = _asked("olist", None, "orders.csv", "orders")
    made = store.Backfill.new()
    with connections.warehouse("loader").connect(row_factory=dict_row) as session:
        store.begin(session, wanted, made)
        issued = closing.issue(session, wanted, made, own)
    assert issued.scope == ("backfill of olist",)
    assert issued.streams[0].movement.read == 3
    for table in ("load", "dead_letter"):
        closed = shop.database.rows(
            f"select count(*) filter (where {table}.receipt_id = %s), count(*)"
            f" from waybill.load left join waybill.dead_letter using (load_id)"
            " where load.target_schema = 'raw_olist' and load.stream = 'orders'",
            (made.backfill_id,),
        )
        assert closed == [(1, 2)], table


def test_progress_is_told_where_there_is_some(warehouse: Any) -> None:
    """A line for each stream that has more than at the last look, of the rows that are due."""
    run_id = uuid.uuid4()
    login = connections.warehouse("loader")
    progress = Progress(login, "raw_totesys", [run_id], {"payment": 8})
    _land(warehouse, "raw_totesys", "payment", {}, run_id=run_id, rows=2)
    with login.connect() as session:
        assert progress.lines(session) == ["payment: 2 of 8 rows, 25%"]
        assert progress.lines(session) == []


def test_the_command_tells_what_is_wrong_in_one_line(
    warehouse: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A typing mistake costs a second and no load."""
    assert warehouse
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "dev")
    monkeypatch.setattr(
        "sys.argv", ["waybill", "backfill", "olist", "--streams", "orders", "--dry-run"]
    )
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert capsys.readouterr().err == (
        "error: Stream orders of olist has not landed as a whole yet."
        " Run its job first: that reads all that is missing.\n"
    )


def _land(
    warehouse: Any,
    schema: str,
    stream: str,
    bookmark: dict[str, Any],
    *,
    run_id: uuid.UUID | None = None,
    rows: int = 0,
) -> None:
    warehouse.execute(
        "insert into waybill.load (run_id, invocation_id, target_schema, stream, target_table,"
        " started_at, rows_received, rows_inserted, rows_updated, rows_unchanged, rows_superseded,"
        " rows_deleted, bookmark) values (%s, %s, %s, %s, %s, now(), %s, %s, 0, 0, 0, 0, %s::jsonb)",
        (run_id, uuid.uuid4(), schema, stream, stream, rows, rows, json.dumps(bookmark)),
        role="loader",
    )
