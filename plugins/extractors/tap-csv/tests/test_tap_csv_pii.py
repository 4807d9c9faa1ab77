from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import pii
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]

SALT = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_PII_SALT", SALT)


def test_hashes_leave_the_tap_in_place_of_personal_data(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # What no target ever receives, none can leak; types are checked on the value and text lands.
    (folder / "t.csv").write_text(
        'id,name,born,note\n1,Zoë,1990-01-02,a\n2,,,"b\tc"\n3,"",1990-01-02,\n'
    )
    promised = contract(
        {"t": {"id": "integer#", "name": "text*", "born": "date*", "note": "text?"}}
    )
    output = run(folder, promised, mode)
    text = pii.Hasher(SALT).of_sql_type("text")
    assert [(row["name"], row["born"], row["note"]) for row in output.rows["t"]] == [
        (text("Zoë"), text("1990-01-02"), "a"),
        (None, None, "b\tc"),
        (text(""), text("1990-01-02"), None),
    ]
    properties = output.schema("t")["properties"]
    assert properties["born"] == {"type": ["string", "null"], "x-sql-datatype": "text"}
    assert "Zoë" not in json.dumps(output.messages, ensure_ascii=False)


def test_a_key_may_be_hashed_whatever_its_type(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # One person written in two ways is one row.
    (folder / "t.csv").write_text("id\n7\n007\n")
    output = run(folder, contract({"t": {"id": "integer#*"}}), mode)
    assert len({row["id"] for row in output.rows["t"]}) == 1
    assert output.schema("t")["properties"]["id"]["type"] == ["string"]


def test_another_salt_reads_every_file_anew(
    run: Run, contract: MakeContract, folder: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A table must not hold hashes of two salts; without hashed columns the salt does not matter.
    (folder / "t.csv").write_text("id,name\n1,a\n")
    (folder / "u.csv").write_text("id\n1\n")
    promised = contract({"t": {"id": "integer", "name": "text*"}, "u": {"id": "integer"}})
    state = run(folder, promised, mode).state
    assert not any(run(folder, promised, mode, state=state).rows.values())
    monkeypatch.setenv("WAYBILL_PII_SALT", SALT[::-1])
    output = run(folder, promised, mode, state=state)
    assert (len(output.rows["t"]), output.rows.get("u", [])) == (1, [])


def test_a_contract_that_begins_to_hash_reads_every_file_anew(
    run: Run, contract: MakeContract, folder: Path
) -> None:
    # What has landed in the clear is replaced.
    (folder / "t.csv").write_text("id,name\n1,a\n")
    state = run(folder, contract({"t": {"id": "integer", "name": "text?"}})).state
    output = run(folder, contract({"t": {"id": "integer", "name": "text*"}}), state=state)
    assert len(output.rows["t"][0]["name"]) == 64


def test_no_salt_is_asked_for_where_nothing_is_hashed(
    run: Run, contract: MakeContract, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A production project without personal data has nothing to set up.
    monkeypatch.delenv("WAYBILL_PII_SALT")
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "prod")
    (folder / "t.csv").write_text("id,name\n1,a\n")
    assert run(folder, contract({"t": {"id": "integer", "name": "text?"}})).rows["t"]
    with pytest.raises(WaybillError, match="WAYBILL_PII_SALT is not set"):
        run(folder, contract({"t": {"id": "integer", "name": "text*"}}))


@pytest.mark.parametrize("mark", ["*", "?"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,born\n1,CANARY\n", r"line 2, column born: its value, not shown .* is not a day"),
        ("id,born\nCANARY,1\n", r"line 2, column id: its value, not shown .* is not a whole"),
        ("CANARY,1990-01-02\n", r"no column id, born in the header \(the header has 2 other"),
        ("CANARY,CANARY\n", "column 2 of the header has the same name as column 1, which may be"),
    ],
)
def test_messages_show_no_personal_data(  # noqa: PLR0917 - fixtures are arguments
    run: Run,
    contract: MakeContract,
    folder: Path,
    mode: str,
    mark: str,
    content: str,
    message: str,
) -> None:
    # Logs are kept and sent around; a file without a header puts its first row into the message.
    (folder / "t.csv").write_text(content)
    columns = {"id": "integer", "born": f"date{mark}"}
    promised = contract({"t": columns}, deadLetterLimit={"rows": 0})
    with pytest.raises(WaybillError, match=message) as refused:
        run(folder, promised, mode)
    assert "CANARY" not in str(refused.value)
