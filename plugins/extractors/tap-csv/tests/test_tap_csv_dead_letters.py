"""Rows that break the contract: told of in both modes, while the rest of the file lands."""

from __future__ import annotations

import io
import json
import os
import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from target_postgres.target import TargetPostgres
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]

LARGE = int(os.environ.get("WAYBILL_TEST_ROWS", "30000"))
"""Rows of the large file; a million take about half a minute."""
ITEMS = {"id": "integer#", "name": "text!", "price": "numeric(8,2)+", "at": "timestamp"}


def letters(output: Any) -> list[dict[str, Any]]:
    return output.rows.get("dead_letter", [])


@pytest.mark.parametrize(
    ("bad", "column", "reason"),
    [
        ("2,b,1.50", None, "3 fields where the header has 4"),
        ("2,b,1.50,2018-01-01,", None, "5 fields where the header has 4"),
        ("two,b,1.50,", "id", "'two' is not a whole number"),
        ("2,,1.50,", "name", "empty, but the contract requires a value"),
        ("2,b,1.505,", "price", "'1.505' is not a decimal number"),
        ("2,b,1.50,2018-02-30", "at", "'2018-02-30' is not a time"),
        ('2,"b"x,1.50,', None, "not CSV: ',' expected after"),
        ("2,b\0,1.50,", "name", "is not UTF-8 text without NUL"),
        ("2,b\udcff,1.50,", "name", "is not UTF-8 text without NUL"),
    ],
)
def test_bad_row_is_a_letter_and_its_neighbours_land(  # noqa: PLR0917 - fixtures are arguments
    run: Run,
    contract: MakeContract,
    folder: Path,
    mode: str,
    bad: str,
    column: str | None,
    reason: str,
) -> None:
    # Protects the rest of a file from one row, and that row from being lost: file, line and reason.
    text = f'id,name,price,at\n1,"a\nb",0.25,\n{bad}\n3,c,0.50,2018-01-01\n'
    (folder / "items.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    output = run(folder, contract({"items": ITEMS}), mode)
    assert [str(row["id"]) for row in output.rows["items"]] == ["1", "3"]
    (letter,) = letters(output)
    assert (letter["stream"], letter["source_file"]) == ("items", "items.csv")
    assert (letter["source_line"], letter["column"]) == (4, column)
    assert reason in letter["reason"]
    shown = bad.replace("\0", "\\u0000").replace("\udcff", "\\udcff")
    assert letter["raw"] == shown
    if column:
        assert letter["key"] == {"id": bad.split(",", maxsplit=1)[0]}
        assert set(letter["payload"]) == set(ITEMS)
    else:
        assert letter["payload"] is None
    assert output.bookmark("items")["read"] == {"rows": 3, "totals": {"price": "0.75"}}
    kinds = [(m["type"], m.get("stream")) for m in output.messages]
    assert kinds.index(("RECORD", "dead_letter")) < kinds.index(("STATE", None))
    schema = output.schema("dead_letter")
    assert schema["x-dead-letters"] is True


def test_no_letter_no_word_of_them(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects other targets from an empty table.
    (folder / "items.csv").write_text("id,name,price,at\n1,a,1,\n")
    output = run(folder, contract({"items": ITEMS}), mode)
    assert {message.get("stream") for message in output.messages} == {"items", None}


def test_contract_sets_limit_and_drift(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects what the target enforces: it knows the contract only by these marks.
    (folder / "items.csv").write_text("id,name,price,at\n1,a,1,\n")
    limit = {"rows": 5, "share": None}
    promised = contract({"items": ITEMS}, drift="freeze", deadLetterLimit=limit)
    schema = run(folder, promised).schema("items")
    assert schema["x-dead-letter-limit"] == limit
    assert schema["x-drift"] == "freeze"
    assert "x-dead-letter-limit" not in run(folder, contract({"items": ITEMS})).schema("items")


def test_letter_of_a_hashed_column_shows_no_value(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects personal data in rows that do not land, in the clear text as in the row's raw text.
    columns = {"id": "integer", "born": "date*"}
    (folder / "t.csv").write_text("id,born\nx,1990-01-02\n1,CANARY\n1,1990-01-02,CANARY\n")
    output = run(folder, contract({"t": columns}), mode)
    assert len(letters(output)) == 3
    assert all(letter["raw"] is None for letter in letters(output))
    assert "CANARY" not in str(output.messages)
    assert "1990-01-02" not in str(output.messages)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'id,name,price,at\n1,a,1,\n2,"b,1,\n3,c,1,\n', "line 3: not CSV: unexpected end"),
        (b'id,name,price,at\n1,"a\n2,b"c,1,\n', "line 2: not CSV: ',' expected after"),
        ("id,name,price,at\n1,a,1,\n".encode("utf-16"), "no column id, name, price, at|NUL"),
    ],
)
def test_file_that_is_not_csv_is_an_error(  # noqa: PLR0917 - fixtures are arguments
    run: Run, contract: MakeContract, folder: Path, mode: str, content: bytes, message: str
) -> None:
    # Protects rows that an open quote would swallow: nobody can tell where its row ends.
    (folder / "items.csv").write_bytes(content)
    with pytest.raises(WaybillError, match=message):
        run(folder, contract({"items": ITEMS}), mode)


def _good(number: int) -> str:
    return f"{number},name {number},{number % 9973 / 100:.2f},2018-{number % 12 + 1:02}-28 10:00:00"


SIX_KINDS: list[Callable[[int], str]] = [
    lambda n: f"{n},too,few",
    lambda n: f"{n},too,1.00,,many",
    lambda n: f"number {n},a,1.00,",
    lambda n: f"{n},,1.00,",
    lambda n: f"{n},a,1.00,2018-02-30",
    lambda n: f'{n},"a"b,1.00,',
]


def test_hundred_bad_rows_of_a_large_file(
    run: Run,
    contract: MakeContract,
    folder: Path,
    warehouse: ScratchDatabase,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Protects the promise of the dead letters, through a real target: all but the bad rows land,
    # each bad one is named, and the mended file lands whole, once.
    count = LARGE
    bad = sorted(random.Random(1).sample(range(1, count + 1), 100))  # noqa: S311 - test data
    kinds = {number: SIX_KINDS[i % 6] for i, number in enumerate(bad)}
    path = folder / "items.csv"
    promised = contract({"items": ITEMS})

    def load(state: dict[str, Any] | None, broken: dict[int, Callable[[int], str]]) -> Any:
        with path.open("w") as file:
            file.write("id,name,price,at\n")
            file.writelines(f"{broken.get(n, _good)(n)}\n" for n in range(1, count + 1))
        output = run(folder, promised, state=state, is_decoded=False)
        text = "".join(json.dumps(message) + "\n" for message in output.messages)
        config = {"sqlalchemy_url": warehouse.url("loader"), "default_target_schema": "raw_shop"}
        TargetPostgres(config=config).listen(io.StringIO(text))
        capsys.readouterr()
        return output

    output = load(None, kinds)
    assert warehouse.rows("select count(*) from raw_shop.items") == [(count - 100,)]
    query = "select source_file, source_line, reason from waybill.dead_letter order by source_line"
    found = warehouse.rows(query)
    assert [(file, line) for file, line, _ in found] == [("items.csv", n + 1) for n in bad]
    assert len({reason.split(":")[0] for *_, reason in found}) >= 5
    assert all(reason for *_, reason in found)

    load(output.state, {})
    query = "select count(*), count(distinct id), sum(price)::text from raw_shop.items"
    total = sum(Decimal(_good(n).split(",")[2]) for n in range(1, count + 1))
    assert warehouse.rows(query) == [(count, count, str(total))]
    query = "select distinct resolved_by from waybill.dead_letter"
    assert warehouse.rows(query) == [("reload",)]
