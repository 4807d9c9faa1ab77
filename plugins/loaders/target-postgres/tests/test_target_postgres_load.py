from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

TYPES = {"id": "integer", "name": "text", "amount": "total:numeric"}
COLUMNS = list(TYPES)


def counts(row: dict[str, Any]) -> tuple[int, ...]:
    names = ("received", "inserted", "updated", "unchanged", "superseded", "deleted")
    return tuple(row[f"rows_{name}"] for name in names)


@pytest.mark.parametrize("mode", ["record", "batch"])
def test_upsert_counts_every_row(
    wire: Any, warehouse: ScratchDatabase, ledger: Any, mode: str
) -> None:
    # An upsert keeps the later of two rows with one key, and the ledger accounts for each row received.
    def rows(*values: tuple[Any, ...]) -> list[Any]:
        if mode == "batch":
            return [wire.batch("orders", COLUMNS, values)]
        return [wire.record("orders", **dict(zip(COLUMNS, each, strict=True))) for each in values]

    schema = wire.schema("orders", TYPES, ["id"])
    wire.load(schema, *rows((1, "a", 1.5), (2, "b", 2), (1, "c", 4)), wire.state(orders={"n": 1}))
    wire.load(
        schema, *rows((1, "c", 4), (2, "B", 2.25), (3, "d", None)), wire.state(orders={"n": 2})
    )

    assert warehouse.rows("select id, name, amount from raw_test.orders order by id") == [
        (1, "c", Decimal(4)),
        (2, "B", Decimal("2.25")),
        (3, "d", None),
    ]
    first, second = ledger("orders")
    assert counts(first) == (3, 2, 0, 0, 1, 0)
    assert counts(second) == (3, 1, 1, 1, 0, 0)
    assert (first["totals_received"], first["totals_landed_change"]) == (
        {"amount": 7.5},
        {"amount": 6},
    )
    assert second["totals_landed_change"] == {"amount": 0.25}
    assert [row["bookmark"] for row in (first, second)] == [{"n": 1}, {"n": 2}]


def test_unchanged_rows_are_not_rewritten(wire: Any, warehouse: ScratchDatabase) -> None:
    # A reload leaves each row that has not changed where it is: same place, same landing time.
    schema = wire.schema("orders", TYPES, ["id"])
    place = "select ctid, xmin, _sdc_batched_at from raw_test.orders where id = 1"
    records = [wire.record("orders", id=n, name="x", amount="1.10") for n in (1, 2)]
    wire.load(schema, *records, wire.state())
    before = warehouse.rows(place)

    wire.load(schema, *records[:1], wire.record("orders", id=2, name="y"), wire.state())

    assert warehouse.rows(place) == before
    assert warehouse.rows("select name from raw_test.orders where id = 2") == [("y",)]


def test_keyless_streams_append(wire: Any, warehouse: ScratchDatabase, ledger: Any) -> None:
    # Without a key each row received is one more row.
    schema = wire.schema("events", {"name": "text"})
    for _ in range(2):
        wire.load(schema, wire.record("events", name="x"), wire.state())

    assert warehouse.rows("select count(*) from raw_test.events") == [(2,)]
    assert [counts(row)[:2] for row in ledger("events")] == [(1, 1), (1, 1)]


def test_append_batch_is_loaded_once(wire: Any, warehouse: ScratchDatabase) -> None:
    # A batch that comes again after its commit does not double rows in a table without a key.
    schema = wire.schema("events", {"name": "text"})
    for _ in range(2):
        batch = wire.batch("events", ["name"], [("x",)], batch_id="one")
        wire.load(schema, batch, wire.state(events={"read": {"rows": 1}}))

    assert warehouse.rows("select count(*) from raw_test.events") == [(1,)]


def test_file_is_replaced_without_a_key(wire: Any, warehouse: ScratchDatabase, ledger: Any) -> None:
    # A file sent again replaces its own rows and leaves those of other files.
    types = {"city": "text", "n": "total:integer", "_sdc_source_file": "text"}
    schema = wire.schema("places", types, **{"x-source-partition": "_sdc_source_file"})

    def send(*rows: tuple[Any, ...]) -> None:
        wire.load(schema, wire.batch("places", list(types), rows), wire.state())

    send(("a", 1, "one.csv"), ("b", 2, "one.csv"), ("c", 4, "two.csv"))
    send(("a", 8, "one.csv"))

    assert warehouse.rows("select city, n from raw_test.places order by n") == [("c", 4), ("a", 8)]
    last = ledger("places")[-1]
    assert counts(last) == (1, 1, 0, 0, 0, 2)
    assert last["totals_landed_change"] == {"n": 5}


