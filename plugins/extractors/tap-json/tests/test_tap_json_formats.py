"""Lines, arrays and members of objects, in folders, zips and compressed, give the same rows."""

from __future__ import annotations

import gzip
import json
import zipfile
from typing import TYPE_CHECKING, Any

import file_taps
import pytest
from backports import zstd

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]

COLUMNS = {"orders": {"id": "integer#", "price": "numeric(12,2)+", "note": "text"}}
ROWS = [
    '{"id": 1, "price": 1.50, "note": "a\\nb"}',
    '{"note": "", "price": 2, "id": 2}',
    '{"id":3}',
]
EXPECTED = [("1", "1.50", "a\nb"), ("2", "2", ""), ("3", None, None)]
FORMATS = {
    "lines": ("\n".join(ROWS), {}),
    "lines that end in CR and LF, blank ones among them": ("\r\n \r\n".join(ROWS) + "\r\n", {}),
    "an array": ("[" + ",".join(ROWS) + "]", {}),
    "an array with white space": ("\n [\n" + "\n,\n".join(ROWS) + "\n]\n", {}),
    "a member": (
        '{"meta": {"orders": 0}, "others": [1, [2]], "orders": [' + ",".join(ROWS) + '], "n": 3}',
        {"member": "orders"},
    ),
}


def found(output: Any) -> list[tuple[Any, ...]]:
    rows = output.rows.get("orders", [])
    return [
        tuple(None if row[name] is None else str(row[name]) for name in ("id", "price", "note"))
        for row in rows
    ]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_each_format_gives_the_rows(
    run: Run, contract: MakeContract, folder: Path, *, mode: str, name: str, start: str
) -> None:
    # Protects the rows, their order and their figures from the way a file is written.
    text, custom = FORMATS[name]
    (folder / "orders.json").write_text(start + text, encoding="utf-8", newline="")
    output = run(folder, contract(COLUMNS, **custom), mode)
    assert found(output) == EXPECTED
    assert output.bookmark("orders")["source"]["rows"] == 3
    assert output.bookmark("orders")["source"]["totals"] == {"price": "3.50"}
    assert found(run(folder, contract(COLUMNS, **custom), mode, output.state)) == []


@pytest.mark.parametrize("text", ["", "\n", "[]", " [ ] "])
def test_no_rows(run: Run, contract: MakeContract, folder: Path, text: str) -> None:
    # Protects a day without orders from being an error.
    (folder / "orders.json").write_text(text)
    output = run(folder, contract(COLUMNS))
    assert found(output) == []
    assert output.bookmark("orders")["files"]["orders.json"]["rows"] == 0


def test_two_tables_of_one_document(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects an export that holds all its tables in one file.
    (folder / "shop.json").write_text('{"items": [{"id": 1}, {"id": 2}], "orders": [{"id": 3}]}')
    for member, expected in (("items", ["1", "2"]), ("orders", ["3"])):
        promised = contract({member: {"id": "integer"}}, files="shop.json", member=member)
        rows = run(folder, promised).rows[member]
        assert [row["id"] for row in rows] == expected


def test_compressed_files_and_archives(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects the same ways in as tap-csv has.
    lines = "\n".join(ROWS).encode()
    (folder / "orders.jsonl.gz").write_bytes(gzip.compress(lines))
    (folder / "orders_2.json.zst").write_bytes(zstd.compress(b"[" + ROWS[0].encode() + b"]"))
    assert found(run(folder, contract(COLUMNS))) == [*EXPECTED, EXPECTED[0]]
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("day/orders.json", lines)
    assert found(run(folder / "all.zip", contract(COLUMNS))) == EXPECTED
    assert found(run(folder / "orders*.gz", contract(COLUMNS))) == EXPECTED


def test_over_http(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects a file behind a URL, whose name alone tells that it is one, and a folder's index page.
    (folder / "orders.json").write_text("[" + ",".join(ROWS) + "]")
    with file_taps.served(folder) as url:
        assert found(run(f"{url}/orders.json", contract(COLUMNS))) == EXPECTED
        assert found(run(f"{url}/", contract(COLUMNS))) == EXPECTED


def test_other_encodings(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects files of Windows tools, which are not read as garbage where the contract is silent.
    (folder / "orders.json").write_text("\n".join(ROWS).replace("a\\nb", "é"), encoding="utf-16")
    assert found(run(folder, contract(COLUMNS, encoding="utf-16")))[0] == ("1", "1.50", "é")
    with pytest.raises(WaybillError, match=r"orders.json is UTF-16. Give stream orders"):
        run(folder, contract(COLUMNS))


@pytest.mark.parametrize(
    ("text", "custom", "message"),
    [
        ('[{"id": 1}, {"id": 2}', {}, "the end of the file instead of ','"),
        ('[{"id": 1}, {"id": ', {}, "Expecting value"),
        ('[{"id": 1}, {"id": "x', {}, "Unterminated string"),
        ('[{"id": 1},\n]', {}, "2: .*a comma before the end"),
        ('[{"id": 1}\n{"id": 2}]', {}, "2: .*'{' instead of ','"),
        ('[{"id": 1}] []', {}, "text behind the end"),
        ("[1] x", {}, "text behind the end"),
        ('[{"id" 1}]', {}, "Expecting ':' delimiter"),
        ('[{"id": 01}]', {}, "Expecting ',' delimiter"),
        ("[" * 100_000, {}, "nested too deeply"),
        ("{}", {"member": "orders"}, "no member 'orders'"),
        ("", {"member": "orders"}, "the end of the file instead of '{'"),
        ("[]", {"member": "orders"}, "'\\[' instead of '{'"),
        ('{"orders": null}', {"member": "orders"}, "'n' instead of '\\['"),
        ('{"orders": [], "orders": []}', {"member": "orders"}, "member 'orders' twice"),
        ('{"orders": [],}', {"member": "orders"}, "a comma before the end"),
        ("{1: []}", {"member": "orders"}, "a member without a name"),
    ],
)
def test_a_broken_array_is_one_error_and_no_state(
    run: Run,
    contract: MakeContract,
    folder: Path,
    *,
    capsys: pytest.CaptureFixture[str],
    text: str,
    custom: dict[str, Any],
    message: str,
) -> None:
    # Protects against half a file: where the rest of it begins, nobody can tell.
    (folder / "orders.json").write_text(text)
    with pytest.raises(WaybillError, match=rf"orders.json, line .*{message}"):
        run(folder, contract(COLUMNS, **custom))
    assert '"STATE"' not in capsys.readouterr().out


def test_an_endless_element_is_refused_early(
    run: Run, contract: MakeContract, folder: Path
) -> None:
    # Protects the memory from a file whose one element never ends.
    (folder / "orders.json").write_text('[{"note": "' + "x" * (17 << 20))
    with pytest.raises(WaybillError, match="an element longer than 16777216 characters"):
        run(folder, contract(COLUMNS))
    (folder / "orders.json").write_text('{"note": "' + "x" * (17 << 20))
    with pytest.raises(WaybillError, match="line longer than 16777216 characters"):
        run(folder, contract(COLUMNS))


def test_long_elements_are_read_whole(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects elements that span many blocks.
    notes = ["é" * 300_000, "", "z" * 200_000]
    (folder / "orders.json").write_text(json.dumps([{"note": note} for note in notes]))
    rows = run(folder, contract({"orders": {"note": "text"}})).rows["orders"]
    assert [row["note"] for row in rows] == notes
