from __future__ import annotations

import io
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_postgres import loading
from target_postgres.direct import Direct
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

TYPES = {"id": "integer", "note": "text", "n": "total:numeric(12,2)"}
COLUMNS = list(TYPES)
TIMES = ("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:06+00:00")

ROWS = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 4), st.integers(0, 10**6)),
        st.one_of(st.none(), st.sampled_from(["", "a", 'b"\n,', "\\N", "\t"])),
        st.one_of(st.none(), st.sampled_from(["1.50", "-2", "1e3", "NaN"])),
    ),
    max_size=6,
)
BAD_ROWS = st.sampled_from([(None, "a", "1"), (1, "a", "many")])
BATCHES = st.tuples(
    st.sampled_from(["copy", "copy", "csv", "csv", "record"]),
    st.sampled_from(["orders", "orders", "items"]),
    ROWS,
    st.one_of(st.none(), st.none(), st.none(), BAD_ROWS),
    st.sampled_from(["b.csv", "b.csv", "a.csv"]),
    st.sampled_from([TIMES[0], *TIMES]),
)
MARKS = st.sampled_from([{}, {"x-source-partition": "_sdc_source_file"}, {"x-whole-table": True}])


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which way each file went, in order."""
    taken: list[str] = []
    suits = loading.suits
    finish, abandon = Direct.finish, Direct.abandon

    monkeypatch.setattr(loading, "suits", lambda *args: "staged" not in taken and suits(*args))
    monkeypatch.setattr(Direct, "finish", lambda self: (finish(self), taken.append("direct"))[0])
    monkeypatch.setattr(Direct, "abandon", lambda self: (taken.append("back"), abandon(self))[1])
    return taken


def csv_text(rows: list[tuple[Any, ...]]) -> str:
    out = io.StringIO()
    for row in rows:
        fields = [
            "" if value is None else '"' + str(value).replace('"', '""') + '"' for value in row
        ]
        out.write(",".join(fields) + "\n")
    return out.getvalue()


def messages(wire: Any, folder: Path, key: list[str], marks: dict[str, Any], batches: Any) -> Any:
    is_partitioned = "x-source-partition" in marks
    types = TYPES | ({"_sdc_source_file": "text"} if is_partitioned else {})
    for stream in ("orders", "items"):
        yield wire.schema(stream, types, key, **marks)
    for how, stream, rows, bad, partition, at in batches:
        sent = [*rows, bad] if bad else rows
        fixed = {"extracted_at": at} | ({"source_partition": partition} if is_partitioned else {})
        if how == "copy":
            yield wire.batch(stream, COLUMNS, sent, **fixed)
        elif how == "csv":
            path = folder / f"{uuid.uuid4().hex}.csv"
            path.write_text(csv_text(sent), newline="\n")
            encoding = {"format": "csv", "columns": COLUMNS, "rows": len(sent), **fixed}
            yield {
                "type": "BATCH",
                "stream": stream,
                "encoding": encoding,
                "manifest": [path.as_uri()],
            }
        else:
            for row in sent:
                values = dict(zip(COLUMNS, row, strict=True))
                if is_partitioned:
                    values["_sdc_source_file"] = partition
                yield wire.record(stream, **values) | {"time_extracted": at}
    yield wire.state(orders={"n": 1}, items={"n": 1})


def outcome(warehouse: ScratchDatabase, schema: str, error: str) -> dict[str, Any]:
    """All that a load leaves: rows, definitions, ledger and dead letters, or its error."""
    found: dict[str, Any] = {"error": error}
    tables = warehouse.rows(
        "select relname, oid::regclass::text from pg_class where relkind = 'r' and relnamespace = to_regnamespace(%s)"
        " order by 1",
        (schema,),
    )
    for name, relation in tables:
        found[name] = (
            warehouse.rows(
                "select attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)"
                " from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum"
                " where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
                (relation,),
            ),
            warehouse.rows(
                "select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass order by 1",
                (relation,),
            ),
            warehouse.rows(
                f"select md5((to_jsonb(t) - '_sdc_batched_at')::text), _sdc_batched_at is null"
                f" from {relation} as t order by 1"
            ),
        )
    found["ledger"] = warehouse.rows(
        "select stream, to_jsonb(load) - '{load_id,invocation_id,started_at,committed_at,target_schema}'::text[]"
        " from waybill.load where target_schema = %s order by stream, load_id",
        (schema,),
    )
    found["letters"] = warehouse.rows(
        "select stream, key::text, column_name, reason, payload::text, found_by, counted_totals::text"
        " from waybill.dead_letter where target_schema = %s order by dead_letter_id",
        (schema,),
    )
    return found


@settings(max_examples=40)
@given(
    key=st.sampled_from([["id"], ["id"], []]),
    marks=MARKS,
    batches=st.lists(BATCHES, min_size=1, max_size=5),
)
def test_both_ways_leave_the_same(
    wire: Any,
    warehouse: ScratchDatabase,
    tmp_path: Path,
    ways: list[str],
    *,
    key: list[str],
    marks: dict[str, Any],
    batches: Any,
) -> None:
    # Rows, columns, constraints, ledger, dead letters and errors do not depend on whether rows went straight into a new table.
    left = []
    schemas = [f"raw_{uuid.uuid4().hex}" for _ in range(2)]
    for way, schema in zip(([], ["staged"]), schemas, strict=True):
        ways[:] = way
        error = ""
        sent = list(messages(wire, tmp_path, key, marks, batches))
        try:
            wire.load(*sent, default_target_schema=schema)
        except WaybillError as raised:
            error = str(raised).split(":")[0]
        left.append(outcome(warehouse, schema, error))
    assert left[0] == left[1]


def test_first_files_go_straight_in(wire: Any, warehouse: ScratchDatabase, ways: list[str]) -> None:
    # The first load of a table takes the short way, all files of it, and the next one does not.
    schema = wire.schema("orders", TYPES, ["id"])
    files = [wire.batch("orders", COLUMNS, [(n, "a", 1)], extracted_at=TIMES[0]) for n in (1, 2)]
    wire.load(schema, *files, wire.state())
    assert ways == ["direct"]

    wire.load(schema, wire.batch("orders", COLUMNS, [(3, "a", 1)]), wire.state())
    assert ways == ["direct"]
    assert warehouse.rows("select id from raw_test.orders order by id") == [(1,), (2,), (3,)]


@pytest.mark.parametrize(
    ("rows", "landed"), [([(1, "a", 1), (1, "b", 2)], [(1, "b")]), ([(1, "a", 1)], [(1, "a")])]
)
def test_repeated_keys_take_the_long_way(
    wire: Any, warehouse: ScratchDatabase, ways: list[str], rows: Any, landed: Any
) -> None:
    # A repeated key is found when the key is added: the same files then go through the merge.
    schema = wire.schema("orders", TYPES, ["id"])
    wire.load(schema, wire.batch("orders", COLUMNS, rows), wire.state())

    assert ways == (["direct"] if len(rows) == 1 else ["back"])
    assert warehouse.rows("select id, note from raw_test.orders") == landed


def test_two_first_loads_at_once_end_well(
    wire: Any, warehouse: ScratchDatabase, ways: list[str]
) -> None:
    # A table that another run made in the meantime is merged into.
    schema = wire.schema("orders", TYPES, ["id"])
    create = Direct.create

    def create_late(direct: Direct, first: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Direct, "create", create)
            patch.setattr(loading, "suits", lambda *_: False)
            wire.load(schema, wire.record("orders", id=1, note="other"), wire.state())
        create(direct, first)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Direct, "create", create_late)
        wire.load(schema, wire.batch("orders", COLUMNS, [(2, "own", 1)]), wire.state())

    assert ways == ["back"]
    assert warehouse.rows("select id, note from raw_test.orders order by id") == [
        (1, "other"),
        (2, "own"),
    ]


def test_a_direct_load_that_dies_leaves_nothing(wire: Any, warehouse: ScratchDatabase) -> None:
    # Until its commit a new table is not there for anyone, schema included.
    with pytest.raises(WaybillError, match="says it sent 2"):
        wire.load(
            wire.schema("orders", TYPES, ["id"]),
            wire.batch("orders", COLUMNS, [(1, "a", 1)]),
            wire.state(orders={"read": {"rows": 2}}),
            default_target_schema="raw_other",
        )
    assert warehouse.rows("select to_regnamespace('raw_other') is null") == [(True,)]
    assert warehouse.rows("select count(*) from waybill.load") == [(0,)]