@pytest.mark.parametrize("key", [["n"], []])
def test_emptied_file_takes_its_rows_along(
    wire: Any, warehouse: ScratchDatabase, ledger: Any, key: list[str]
) -> None:
    # A file that now has a header and no row leaves none of its rows behind.
    types = {"n": "integer", "_sdc_source_file": "text"}
    schema = wire.schema("places", types, key, **{"x-source-partition": "_sdc_source_file"})
    rows = [(1, "one.csv"), (2, "two.csv")]
    wire.load(schema, wire.batch("places", list(types), rows), wire.state())
    empty = wire.batch("places", list(types), [], source_partition="one.csv")
    wire.load(schema, empty | {"manifest": []}, wire.state())

    assert warehouse.rows("select n from raw_test.places") == [(2,)]
    assert counts(ledger("places")[-1]) == (0, 0, 0, 0, 0, 1)


def test_file_is_replaced_by_key(wire: Any, warehouse: ScratchDatabase, ledger: Any) -> None:
    # A keyed file sent again updates, inserts, and deletes what it no longer holds; a later file's rows stay.
    types = {"id": "integer", "n": "total:integer", "_sdc_source_file": "text"}
    schema = wire.schema("orders", types, ["id"], **{"x-source-partition": "_sdc_source_file"})

    def send(*rows: tuple[Any, ...]) -> None:
        wire.load(schema, wire.batch("orders", list(types), rows), wire.state())

    send((1, 1, "a.csv"), (2, 2, "a.csv"), (3, 4, "a.csv"))
    send((3, 8, "b.csv"), (4, 16, "b.csv"))
    send((1, 1, "a.csv"), (3, 32, "a.csv"), (5, 64, "a.csv"))

    found = warehouse.rows("select id, n, _sdc_source_file from raw_test.orders order by id")
    assert found == [(1, 1, "a.csv"), (3, 8, "b.csv"), (4, 16, "b.csv"), (5, 64, "a.csv")]
    last = ledger("orders")[-1]
    assert counts(last) == (3, 1, 0, 1, 1, 1)
    assert last["totals_landed_change"] == {"n": 62}


def test_whole_table_leaves_nothing_of_a_later_file(wire: Any, warehouse: ScratchDatabase) -> None:
    # Rows of another source do not outlast it because the names of their files sort later.
    types = {"id": "integer", "n": "integer", "_sdc_source_file": "text"}
    partition = {"x-source-partition": "_sdc_source_file"}
    schema = wire.schema("orders", types, ["id"], **partition)
    wire.load(schema, wire.batch("orders", list(types), [(1, 1, "b.csv")]), wire.state())

    another = wire.schema("orders", types, ["id"], **partition, **{"x-whole-table": True})
    wire.load(another, wire.batch("orders", list(types), [(1, 2, "a.csv")]), wire.state())

    found = warehouse.rows("select id, n, _sdc_source_file from raw_test.orders")
    assert found == [(1, 2, "a.csv")]


def test_many_batches_land_in_one_transaction(wire: Any, warehouse: ScratchDatabase) -> None:
    # The ledger takes the ids of all batches of a transaction, however many there are.
    schema = wire.schema("events", {"n": "integer"})
    batches = [
        wire.batch("events", ["n"], [(n,)], batch_id=hashlib.sha256(bytes([n])).hexdigest())
        for n in range(200)
    ]
    wire.load(schema, *batches, wire.state())

    assert warehouse.rows("select count(*) from raw_test.events") == [(200,)]


def test_ledger_adds_up_to_the_table(wire: Any, warehouse: ScratchDatabase) -> None:
    # count(raw) = inserted - deleted and sum(raw) = sum of changes, over loads of every kind.
    types = {"id": "integer", "n": "total:numeric", "_sdc_source_file": "text"}
    schema = wire.schema("orders", types, ["id"], **{"x-source-partition": "_sdc_source_file"})
    for turn in range(6):
        rows = [(n * (turn % 3), f"{n}.{turn}1", f"{n % 2}.csv") for n in range(8 - turn)]
        wire.load(schema, wire.batch("orders", list(types), rows), wire.state())

    in_table = warehouse.rows("select count(*), sum(n) from raw_test.orders")
    in_ledger = warehouse.rows(
        "select sum(rows_inserted) - sum(rows_deleted),"
        " sum((totals_landed_change ->> 'n')::numeric) from waybill.load"
    )
    assert in_table == in_ledger


