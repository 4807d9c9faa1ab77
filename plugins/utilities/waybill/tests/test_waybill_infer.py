"""The draft of a contract: what the data shows, no more, and valid as it is written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from waybill.cli import main
from waybill.infer.guess import Guess
from waybill_common import contracts

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_common.contracts import Contract, Stream
    from waybill_warehouse.scratch import ScratchDatabase

    Infer = Callable[..., Contract]


@pytest.fixture
def infer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Infer:
    """Runs `waybill contracts infer shop ...` in a project of this test; gives the contract."""
    (tmp_path / "project" / "extract" / "contracts").mkdir(parents=True)
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path / "project"))

    def run(*arguments: object) -> Contract:
        monkeypatch.setattr(
            "sys.argv", ["waybill", "contracts", "infer", "shop", *map(str, arguments)]
        )
        main()
        return contracts.load(contracts.contracts_folder() / "shop.yml")

    return run


def types(stream: Stream) -> dict[str, str]:
    return {column.name: column.sql_type for column in stream.columns}


@pytest.mark.parametrize(
    ("values", "sql_type"),
    [
        (["1", "-2147483648"], "integer"),
        (["1", "2147483648"], "bigint"),
        (["1", "9223372036854775808"], "numeric"),
        (["1", "1.0"], "numeric"),
        (["1e5", "2"], "numeric"),
        (["01234", "99999"], "text"),
        (["+4912345"], "text"),
        (["0", "1"], "integer"),
        (["true", "FALSE"], "boolean"),
        (["t", "f"], "text"),
        (["2024-02-29", "2024-12-31"], "date"),
        (["2024-02-29", "2024-02-30"], "text"),
        (["2024-02-29", "2024-02-29 10:00:00"], "timestamp"),
        (["2024-02-29T10:00:00+01:00"], "timestamptz"),
        (["123e4567-e89b-12d3-a456-426614174000"], "uuid"),
        (["1", "x"], "text"),
        ([None, None], "text"),
        ([None, "7"], "integer"),
    ],
)
def test_the_type_is_the_narrowest_that_keeps_each_text(
    values: list[str | None], sql_type: str
) -> None:
    """Protects zip codes and phone numbers from becoming numbers, and numbers from becoming floats."""
    guess = Guess("x")
    for value in values:
        guess.add(value)
    assert guess.column(len(values)).sql_type == sql_type


def test_csv_files(infer: Infer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Protects names, dialects, patterns and keys, of which a person would get one wrong."""
    folder = tmp_path / "csv"
    folder.mkdir()
    rows = "".join(f"{n};2024-01-0{1 + n % 9} 10:00;{n}.50;0{n};a@b.c\n" for n in range(150))
    for day in ("2024-01-01", "2024-01-02"):
        text = "Order ID;Placed At;Amount;ZIP;E-mail\n" + rows
        (folder / f"orders_{day}.csv").write_text(text, encoding="cp1252")
    (folder / "order_items.csv").write_text("order_id,note\n1,é\n1,\n", encoding="cp1252")
    orders = infer(folder).stream("orders")
    assert types(orders) == {
        "order_id": "integer",
        "placed_at": "timestamp",
        "amount": "numeric",
        "zip": "text",
        "e_mail": "text",
    }
    assert (orders.key, orders.files, orders.dialect.delimiter) == (
        ("order_id",),
        "orders*.csv",
        ";",
    )
    assert next(column.source_name for column in orders.columns) == "Order ID"
    assert all(column.is_required for column in orders.columns)
    items = contracts.load(contracts.contracts_folder() / "shop.yml").stream("order_items")
    assert (items.key, items.files, items.dialect.encoding) == ((), "order_items*.csv", "cp1252")
    said = capsys.readouterr().out
    assert "orders: 5 columns, one row per order_id, 150 rows looked at" in said
    assert "personal data? orders.e_mail" in said
    with pytest.raises(SystemExit):
        infer(folder)
    assert "There is a contract of shop" in capsys.readouterr().err


def test_names_that_begin_alike_have_patterns_of_their_own(infer: Infer, tmp_path: Path) -> None:
    """Protects a table from the files of another one, whose name goes on."""
    for name in (
        "pay.csv",
        "pay-2024-01.csv",
        "pay_type.csv",
        "item_1.csv",
        "item_2.csv",
        "item_kind.csv",
    ):
        (tmp_path / name).write_text("id\n1\n")
    found = {each.name: each.files for each in infer(tmp_path).streams}
    assert found == {
        "pay": "pay[.-]*csv",
        "pay_type": "pay_type*.csv",
        "item": "item[._-][0-9]*.csv",
        "item_kind": "item_kind*.csv",
    }


def test_json_files(infer: Infer, tmp_path: Path) -> None:
    """Protects texts that look like numbers, nested values, and documents of several tables."""
    rows = [
        {"id": 1, "v": 1.10, "code": "7", "at": "2024-01-01T00:00:00"},
        {"id": 2, "tags": {"a": []}},
    ]
    path = tmp_path / "shop.json"
    path.write_text(json.dumps({"made": 1, "orders": rows, "items": [{"sku": "A"}], "none": []}))
    found = infer(path)
    assert [(each.name, each.member, each.files) for each in found.streams] == [
        ("orders", "orders", "shop*.json"),
        ("items", "items", "shop*.json"),
    ]
    assert types(found.stream("orders")) == {
        "id": "integer",
        "v": "numeric",
        "code": "text",
        "at": "timestamp",
        "tags": "jsonb",
    }
    assert found.stream("orders").key == ("id",)


def test_json_lines_of_one_row_are_no_document(infer: Infer, tmp_path: Path) -> None:
    """Protects a file of one line from being taken for an object around rows."""
    path = tmp_path / "events.jsonl"
    path.write_text('{"id": 1, "tags": ["a"]}\n')
    (stream,) = infer(path).streams
    assert (stream.name, stream.member) == ("events", None)
    assert types(stream) == {"id": "integer", "tags": "jsonb"}


def test_tables(
    infer: Infer, source_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects exact types, keys of several columns in their order, and where an increment starts."""
    with source_database.connection().connect() as session:
        session.execute(
            "create table lines (line smallint, price numeric(10,2) not null, updated_at timestamptz,"
            " order_id bigint, tags text[], primary key (order_id, line)); create table others (x int)"
        )
    monkeypatch.setenv("WAYBILL_SHOP", source_database.url("admin"))
    (stream,) = infer("WAYBILL_SHOP", "--tables", "lines").streams
    assert types(stream) == {
        "line": "smallint",
        "price": "numeric(10,2)",
        "updated_at": "timestamptz",
        "order_id": "bigint",
        "tags": "text[]",
    }
    assert stream.key == ("order_id", "line")
    assert (stream.replication_key, stream.files) == ("updated_at", None)
    assert [column.name for column in stream.columns if column.is_required] == [
        "line",
        "price",
        "order_id",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no/such/place"], "there is no .*no/such/place"),
        (["s3://bucket/x"], "s3:// cannot be looked at here. Download one file"),
    ],
)
def test_what_cannot_be_looked_at_is_named(
    infer: Infer, capsys: pytest.CaptureFixture[str], arguments: list[Any], message: str
) -> None:
    """Protects a person from a traceback, and the folder of contracts from half a file."""
    with pytest.raises(SystemExit):
        infer(*arguments)
    assert re.search(message, capsys.readouterr().err)
    assert not list(Path(contracts.contracts_folder()).iterdir())
