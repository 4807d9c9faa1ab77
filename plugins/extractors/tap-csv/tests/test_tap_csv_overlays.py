"""Rows of one key in several files, of which the last by name stands in the warehouse."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from target_postgres.target import TargetPostgres

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]

    Land = Callable[..., None]

ROWS = "select id, name from raw_shop.orders order by id"


@pytest.fixture
def land(warehouse: ScratchDatabase, capsys: pytest.CaptureFixture[str]) -> Land:
    """Sends what a run wrote, or the first of its messages, to the target."""

    def send(output: Any, count: int | None = None) -> None:
        text = "".join(json.dumps(message) + "\n" for message in output.messages[:count])
        config = {"sqlalchemy_url": warehouse.url("loader"), "default_target_schema": "raw_shop"}
        TargetPostgres(config=config).listen(io.StringIO(text))
        capsys.readouterr()

    return send


@pytest.fixture
def overlaid(run: Run, contract: MakeContract, folder: Path, land: Land, mode: str) -> Any:
    """Three files, of which each later one has a newer row 1, landed; and a run from there on."""
    promised = contract({"orders": {"id": "integer#", "name": "text"}})
    for name, rows in (("", "1,base\n2,two\n"), ("_1", "1,newer\n"), ("_2", "1,newest\n3,three\n")):
        (folder / f"orders{name}.csv").write_text(f"id,name\n{rows}")
    first = run(folder, promised, mode)
    land(first)
    return lambda state=None: run(folder, promised, mode, state=state or first.state)


def test_row_that_a_later_file_gives_up_comes_back_from_an_earlier_one(
    overlaid: Any, folder: Path, land: Land, warehouse: ScratchDatabase
) -> None:
    # Protects a row from being lost although a file that has not changed still holds it.
    assert warehouse.rows(ROWS) == [(1, "newest"), (2, "two"), (3, "three")]
    (folder / "orders_2.csv").write_text("id,name\n3,three\n")
    second = overlaid()
    land(second)

    assert warehouse.rows(ROWS) == [(1, "newer"), (2, "two"), (3, "three")]
    assert second.bookmark("orders")["source"]["rows"] == 4
    assert overlaid(second.state).rows["orders"] == []


def test_row_comes_back_also_after_a_kill(
    overlaid: Any, folder: Path, land: Land, warehouse: ScratchDatabase
) -> None:
    # Protects the same row where the run dies after the changed file and before the earlier ones.
    (folder / "orders_2.csv").write_text("id,name\n3,three\n")
    cut = overlaid()
    kinds = [message["type"] for message in cut.messages]
    first_state = kinds.index("STATE") + 1
    land(cut, first_state)
    land(overlaid(cut.messages[first_state - 1]["value"]))

    assert warehouse.rows(ROWS) == [(1, "newer"), (2, "two"), (3, "three")]
