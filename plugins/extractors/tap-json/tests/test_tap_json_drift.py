"""Members that the contract does not know, which may come up anywhere in a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_json import members
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]

COLUMNS = {"t": {"id": "integer#"}}


@pytest.fixture
def short_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalog is made from nothing of a file, so that each new member comes late."""
    monkeypatch.setattr(members, "SAMPLE_BYTES", 0)
    original = members.unknown

    def unknown(*args: Any, is_sample: bool) -> list[str]:
        return [] if is_sample else original(*args, is_sample=is_sample)

    monkeypatch.setattr(members, "unknown", unknown)


def names(output: Any) -> list[str]:
    return [each for each in output.schema("t")["properties"] if not each.startswith("_sdc_")]


def test_evolve_carries_them_as_text(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects new members of any kind: texts as they are, all else as its JSON.
    rows = [
        '{"id": 1}',
        '{"id": 2, "a": "x", "b": 1.50}',
        '{"id": 3, "a": {"c": [null, 2.0]}, "b": null}',
    ]
    (folder / "t.json").write_text("\n".join(rows))
    output = run(folder, contract(COLUMNS), mode)
    assert names(output) == ["id", "a", "b"]
    assert [(row["a"], row["b"]) for row in output.rows["t"]] == [
        (None, None),
        ("x", "1.50"),
        ('{"c": [null, 2.0]}', None),
    ]


@pytest.mark.usefixtures("short_sample")
def test_late_members_are_found_before_the_first_row_is_sent(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects a member that comes up behind what the catalog was made from, in whichever file.
    (folder / "t1.json").write_text('{"id": 1}')
    (folder / "t2.json").write_text('{"id": 2, "late": "x"}')
    first = run(folder, contract(COLUMNS), mode)
    assert names(first) == ["id", "late"]
    assert [row["late"] for row in first.rows["t"]] == [None, "x"]
    (folder / "t3.json").write_text('{"id": 3, "later": "y"}')
    second = run(folder, contract(COLUMNS), mode, first.state)
    assert [(str(row["id"]), row["later"]) for row in second.rows["t"]] == [("3", "y")], (
        "the other files' rows have not changed"
    )
    (folder / "t1.json").write_text('{"id": 4}')
    (folder / "t2.json").write_text('{"id": 2, "late": "z"}')
    third = run(folder, contract(COLUMNS), mode, second.state)
    assert [(str(row["id"]), row["late"]) for row in third.rows["t"]] == [
        ("4", None),
        ("2", "z"),
        ("4", None),
    ]


def test_a_member_that_is_deselected_does_not_land(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects `select` in Meltano: who leaves one column out did not ask for those nobody has seen.
    rows = [{"id": 1, "secret": "x"}, {"id": 2, "open": "y"}]
    (folder / "t.json").write_text("\n".join(map(json.dumps, rows)))
    catalog = {
        "streams": [
            {
                "tap_stream_id": "t",
                "stream": "t",
                "schema": run(folder, contract(COLUMNS)).schema("t"),
                "metadata": [
                    {"breadcrumb": [], "metadata": {"selected": True}},
                    {"breadcrumb": ["properties", "secret"], "metadata": {"selected": False}},
                ],
            }
        ]
    }
    output = run(folder, contract(COLUMNS), mode, catalog=catalog)
    assert all("secret" not in row for row in output.rows["t"])
    assert [row["open"] for row in output.rows["t"]] == [None, "y"]


def test_freeze_refuses_and_names_the_member(
    run: Run, contract: MakeContract, folder: Path
) -> None:
    # Protects who has frozen a contract from members that nobody looked at.
    (folder / "t.json").write_text('[{"id": 1}, {"id": 2, "new": 1}]')
    with pytest.raises(
        WaybillError, match="element 2: the contract does not know the member 'new'"
    ):
        run(folder, contract(COLUMNS, drift="freeze"))


def test_quarantine_leaves_them_out(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects the rows: they land without what the contract does not know.
    (folder / "t.json").write_text('{"id": 1, "new": 1, "": 2}')
    output = run(folder, contract(COLUMNS, drift="quarantine"))
    assert [set(row) for row in output.rows["t"]] == [
        {"id", "_sdc_source_file", "_sdc_extracted_at"}
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "has no name"),
        ("_sdc_source_file", "which the tap writes itself"),
        ("x" * 64, "longer than the 63 bytes"),
        ("\\u0000", "not UTF-8 text without NUL"),
    ],
)
def test_a_member_that_can_be_no_column_makes_its_row_a_dead_letter(
    run: Run, contract: MakeContract, folder: Path, name: str, reason: str
) -> None:
    # Protects the rest of the file from a hostile name, and its value from being lost.
    (folder / "t.json").write_text('{"id": 1}\n{"id": 2, "' + name + '": 1}')
    output = run(folder, contract(COLUMNS))
    assert [row["id"] for row in output.rows["t"]] == ["1"]
    assert reason in output.rows["dead_letter"][0]["reason"]


def test_an_object_whose_names_are_data_is_refused(
    run: Run, contract: MakeContract, folder: Path
) -> None:
    # Protects the warehouse from a table of a thousand columns.
    (folder / "t.json").write_text(json.dumps({str(name): 1 for name in range(501)}))
    with pytest.raises(WaybillError, match="more than 500 members that the contract does not know"):
        run(folder, contract(COLUMNS))
