"""What a run refuses, and how it names the fault."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, BinaryIO, Self, cast

import pytest

from tap_csv.checks import RowChecker
from tap_csv.files import FileRead
from tap_csv.reader import CsvReader
from waybill_common import contracts
from waybill_common.errors import WaybillError
from waybill_common.files.breaches import Breach, refuse
from waybill_common.files.fields import Field
from waybill_common.files.tape import Tape
from waybill_common.source_files import SourceFile
from waybill_common.values import Integer, Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"t\.csv: there is no header"),
        ("n,at\n1,\n", r"no column id in the header"),
        ("Id,n,at\n", r"no column id in the header \(the header has 'Id' instead\)"),
        ("id,n,n,at\n", r"column 3 of the header has the same name as column 2"),
        ("id,n,,at\n", r"column 3 of the header has no name"),
        ("id,n,at,_sdc_source_file\n", r"which the tap writes itself"),
        (f"id,n,at,{'x' * 64}\n", r"longer than the 63 bytes"),
        ("id,n,at\n1,2,2018-01-01\n2,3\n", r"t\.csv, line 3: 2 fields where the header has 3"),
        ('id,n,at\n1,2,"\n"\n', r"line 2, column at: '\\n' is not a time"),
        ("id,n,at\n1.0,2,\n", r"line 2, column id: '1\.0' is not a whole number"),
        (
            "id,n,at\n2147483648,2,\n",
            r"column id: '2147483648' is not a whole number from -2147483648",
        ),
        ("id,n,at\n,2,\n", r"column id: empty, but the contract requires a value"),
        ("id,n,at\n1,NaN,\n", r"column n: 'NaN' is not a decimal number"),
        ("id,n,at\n1,2,2018-02-30 00:00:00\n", r"column at: '2018-02-30 00:00:00' is not a time"),
        ('id,n,at\n1,2,\n\n2,"3\n', r"line 4: not CSV: unexpected end of data"),
        ('id,n,at\n1,"2"x,\n', r"line 2: not CSV: ',' expected after '\"'"),
    ],
)
def test_fault_is_named_with_file_line_and_column(  # noqa: PLR0917 - fixtures are arguments
    run: Run,
    contract: MakeContract,
    folder: Path,
    mode: str,
    content: str,
    message: str,
) -> None:
    # Protects the one line a person has to mend a file by.
    (folder / "t.csv").write_text(content)
    columns = {"id": "integer!", "n": "numeric", "at": "timestamp"}
    promised = contract({"t": columns}, deadLetterLimit={"rows": 0})
    with pytest.raises(WaybillError, match=message):
        run(folder, promised, mode)


@pytest.mark.parametrize("bad", [b"a\x00b", b"a\xffb", b"\xed\xa0\x80"])
def test_text_postgresql_cannot_hold_is_refused(
    run: Run, contract: MakeContract, folder: Path, mode: str, bad: bytes
) -> None:
    # Protects against NUL and bytes that are not UTF-8: the exact row and column are named.
    rows = b"".join(b"%d,ok\n" % number for number in range(20_000))
    (folder / "t.csv").write_bytes(b"id,name\n" + rows + b"1," + bad + b"\n")
    promised = contract({"t": {"id": "integer", "name": "text"}}, deadLetterLimit={"rows": 0})
    with pytest.raises(
        WaybillError, match=r"line 20002, column name: .* is not UTF-8 text without NUL"
    ):
        run(folder, promised, mode)


def test_line_is_physical_after_breaks_in_quotes(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects line numbers behind quoted line breaks of every kind and blank lines.
    (folder / "t.csv").write_bytes(b'id,name\n1,"a\r\nb\rc\nd"\n\n\r\n2,x\nthree,y\n')
    promised = contract({"t": {"id": "integer", "name": "text"}}, deadLetterLimit={"rows": 0})
    with pytest.raises(WaybillError, match="line 9, column id: 'three'"):
        run(folder, promised, mode)


def test_contract_is_at_fault(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects the message for a contract that promises what CSV cannot hold.
    (folder / "t.csv").write_text("id\n1\n")
    with pytest.raises(WaybillError, match=r"stream t, column id: type 'interval' cannot be read"):
        run(folder, contract({"t": {"id": "interval"}}))
    promised = contract({"t": {"id": "integer"}})
    promised.write_text(promised.read_text().replace("property: files", "property: folders"))
    with pytest.raises(WaybillError, match="stream t: it names no files"):
        run(folder, promised)


def test_good_rows_around_a_bad_one_survive_a_lenient_handler() -> None:
    # Protects the seam that dead letters will use: a handler that returns leaves one row out.
    reader = CsvReader(Tape(io.BytesIO(b'id,name\n1,a\n\nx,"b\nc"\n3\n4,""\n5,\n')))
    fields = [
        Field("id", 0, Integer(4), is_required=True, is_control_total=True),
        Field("name", 1, Text(), is_required=False, is_control_total=False),
    ]
    breaches: list[Breach] = []
    checker = RowChecker(fields, 2, breaches.append)
    columns = [checker.columns(chunk) for chunk in reader.chunks()]
    assert [list(zip(*each, strict=True)) for each in columns if each[0]] == [
        [("1", "a"), ("4", ""), ("5", None)]
    ]
    assert [(each.line, each.column, each.raw) for each in breaches] == [
        (4, "id", 'x,"b\nc"\n'),
        (6, None, "3\n"),
    ]


class _Growing:
    """A file that somebody appends to while it is read."""

    def __init__(self, path: Path, change: Callable[[Path], None]) -> None:
        self._file = path.open("rb")
        self._path = path
        self._change: Callable[[Path], None] | None = change

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        if self._change and not data:
            self._change(self._path)
            self._change = None
        return data


def _append(path: Path) -> None:
    with path.open("a") as file:
        file.write("2\n")


def _replace(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_text(path.read_text())
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [_append, _replace, lambda path: path.write_text("id\n9\n")])
def test_file_that_changes_while_it_is_read_is_refused(
    contract: MakeContract, folder: Path, change: Callable[[Path], None]
) -> None:
    # Protects against half of a file that is still being written: it would count as the whole.
    path = folder / "t.csv"
    path.write_text("id\n1\n")
    file = SourceFile("t.csv", str(path), 5, lambda: cast("BinaryIO", _Growing(path, change)), path)
    (stream,) = contracts.load(contract({"t": {"id": "integer"}})).streams
    read = FileRead(file, stream, lambda _: True, None, refuse(str(path)))
    with pytest.raises(WaybillError, match=r"t\.csv has changed while it was read"):
        list(read.parts())
