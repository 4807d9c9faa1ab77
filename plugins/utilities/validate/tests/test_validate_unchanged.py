"""`--changed` leaves out what would pass again, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project

_LOADED = """
    insert into waybill.load (
        invocation_id, target_schema, stream, target_table, started_at, rows_received,
        rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted
    ) values (gen_random_uuid(), 'raw_olist', %s, %s, now(), 1, 1, 0, 0, 0, 0)
"""


def load(shop: Project, stream: str) -> None:
    """The ledger row of a load that changed a stream's table."""
    shop.database.execute(_LOADED, [stream, stream], role="loader")


def checked(shop: Project) -> tuple[int, list[str]]:
    """Exit code of a run over what has changed, and the tables it has checked."""
    ended = shop.run("raw", "--changed")
    assert ended.errors == ""
    lines = [line for line in ended.output.splitlines() if line.startswith("[")]
    return ended.code, [line.split()[1].rstrip(":").removeprefix("raw_olist.") for line in lines]


@pytest.fixture
def loaded(shop: Project) -> Project:
    """The shop, as a target has loaded it, after a first run over what has changed: all of it."""
    load(shop, "orders")
    load(shop, "order_items")
    assert checked(shop) == (0, ["orders", "order_items"])
    return shop


def test_what_has_changed_is_checked_with_all_that_reads_it(loaded: Project) -> None:
    """An item's order may go with a load of orders alone: a rule over two tables watches both."""
    ended = loaded.run("raw", "--changed")
    assert ended.code == 0
    assert ended.output == "validate:raw: nothing has changed since 8 checks passed\n"
    pages = loaded.home / "validate" / "data_docs" / "raw" / "olist"
    before = (pages / "orders.html").read_text()

    load(loaded, "order_items")
    assert checked(loaded) == (0, ["order_items"])
    assert (pages / "orders.html").read_text() == before
    (entry,) = json.loads((loaded.home / "validate" / "raw.json").read_text())["suites"]
    assert [table["table"] for table in entry["tables"]] == ["orders", "order_items"]
    assert entry["checks"] == 8

    load(loaded, "orders")
    assert checked(loaded) == (0, ["orders", "order_items"])

    # A row that was written behind the ledger's back is seen, and stops each job until it is gone.
    bad = "insert into raw_olist.order_items values ('o1', 3, -1)"
    loaded.database.execute(bad, role="loader")
    assert checked(loaded) == (1, ["order_items"])
    assert checked(loaded) == (1, ["order_items"])
    loaded.database.execute("delete from raw_olist.order_items where price < 0", role="loader")
    assert checked(loaded) == (0, ["order_items"])
