"""Files that are not written as RFC 4180 and UTF-8 have it, named in the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]

COLUMNS = {"id": "integer", "name": "text", "price": "numeric+"}


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le"]
)
@pytest.mark.parametrize(
    ("delimiter", "quote"), [(";", '"'), ("\t", '"'), ("|", "'"), ("¦", '"'), (".", '"')]
)
def test_dialect_and_encoding_are_the_contracts(  # noqa: PLR0917 - fixtures are arguments
    run: Run,
    contract: MakeContract,
    folder: Path,
    mode: str,
    encoding: str,
    delimiter: str,
    quote: str,
) -> None:
    # Protects files of spreadsheets and old systems; their delimiter may stand in a quoted field.
    name = f"Ærø {delimiter} {quote}é"
    quoted = quote + name.replace(quote, 2 * quote) + quote
    lines = [["id", "name", "price"], ["1", quoted, "2"], ["2", 2 * quote, ""], ["3", "", "5"]]
    text = "".join(delimiter.join(line) + "\r\n" for line in lines)
    (folder / "t.csv").write_bytes(text.encode(encoding))
    promised = contract({"t": COLUMNS}, delimiter=delimiter, quoteChar=quote, encoding=encoding)
    output = run(folder, promised, mode)
    rows = [(str(row["id"]), row["name"]) for row in output.rows["t"]]
    assert rows == [("1", name), ("2", ""), ("3", None)]
    assert output.bookmark("t")["read"] == {"rows": 3, "totals": {"price": "7"}}
    assert output.bookmark("t")["files"]["t.csv"]["size"] == len(text.encode(encoding))


def test_only_bytes_that_copy_can_read_are_sent_in_place(
    run: Run, contract: MakeContract, folder: Path
) -> None:
    # Protects the choice of the path: the file itself goes to COPY under a delimiter of its own,
    # and a copy in UTF-8 where it is in another encoding.
    (folder / "t.csv").write_bytes("id;name;price\n1;é;2\n".encode())
    (message,) = run(folder, contract({"t": COLUMNS}, delimiter=";")).of("BATCH")
    assert message["manifest"] == [(folder / "t.csv").as_uri()]
    assert message["encoding"]["delimiter"] == ";"
    (folder / "t.csv").write_bytes("id;name;price\n1;é;2\n".encode("cp1252"))
    promised = contract({"t": COLUMNS}, delimiter=";", encoding="cp1252")
    (message,) = run(folder, promised).of("BATCH")
    assert message["manifest"] != [(folder / "t.csv").as_uri()]


def test_byte_that_is_not_in_the_encoding_is_a_dead_letter(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects the other rows of a file that was put together from two encodings.
    (folder / "t.csv").write_bytes(b"id,name,price\n1,\x80,1\n2,\x81,1\n")
    output = run(folder, contract({"t": COLUMNS}, encoding="cp1252"), mode)
    assert [row["name"] for row in output.rows["t"]] == ["€"]
    assert [letter["source_line"] for letter in output.rows["dead_letter"]] == [3]


def test_file_in_another_encoding_than_promised_is_an_error(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects against rubbish: what cannot be decoded at all is refused with file and line.
    (folder / "t.csv").write_bytes(b"\xff\xfei\x00d\x00\n")
    with pytest.raises(WaybillError, match=r"t\.csv, line 1: not CSV: 'utf-16"):
        run(folder, contract({"t": COLUMNS}, encoding="utf-16"), mode)


@pytest.mark.parametrize(
    ("custom", "message"),
    [
        ({"delimiter": "||"}, "delimiter is '||', not one character"),
        ({"quoteChar": "\n"}, "quoteChar is "),
        ({"delimiter": '"'}, "delimiter and quoteChar are both"),
        ({"encoding": "klingon"}, "encoding 'klingon' is not known"),
    ],
)
def test_impossible_dialect_is_the_contracts_fault(
    run: Run, contract: MakeContract, folder: Path, custom: dict[str, str], message: str
) -> None:
    # Protects against a contract whose mistake would only show in the middle of a file.
    (folder / "t.csv").write_text("id,name,price\n")
    with pytest.raises(WaybillError, match=message.replace("|", r"\|")):
        run(folder, contract({"t": COLUMNS}, **custom))


def test_column_may_have_another_name_in_the_file(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects warehouses from headers made for people: `physicalName` is what the file calls it.
    promised = contract({"t": {"id": "integer", "name": "text"}})
    document = yaml.safe_load(promised.read_text())
    document["schema"][0]["properties"][1]["physicalName"] = "Full Name; (as given)"
    promised.write_text(yaml.safe_dump(document))
    (folder / "t.csv").write_text("Full Name; (as given),id\nAda,1\n")
    output = run(folder, promised, mode)
    assert [(str(row["id"]), row["name"]) for row in output.rows["t"]] == [("1", "Ada")]
    if mode == "batch":
        assert output.of("BATCH")[0]["manifest"] == [(folder / "t.csv").as_uri()]


@pytest.mark.parametrize(
    "name",
    [
        'we"ird',
        "a;b",
        "-- drop",
        "'; drop table t; --",
        "x" * 63,
        "é" * 31,
        "tab\there",
        "line\nend",
        "%s",
        "{}",
        "\\.",
    ],
)
def test_hostile_header_is_only_a_name(
    run: Run, contract: MakeContract, folder: Path, mode: str, name: str
) -> None:
    # Protects SQL from names, in place and as records.
    header = '"' + name.replace('"', '""') + '"'
    (folder / "t.csv").write_text(f"id,{header}\n1,x\n")
    output = run(folder, contract({"t": {"id": "integer"}}), mode)
    assert [row[name] for row in output.rows["t"]] == ["x"]


@pytest.mark.parametrize("name", ["", "id", "a\0b", "x" * 64, "é" * 32])
def test_impossible_header_is_refused(
    run: Run, contract: MakeContract, folder: Path, mode: str, name: str
) -> None:
    # Protects against columns that PostgreSQL would cut, or that nobody could tell apart.
    (folder / "t.csv").write_bytes(f"id,{name}\n1,x\n".encode())
    with pytest.raises(WaybillError, match=r"t\.csv: column 2 of the header"):
        run(folder, contract({"t": {"id": "integer"}}), mode)
