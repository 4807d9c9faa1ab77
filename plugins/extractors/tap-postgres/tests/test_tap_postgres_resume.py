from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXECUTABLE = Path(sys.executable).with_name("tap-postgres")
PART = 1000
TABLE = """
    create table orders (
        region text, id integer, amount numeric(12,2), at timestamp, primary key (region, id)
    );
    insert into orders
    select chr(65 + n % 3) || '''\\', n, n / 100.0, timestamp '2024-01-01' + n * interval '1 second'
    from generate_series(1, 5000) as n
"""
MEANWHILE = """
    update orders set amount = -amount where id in (3, 4999);
    delete from orders where id in (6, 5000);
    insert into orders values ('A''\\', 9000, 1, null), ('', 9001, 2, '2020-01-01')
"""


@pytest.fixture
def orders(lane: Any) -> Any:
    """A table of five parts, in which nothing that was read so far is committed."""
    lane.source.execute(TABLE)
    lane.orders = lane.incremental("orders", "at")
    return lane


def killed(lane: Any, folder: Path, states: int, state: Any = None) -> Any:
    """What a run has written until it was killed, at one of its states."""
    paths = {}
    for name, content in (
        ("config", lane.settings(rows_per_part=PART)),
        ("catalog", lane.orders),
        ("state", state or {}),
    ):
        paths[name] = folder / f"{name}.json"
        paths[name].write_text(json.dumps(content))
    options = [part for name, path in paths.items() for part in (f"--{name}", path)]
    lines: list[str] = []
    with subprocess.Popen([EXECUTABLE, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            # The one that it starts from is repeated first.
            states -= '"type":"STATE"' in line and '"type":"BATCH"' in "".join(lines)
            if not states:
                break
        process.kill()
    assert process.returncode == -9
    return lane.read("".join(lines))


def applied(table: dict[tuple[str, int], Any], run: Any) -> dict[tuple[str, int], Any]:
    """A table by key after a run: later rows win, and what its keys do not name is gone."""
    table |= {(row["region"], int(row["id"])): row for row in run.rows("orders")}
    if keys := {(key["region"], int(key["id"])) for key in run.keys("orders")}:
        return {key: row for key, row in table.items() if key in keys}
    return table


def test_a_killed_first_load_goes_on_where_it_was(orders: Any, tmp_path: Path) -> None:
    # Twice killed, a run reads only the rest and what has changed meanwhile; the result is the source, deletes too.
    first = killed(orders, tmp_path, states=2)
    table = applied({}, first)
    sent = [len(first.rows("orders"))]
    orders.source.execute(MEANWHILE)
    second = killed(orders, tmp_path, states=1, state=first.state)
    table = applied(table, second)
    sent.append(len(second.rows("orders")))
    orders.source.execute("update orders set amount = 0 where id = 9")
    third = orders.run(second.state, orders.orders, rows_per_part=PART)
    table = applied(table, third)

    # Of the last two parts a row was deleted; of the three read, ids 3 and 9 have changed, and
    # 9000 and 9001 are new.
    sent.append(len(third.rows("orders")))
    assert sent == [2 * PART, PART, 2 * PART - 1 + 4]
    assert third.bookmark("orders")["read"]["rows"] == 2 * PART + 3
    assert [tuple(row.values()) for _, row in sorted(table.items())] == orders.source.rows(
        "select region, id::text, amount::text, at::text from orders order by orders.region, orders.id"
    )
    assert orders.run(third.state, orders.orders, rows_per_part=PART).rows("orders") == []


def test_parts_are_told_apart_from_a_whole_table(orders: Any) -> None:
    # Only a table that comes in one transaction may replace the one before; in parts it ends with its keys.
    parts = orders.run(catalog=orders.orders, rows_per_part=PART)
    whole = orders.run(catalog=orders.orders, rows_per_part=0)
    short = orders.run(catalog=orders.orders)
    marks = [
        [mark for mark in each.of("SCHEMA")[0]["schema"] if mark.startswith("x-")]
        for each in (parts, whole, short)
    ]

    assert marks == [["x-ends-with-state"], ["x-whole-table"], ["x-whole-table"]]
    assert [len(each.keys("orders")) for each in (parts, whole, short)] == [5000, 0, 0]
    assert [len(each.of("STATE")) for each in (parts, whole)] == [6, 1]
    assert "source" not in parts.of("STATE")[2]["value"]["bookmarks"]["orders"]
    assert parts.bookmark("orders") | {"source": 0} == whole.bookmark("orders") | {
        "source": 0,
        "snapshot": parts.bookmark("orders")["snapshot"],
    }


@pytest.mark.parametrize("broken", [{"after": ["A"]}, {"read_as": "x"}, {"snapshot": {}}])
def test_what_cannot_be_gone_on_from_begins_anew(orders: Any, broken: dict[str, Any]) -> None:
    # A bookmark of another key, other columns or another server says nothing of what the target has.
    state = orders.run(catalog=orders.orders, rows_per_part=PART).of("STATE")[0]["value"]
    state["bookmarks"]["orders"]["resume"] |= broken

    assert len(orders.run(state, orders.orders, rows_per_part=PART).rows("orders")) == 5000


def test_records_are_not_parted(orders: Any) -> None:
    # A target that takes records knows no comparison of keys: there the table comes in one transaction.
    run = orders.run(catalog=orders.orders, rows_per_part=PART, mode="record")

    assert len(run.of("STATE")) == 1
    assert run.of("SCHEMA")[0]["schema"]["x-whole-table"] is True
