"""The look: it admits less than the checked path, and finds its way back behind a bad row."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_csv import look
from tap_csv.files import FileRead
from waybill_common import column_types, contracts
from waybill_common.errors import WaybillError
from waybill_common.files.batches import Run
from waybill_common.files.totals import _sum_by_places, exact_sum, sum_of_fields
from waybill_common.source_files import SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from waybill_common.files.breaches import Breach

property_test = settings(max_examples=200)

TYPES = {
    "smallint": st.integers(-(2**16), 2**16).map(str),
    "integer": st.integers(-(2**32), 2**32).map(str),
    "bigint": st.integers(-(2**64), 2**64).map(str),
    "numeric": st.decimals(allow_nan=False).map(str),
    "numeric(6,2)": st.decimals("-99999", "99999", places=3).map(lambda each: str(each)[:-1]),
    "real": st.floats(width=32).map(str),
    "double precision": st.floats().map(str),
    "boolean": st.sampled_from(["true", "FALSE", "t", "1", "yes", "tr"]),
    "date": st.dates().map(str),
    "timestamp": st.datetimes().map(str),
    "timestamptz": st.datetimes(timezones=st.timezones()).map(str),
    "uuid": st.uuids().map(str),
}
NEAR = st.text("0123456789+-.eE:TZ _\nfx", max_size=24)


@pytest.mark.parametrize("sql_type", TYPES)
@property_test
@given(data=st.data())
def test_what_the_look_admits_the_checked_path_admits(sql_type: str, data: Any) -> None:
    # Protects COPY from a text that the checked path would refuse, and the other way round, as what
    # the checked path admits is what PostgreSQL casts.
    text = data.draw(TYPES[sql_type] | NEAR)
    held = look._text(sql_type)
    assert held
    assert held.pattern
    if re.fullmatch(held.pattern, text.encode()):
        assert column_types.of_sql_type(sql_type).admits(text)


def test_each_day_that_is_admitted_exists() -> None:
    # Protects against the 30th of February; only leap days that end a century are left out.
    day = re.compile(look._DAY)
    left_out = []
    for year in (*range(1000, 1010), *range(1896, 2105)):
        for month in range(14):
            for number in range(34):
                text = f"{year}-{month:02}-{number:02}"
                try:
                    dt.date.fromisoformat(text)
                except ValueError:
                    assert not day.fullmatch(text.encode()), text
                else:
                    left_out += [text] if not day.fullmatch(text.encode()) else []
    assert left_out == ["2000-02-29"]


@property_test
@given(
    st.lists(
        st.decimals("-1000000", "1000000", places=2).map(str)
        | st.decimals(allow_nan=False, allow_infinity=False).map(lambda each: f"{each:f}")
        | st.sampled_from(["", '""', '"1.50"', "5.", ".5", "+7", "-0", "0.10"])
        | st.integers().map(str),
        max_size=30,
    )
)
def test_quick_sum_is_the_exact_one(texts: list[str]) -> None:
    # Protects each cent, and the number of decimals, of control totals that are added as floats.
    bare = [text.strip('"') for text in texts]
    expected = exact_sum(text for text in bare if text)
    found = sum_of_fields([text.encode() for text in texts])
    assert (found, str(abs(found))) == (expected, str(abs(expected)))


@property_test
@given(
    st.integers(0, 4).flatmap(
        lambda places: st.lists(
            st.integers(0, 10**9).map(lambda units: f"{Decimal(units).scaleb(-places):f}")
            | st.just(""),
            max_size=40,
        )
    )
)
def test_sum_by_places_is_the_exact_one(texts: list[str]) -> None:
    # Protects each cent of the usual column, where every value has as many decimals.
    expected = exact_sum(text for text in texts if text)
    found = _sum_by_places([text.encode() for text in texts])
    assert found is not None
    assert (found, str(found)) == (expected, str(expected))


@pytest.mark.parametrize(
    "texts",
    [["1.5", "1.25"], ["1", "1.0"], ["-1.0"], ["+1"], ["9" * 21], ["1e2"], ["1.0", '"1.0"']],
)
def test_values_that_do_not_stand_under_each_other_are_added_in_another_way(
    texts: list[str],
) -> None:
    # Protects against adding tenths to hundredths, or a sign as if it were a digit.
    assert _sum_by_places([text.encode() for text in texts]) is None


def test_the_look_and_the_checked_path_find_the_same_rows_and_totals(
    contract: Callable[..., Path],
) -> None:
    # Protects the totals where delimiters, quotes and line ends stand inside the text between them.
    columns = {"a": "numeric+", "t": "text", "b": "numeric+"}
    (stream,) = contracts.load(contract({"t": columns})).streams
    texts = st.text('ab,"\n\r', max_size=4)
    amounts = st.decimals(0, 10**6, places=2).map(str) | st.just("")
    signed = st.decimals(-99, 99, places=1).map(str)
    quotings = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])

    @property_test
    @given(st.lists(st.tuples(amounts, texts, signed), max_size=12), quotings)
    def check(rows: list[tuple[str, str, str]], quoting: Any) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n", quoting=quoting).writerows([("a", "t", "b"), *rows])
        content = text.getvalue().encode()
        entries = []
        for is_looked_at in (True, False):
            breaches: list[Breach] = []
            file = SourceFile("t.csv", "t.csv", len(content), lambda: io.BytesIO(content))
            read = FileRead(file, stream, lambda _: True, None, breaches.append)
            list(read.parts(is_looked_at=is_looked_at))
            entries.append((read.entry, [breach.line for breach in breaches]))
        assert entries[0] == entries[1]

    check()


def test_rows_around_bad_ones_stay_on_the_quick_path(
    contract: Callable[..., Path], folder: Path
) -> None:
    # Protects the speed of a file with some bad rows: few of the good ones are parsed here.
    path = folder / "t.csv"
    bad = set(range(1, 50_000, 500))
    lines = [f"{n},x,{n}.25\n" if n not in bad else f"{n},x\n" for n in range(50_000)]
    path.write_text("id,name,price\n" + "".join(lines))
    columns = {"id": "integer#", "name": "text!", "price": "numeric+"}
    (stream,) = contracts.load(contract({"t": columns})).streams
    breaches: list[Breach] = []
    file = SourceFile("t.csv", str(path), path.stat().st_size, lambda: path.open("rb"), path)
    read = FileRead(file, stream, lambda _: True, None, breaches.append)
    parts = list(read.parts())
    quick = sum(part.rows for part in parts if isinstance(part, Run))
    slow = sum(len(part[0]) for part in parts if not isinstance(part, Run))
    assert len(breaches) == len(bad)
    assert quick + slow == len(lines) - len(bad)
    assert slow <= 2 * len(bad)
    assert [breach.line for breach in breaches] == [n + 2 for n in sorted(bad)]
    total = sum(Decimal(f"{n}.25") for n in range(50_000) if n not in bad)
    assert read.entry["totals"] == {"price": str(total)}


def test_file_that_never_matches_is_read_in_large_pieces(
    contract: Callable[..., Path], folder: Path
) -> None:
    # Protects the speed of a file whose every row needs the checked path.
    path = folder / "t.csv"
    path.write_text("id\n" + '""\n' * 50_000)
    (stream,) = contracts.load(contract({"t": {"id": "integer"}})).streams
    file = SourceFile("t.csv", str(path), path.stat().st_size, lambda: path.open("rb"), path)
    read = FileRead(file, stream, lambda _: True, None, pytest.fail)
    parts = list(read.parts())
    assert sum(len(part[0]) for part in parts if not isinstance(part, Run)) == 50_000
    assert len(parts) < 50


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "bad", ["x", "", "x,y,z", 'x"y', 'x,"y', "\\.", "x\0,y", "x,\udcff", "x\r,y"]
)
def test_run_ends_before_what_only_looks_like_a_record(
    contract: Callable[..., Path], folder: Path, end: str, bad: str
) -> None:
    # Protects against a text that runs over a line's end, where two lines would make one record.
    path = folder / "t.csv"
    lines = ["a,b", "1,2", bad, "3,4", "5,6"]
    path.write_bytes("".join(line + end for line in lines).encode("utf-8", "surrogateescape"))
    (stream,) = contracts.load(contract({"t": {"a": "text!", "b": "text!"}})).streams
    file = SourceFile("t.csv", str(path), path.stat().st_size, lambda: path.open("rb"), path)
    breaches: list[Breach] = []
    read = FileRead(file, stream, lambda _: True, None, breaches.append)
    runs: list[Run] = []
    with contextlib.suppress(WaybillError):  # an open quote
        runs.extend(part for part in read.parts() if isinstance(part, Run))
    first, *others = [run.data.decode() for run in runs]
    assert first == f"1,2{end}"
    assert "".join(others) in {"", f"5,6{end}", f"3,4{end}5,6{end}"}
