"""Files landed by `load_method: append-only`, where a run repeats what a killed one has sent."""

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

    Go = Callable[..., Any]


@pytest.fixture
def go(
    warehouse: ScratchDatabase,
    capsys: pytest.CaptureFixture[str],
    run: Run,
    contract: MakeContract,
    folder: Path,
) -> Go:
    """Runs tap and target from a state; gives what the tap said."""
    promised = contract({"orders": {"id": "integer#", "price": "numeric+"}})

    def both(state: dict[str, Any] | None = None) -> Any:
        output = run(folder, promised, state=state)
        text = "".join(json.dumps(message) + "\n" for message in output.messages)
        config = {
            "sqlalchemy_url": warehouse.url("loader"),
            "default_target_schema": "raw_shop",
            "load_method": "append-only",
        }
        TargetPostgres(config=config).listen(io.StringIO(text))
        capsys.readouterr()
        return output

    return both


def _rows(warehouse: ScratchDatabase) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select id, price::text from raw_shop.orders order by _sdc_batched_at, id"
    )


def test_file_that_comes_again_after_a_kill_is_appended_once(
    go: Go, folder: Path, warehouse: ScratchDatabase
) -> None:
    # Protects the table from doubling where a run was killed after its commit and before its STATE.
    (folder / "orders.csv").write_text("id,price\n1,1.50\n2,2.25\n")
    go()
    again = go()
    assert _rows(warehouse) == [(1, "1.50"), (2, "2.25")]

    # Rows that are new in the same run land, and the control totals do not stop it.
    (folder / "orders_2.csv").write_text("id,price\n3,4\n")
    last = go(None)
    assert _rows(warehouse) == [(1, "1.50"), (2, "2.25"), (3, "4")]
    assert go(last.state).of("BATCH") == []
    assert again.bookmark("orders")["files"] == {
        name: entry
        for name, entry in last.bookmark("orders")["files"].items()
        if name == "orders.csv"
    }


def test_file_that_returns_to_what_it_held_is_appended_again(
    go: Go, folder: Path, warehouse: ScratchDatabase
) -> None:
    # Protects the third version of a file, which has the content, but not the place, of the first.
    path = folder / "orders.csv"
    state = None
    for price in ("1", "2", "1"):
        path.write_text(f"id,price\n1,{price}\n")
        before, state = state, go(state).state
        go(before)

    assert _rows(warehouse) == [(1, "1"), (1, "2"), (1, "1")]


def test_dead_letter_that_comes_again_after_a_kill_is_kept_once(
    go: Go, folder: Path, warehouse: ScratchDatabase
) -> None:
    # Protects the count of what could not land, and a second version's letter beside the first's.
    path = folder / "orders.csv"
    path.write_text("id,price\n1,much\n2,2.25\n")
    go()
    state = go().state
    letters = "select source_line, raw from waybill.dead_letter where resolved_at is null"
    assert warehouse.rows(letters) == [(2, "1,much")]

    path.write_text("id,price\n1,more\n2,2.25\n")
    for _ in range(2):
        go(state)
    assert warehouse.rows(letters) == [(2, "1,much"), (2, "1,more")]
    assert _rows(warehouse) == [(2, "2.25"), (2, "2.25")]
