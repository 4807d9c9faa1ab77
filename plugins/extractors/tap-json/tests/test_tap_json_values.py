"""What becomes of each kind of value, and of rows that break the contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]

KEPT = [
    ("numeric", "123456789012345678901234567890.123456789012345678", None),
    ("numeric", "0.10000000000000000000000000000000001", None),
    ("numeric", "1e-7", None),
    ("numeric", "-0", None),
    ("numeric", '"12.50"', "12.50"),
    ("numeric", "9" * 5_000, None),
    ("bigint", "9223372036854775807", None),
    ("text", "1.10", None),
    ("text", "true", None),
    ("text", '"1.10"', "1.10"),
    ("text", '"\\ud83d\\udc18"', "🐘"),
    ("boolean", "true", None),
    ("date", '"2024-02-29"', "2024-02-29"),
    ("timestamp", '"2024-02-29T01:02:03.000004"', "2024-02-29T01:02:03.000004"),
    ("jsonb", '{"b": [1.10, 1E5, null, true, "\\u00e9\\n"], "a": {}}', '{"b": [1.10, 1E5, null, true, "é\\n"], "a": {}}'),
    ("jsonb", '"a text"', '"a text"'),
    ("jsonb", "123456789012345678901234567890.10", None),
    ("json", "[]", None),
]  # fmt: skip
REFUSED = [
    ("integer", "1.0", "'1.0' is not a whole number"),
    ("integer", "2147483648", "is not a whole number"),
    ("integer", '""', "'' is not a whole number"),
    ("integer", "true", "'true' is not a whole number"),
    ("numeric(4,2)", "1.234", "is not a decimal number"),
    ("numeric", "NaN", "NaN is no JSON"),
    ("double precision", "Infinity", "Infinity is no JSON"),
    ("double precision", "-Infinity", "-Infinity is no JSON"),
    ("text", '"\\u0000"', "is not UTF-8 text without NUL"),
    ("text", '"\\ud83d"', "is not UTF-8 text without NUL"),
    ("text", "{}", "an object, and its column is not json"),
    ("integer", "[1]", "an array, and its column is not json"),
    ("text", '{"a": 1, "a": 2}', "an object, and its column is not json"),
    ("jsonb", '{"a": "\\u0000"}', "a text that is not UTF-8 text without NUL"),
    ("jsonb", '["\\udc18"]', "a text that is not UTF-8 text without NUL"),
    ("jsonb", '{"\\u0000": 1}', "a text that is not UTF-8 text without NUL"),
    ("jsonb", '{"a": {"b": 1, "b": 1}}', "an object with a member twice"),
    ("jsonb", "[NaN]", "NaN is no JSON"),
    ("jsonb", "[1e200000]", "a number beyond PostgreSQL's numeric"),
    ("boolean", '"yes"', "'yes' is not true"),
    ("integer!", "null", "empty, but the contract requires a value"),
]
NO_ROW = [
    ('{"v": 1, "v": 2}', "member 'v' twice"),
    ("[1, 2", "not JSON: Expecting ',' delimiter, character 6"),
    ('{"v": 1', "not JSON: Expecting ',' delimiter, character 8"),
    ('{"v": 1,}', "not JSON: "),
    ('{"v": 1} {"v": 2}', "not JSON: Extra data, character 10"),
    ("{'v': 1}", "not JSON: "),
    ('{"v": "\x01"}', "not JSON: Invalid control character, character 8"),
    ('{"v": "x}', "not JSON: Unterminated string, character 7"),
    ('{"v": ' + "[" * 100_000, "not JSON: nested too deeply"),
    ("1", "a number, not an object"),
    ('"v"', "a text, not an object"),
    ("null", "null, not an object"),
    ("true", "a truth value, not an object"),
]


@pytest.mark.parametrize(("sql_type", "written", "expected"), KEPT)
def test_a_value_lands_as_it_is_written(
    run: Run, contract: MakeContract, folder: Path, *, sql_type: str, written: str, expected: str
) -> None:
    # Protects every digit: nothing goes through a float.
    (folder / "t.json").write_text('{"v": ' + written + "}")
    output = run(folder, contract({"t": {"v": sql_type}}))
    assert "dead_letter" not in output.rows
    (row,) = output.rows["t"]
    assert row["v"] == (written if expected is None else expected)


@pytest.mark.parametrize("form", ["{}", "[{}]"])
@pytest.mark.parametrize(("sql_type", "written", "reason"), REFUSED)
def test_a_value_that_breaks_the_contract_is_a_dead_letter(
    run: Run,
    contract: MakeContract,
    folder: Path,
    *,
    form: str,
    sql_type: str,
    written: str,
    reason: str,
) -> None:
    # Protects the good rows from the bad one, which is kept with its text and what can be told apart.
    raw = '{"k": 7, "v": ' + written + "}"
    good = '{"k": 1, "v": ' + ("1" if sql_type == "integer!" else "null") + "}"
    separator = "," if form != "{}" else "\n"
    (folder / "t.json").write_text(form.format(good + separator + raw))
    output = run(folder, contract({"t": {"k": "integer#", "v": sql_type}}))
    assert [row["k"] for row in output.rows["t"]] == ["1"]
    (letter,) = output.rows["dead_letter"]
    assert reason in letter["reason"]
    assert (letter["source_file"], letter["source_line"]) == ("t.json", 2)
    assert (letter["column"], letter["key"], letter["raw"]) == ("v", {"k": "7"}, raw)
    assert output.bookmark("t")["read"]["rows"] == 2


@pytest.mark.parametrize(("text", "reason"), NO_ROW)
def test_a_line_that_is_no_row_is_a_dead_letter(
    run: Run, contract: MakeContract, folder: Path, text: str, reason: str
) -> None:
    # Protects the lines behind a broken one, which begin anew.
    (folder / "t.json").write_text(f'{{"v": 0}}\n{text}\n{{"v": 3}}\n')
    output = run(folder, contract({"t": {"v": "integer"}}))
    assert [row["v"] for row in output.rows["t"]] == ["0", "3"]
    (letter,) = output.rows["dead_letter"]
    assert letter["reason"].startswith(reason)
    assert (letter["source_line"], letter["column"], letter["raw"]) == (2, None, text)


def test_bytes_that_are_no_utf8(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects the rest of a file from one wrong byte.
    (folder / "t.json").write_bytes(b'{"v": "\xff"}\n{"v": "\xc3\xa9"}\n')
    output = run(folder, contract({"t": {"v": "text"}}))
    assert [row["v"] for row in output.rows["t"]] == ["é"]
    assert output.rows["dead_letter"][0]["raw"] == '{"v": "\\udcff"}'


def test_no_letter_shows_personal_data(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects the person whose row is broken: hashes land, and hashes stand in the letter.
    rows = [{"id": 1, "mail": "a@b.c", "n": 1}, {"id": 2, "mail": "secret@b.c", "n": "x"}]
    broken = '{"id": 3, "mail": "secret@b.c", '
    (folder / "t.json").write_text("\n".join([*map(json.dumps, rows), broken, '["secret"]']))
    output = run(folder, contract({"t": {"id": "integer#", "mail": "text*", "n": "integer"}}))
    assert len(output.rows["t"][0]["mail"]) == 64
    letters = output.rows["dead_letter"]
    assert [letter["source_line"] for letter in sorted(letters, key=lambda one: one["source_line"])] == [2, 3, 4]  # fmt: skip
    assert "secret" not in json.dumps(output.messages)


def test_the_first_bad_row_is_an_error_where_none_may_be(
    run: Run, contract: MakeContract, folder: Path
) -> None:
    # Protects a contract that asks for all or nothing; the message says what it counts.
    promised = contract({"t": {"v": "integer"}}, deadLetterLimit={"rows": 0})
    (folder / "t.json").write_text('[{"v": 1}, {"v": "x"}]')
    with pytest.raises(WaybillError, match=r"t.json, element 2, column v: 'x' is not a whole"):
        run(folder, promised)
    (folder / "t.json").write_text('{"v": 1}\n\n{"v": "x"}')
    with pytest.raises(WaybillError, match=r"t.json, line 3, column v: 'x' is not a whole"):
        run(folder, promised)


def test_names_in_the_file_may_be_others(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects `physicalName`, by which a column has another name in the warehouse.
    path = contract({"t": {"order_id": "integer"}})
    path.write_text(path.read_text().replace("name: order_id", "name: order_id\n    physicalName: orderId"))  # fmt: skip
    (folder / "t.json").write_text('{"orderId": 1}\n{"orderId": 2, "order_id": 3}')
    output = run(folder, path)
    assert [row["order_id"] for row in output.rows["t"]] == ["1"]
    assert "has the name of a column" in output.rows["dead_letter"][0]["reason"]
