"""What a new column or another type does to a table, by the stream's drift."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

OLD = {"id": "integer", "n": "integer"}
COLUMNS = """
    select attname, format_type(atttypid, atttypmod) from pg_attribute
    where attrelid = 'raw_test.s'::regclass and attnum > 0 and attname !~ '^_sdc'
"""


def send(
    wire: Any, types: dict[str, str], mark: str | None, mode: str = "record", **config: Any
) -> None:
    marks = {"x-drift": mark} if mark else {}
    values = {"id": 1, "n": 5, "total": 7, "note": "x"}
    row = {name: values[name] for name in types}
    message = (
        wire.record("s", **row)
        if mode == "record"
        else wire.batch("s", list(row), [list(row.values())])
    )
    wire.load(wire.schema("s", types, ["id"], **marks), message, wire.state(), **config)


@pytest.mark.parametrize("mode", ["record", "batch"])
def test_quarantine_leaves_new_columns_out(
    wire: Any, warehouse: ScratchDatabase, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    # The rest of the row lands, and the log names the column once.
    send(wire, OLD, "quarantine", mode)
    caplog.set_level(logging.WARNING)
    marks = {"x-drift": "quarantine"}
    types = {"id": "bigint", "n": "integer", "note": "text"}
    messages = [wire.schema("s", types, ["id"], **marks)]
    for n in (6, 7):
        row = {"id": 1, "n": n, "note": "x"}
        record = wire.record("s", **row)
        batch = wire.batch("s", list(row), [list(row.values())])
        messages += [record if mode == "record" else batch, wire.state(s={"at": n})]
    wire.load(*messages)

    assert dict(warehouse.rows(COLUMNS)) == {"id": "bigint", "n": "integer"}
    assert warehouse.rows("select id, n from raw_test.s") == [(1, 7)]
    warnings = [each.message for each in caplog.records if "left out" in each.message]
    assert warnings == ["Stream s: new columns are left out: note; its drift is quarantine."]


@pytest.mark.parametrize(
    ("types", "complaint"),
    [
        (OLD | {"note": "text"}, "raw_test.s has no column note, and its drift is freeze"),
        (OLD | {"n": "numeric"}, "column n of raw_test.s is integer, not numeric"),
    ],
)
def test_freeze_refuses_any_change(
    wire: Any, warehouse: ScratchDatabase, types: dict[str, str], complaint: str
) -> None:
    # One line names stream, table and column; the table stays as it is, and the first load makes it.
    send(wire, OLD, "freeze")
    with pytest.raises(WaybillError, match=f"Stream s: {complaint}"):
        send(wire, types, "freeze")
    assert dict(warehouse.rows(COLUMNS)) == OLD
    send(wire, {"id": "smallint"}, "freeze")


def test_the_setting_stands_where_the_tap_says_nothing(
    wire: Any, warehouse: ScratchDatabase
) -> None:
    # A foreign tap's streams follow the target's setting, our taps' their contracts.
    send(wire, OLD, None)
    wider = OLD | {"note": "text"}
    with pytest.raises(WaybillError, match="drift is freeze"):
        send(wire, wider, None, drift="freeze")
    send(wire, wider, "evolve", drift="freeze")
    assert "note" in dict(warehouse.rows(COLUMNS))


def test_a_control_total_is_never_left_out(wire: Any, warehouse: ScratchDatabase) -> None:
    # A sum that is to be reconciled has to land, whatever the drift.
    send(wire, OLD, "quarantine")
    send(wire, OLD | {"total": "total:numeric"}, "quarantine")
    assert warehouse.rows("select total::int from raw_test.s") == [(7,)]