@pytest.mark.parametrize("key", [["id"], []])
def test_overwrite_replaces_the_table(
    wire: Any, warehouse: ScratchDatabase, key: list[str]
) -> None:
    # Overwrite leaves what this run has sent, over all its transactions, and readers never see it empty.
    schema = wire.schema("orders", {"id": "integer"}, key)

    def send(*ids: int) -> None:
        messages = []
        for each in ids:
            messages += [wire.record("orders", id=each), wire.state(orders={"at": each})]
        wire.load(schema, *messages, load_method="overwrite")

    send(1, 2)
    with warehouse.connection().connect() as reader:
        reader.execute("set transaction isolation level repeatable read")
        reader.execute("select 1")
        send(2, 3, 4)
        assert reader.execute("select count(*) from raw_test.orders").fetchone() == (2,)
    assert warehouse.rows("select id from raw_test.orders order by id") == [(2,), (3,), (4,)]


def test_overwrite_with_nothing_empties_the_table(wire: Any, warehouse: ScratchDatabase) -> None:
    # A source that has become empty leaves an empty table.
    schema = wire.schema("orders", {"id": "integer"}, ["id"])
    wire.load(schema, wire.record("orders", id=1), wire.state(), load_method="overwrite")
    wire.load(schema, wire.state(orders={"at": 2}), load_method="overwrite")

    assert warehouse.rows("select count(*) from raw_test.orders") == [(0,)]


def test_append_only_keeps_every_version(wire: Any, warehouse: ScratchDatabase) -> None:
    # append-only lands a keyed stream without a key on the table.
    schema = wire.schema("orders", {"id": "integer"}, ["id"])
    for _ in range(2):
        wire.load(schema, wire.record("orders", id=1), wire.state(), load_method="append-only")

    assert warehouse.rows("select id from raw_test.orders") == [(1,), (1,)]


def test_read_check_commits_nothing_on_a_difference(wire: Any, warehouse: ScratchDatabase) -> None:
    # Rows or totals that the tap sent and the target did not receive stop the commit.
    schema = wire.schema("orders", TYPES, ["id"])
    record = wire.record("orders", id=1, amount="1.10")
    for read in ({"rows": 2}, {"rows": 1, "totals": {"amount": "1.11"}}):
        with pytest.raises(WaybillError, match=r"Stream orders: .* received: 1.*says it sent"):
            wire.load(schema, record, wire.state(orders={"read": read}))
    assert warehouse.rows("select to_regclass('raw_test.orders') is null") == [(True,)]

    wire.load(schema, record, wire.state(orders={"read": {"rows": 1, "totals": {"amount": "1.1"}}}))
    assert warehouse.rows("select count(*) from raw_test.orders") == [(1,)]


def test_read_counts_over_all_transactions(wire: Any, warehouse: ScratchDatabase) -> None:
    # `read` is what this invocation has sent so far, not what one transaction holds.
    schema = wire.schema("orders", TYPES, ["id"])
    messages = [schema]
    for n in (1, 2, 3):
        read = {"rows": n, "totals": {"amount": str(n)}}
        messages += [wire.record("orders", id=n, amount=1), wire.state(orders={"read": read})]
    wire.load(*messages)

    assert warehouse.rows("select count(*) from raw_test.orders") == [(3,)]


def test_state_of_another_warehouse_is_refused(wire: Any, warehouse: ScratchDatabase) -> None:
    # A bookmark from elsewhere would leave out all rows before it, here for good.
    schema = wire.schema("orders", TYPES, ["id"])
    record = wire.record("orders", id=3, amount=1)
    for sent in (0, 1):
        bookmark = {"source": {"rows": 3}, "read": {"rows": sent}}
        with pytest.raises(WaybillError, match=r"Stream orders: .* of its 3 rows .*full-refresh"):
            wire.load(schema, *[record] * sent, wire.state(orders=bookmark))
    assert warehouse.rows("select count(*) from waybill.load") == [(0,)]

    rest = [wire.record("orders", id=n, amount=1) for n in (1, 2)]
    whole = {"source": {"rows": 3}, "read": {"rows": 3}}
    wire.load(schema, record, *rest, wire.state(orders=whole))
    wire.load(schema, wire.state(orders=whole | {"read": {"rows": 0}}))
    assert warehouse.rows("select count(*) from raw_test.orders") == [(3,)]


def test_idle_stream_has_a_ledger_row(wire: Any, ledger: Any) -> None:
    # A stream that had nothing to send still tells the receipt what its source holds.
    schema = wire.schema("orders", TYPES, ["id"])
    source = {"source": {"rows": 0}, "read": {"rows": 0}}
    wire.load(wire.state(orders={"old": 1}), schema, wire.state(orders=source))

    assert [(counts(row), row["bookmark"]) for row in ledger("orders")] == [((0,) * 6, source)]
