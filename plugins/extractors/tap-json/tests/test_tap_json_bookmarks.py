"""Each file's rows once: unchanged files are skipped, new ones and changed ones are sent."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_json.tap import TapJson
from waybill_common import contracts, json_text
from waybill_common.files import tape
from waybill_common.files.json_items import Items
from waybill_common.files.tape import Tape
from waybill_common.source_files import of_path

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]

COLUMNS = {"t": {"id": "integer#", "n": "integer+"}}
FIXTURE = Path(__file__).parent / "fixture"

TestStandard = get_tap_test_class(
    tap_class=TapJson,
    config={"path": str(FIXTURE), "contract": str(FIXTURE / "shop.yml"), "mode": "record"},
    suite_config=SuiteConfig(),
)


def ids(output: Any) -> list[int]:
    return [int(row["id"]) for row in output.rows.get("t", [])]


def test_only_new_and_changed_files_are_sent(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects increments by content: the same promise as tap-csv's, by the same code.
    promised = contract(COLUMNS)
    (folder / "t1.json").write_text('[{"id": 1, "n": 5}]')
    (folder / "t2.jsonl").write_text('{"id": 2, "n": 6}')
    first = run(folder, promised, mode)
    assert ids(first) == [1, 2]
    (folder / "t3.json").write_text('[{"id": 3}]')
    second = run(folder, promised, mode, first.state)
    assert ids(second) == [3]
    (folder / "t2.jsonl").write_text('{"id": 2, "n": 7}')
    third = run(folder, promised, mode, second.state)
    assert ids(third) == [2, 1], "a row that the changed file gave up may stand in an earlier one"
    assert third.bookmark("t")["source"] | {"as_of": ""} == {
        "rows": 3,
        "totals": {"n": "12"},
        "as_of": "",
    }
    assert ids(run(folder, promised, mode, third.state)) == []


def test_another_member_is_another_reading(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects a mended contract: a file that has not changed is read anew.
    (folder / "t.json").write_text('{"a": [{"id": 1}], "b": [{"id": 2}]}')
    first = run(folder, contract(COLUMNS, member="a"))
    assert ids(run(folder, contract(COLUMNS, member="b"), "batch", first.state)) == [2]


def test_a_contract_without_files_is_read_by_the_setting(
    run: Run, contract: MakeContract, folder: Path
) -> None:
    # Protects a database's contract read from exports: `payment*.json` would mean payment_type's too.
    path = contract({"pay": {"id": "integer"}, "pay_type": {"id": "integer"}}, files=None)
    (folder / "pay.json").write_text('[{"id": 1}]')
    (folder / "pay-2024.jsonl").write_text('{"id": 2}')
    (folder / "pay_type.json").write_text('[{"id": 3}]')
    output = run(folder, path)
    found = {name: sorted(row["id"] for row in output.rows[name]) for name in ("pay", "pay_type")}
    assert found == {"pay": ["1", "2"], "pay_type": ["3"]}


def test_the_command_ends_in_one_line_and_code_1(
    contract: MakeContract, folder: Path, home: Path
) -> None:
    # Protects what a person sees of a broken file, through the installed command.
    (folder / "t.json").write_text('[{"id": 1}')
    config = home.parent / "config.json"
    config.write_text(json.dumps({"path": str(folder), "contract": str(contract(COLUMNS))}))
    command = [Path(sys.executable).with_name("tap-json"), "--config", config]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"error: {folder}/t.json, line 1: not JSON as")


@settings(max_examples=60)
@given(
    rows=st.lists(
        st.dictionaries(
            st.text(max_size=4),
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False)
            | st.text(max_size=30)
            | st.lists(st.text(max_size=3)),
            max_size=4,
        ),
        max_size=9,
    ),
    block=st.integers(1, 40),
    form=st.sampled_from(["array", "member", "lines"]),
    is_ascii=st.booleans(),
)
def test_where_blocks_end_changes_nothing(
    contract: MakeContract,
    folder: Path,
    *,
    rows: list[dict[str, Any]],
    block: int,
    form: str,
    is_ascii: bool,
) -> None:
    # Protects elements, numbers, escapes and characters that two reads share.
    text = json.dumps(rows, ensure_ascii=is_ascii)
    custom = {}
    if form == "member":
        text, custom = f'{{"skipped": {text}, "t": {text}}}', {"member": "t"}
    elif form == "lines":
        text = "\n".join(json.dumps(row, ensure_ascii=is_ascii) for row in rows)
    path = folder / "t.json"
    path.write_text(text, encoding="utf-8", newline="")
    stream = contracts.load(contract(COLUMNS, **custom)).streams[0]
    (file,) = of_path(path, "path").files
    with pytest.MonkeyPatch.context() as patch, file.open() as content:
        patch.setattr(tape, "BLOCK_BYTES", block)
        items = Items(file, stream, Tape(content))
        found = [item.value for chunk in items.chunks() for item in chunk]
    assert found == [json_text.parse(json.dumps(row))[0] for row in rows]


@pytest.mark.parametrize("form", ["[{}]", '{{"t": [{}]}}', "lines"])
def test_memory_is_flat_in_the_size_of_the_file(
    contract: MakeContract, folder: Path, form: str
) -> None:
    # Protects a machine from a file larger than its memory, whatever the format.
    row = json.dumps({"id": 1, "n": 2, "note": "x" * 100})
    separator = "\n" if form == "lines" else ","
    custom = {"member": "t"} if "t" in form else {}
    stream = contracts.load(contract(COLUMNS, **custom)).streams[0]
    peaks = []
    for rows in (10_000, 30_000):
        text = separator.join([row] * rows)
        path = folder / f"t{rows}.json"
        path.write_text(text if form == "lines" else form.format(text))
        del text
        (file,) = of_path(path, "path").files
        tracemalloc.start()
        with file.open() as content:
            count = sum(len(chunk) for chunk in Items(file, stream, Tape(content)).chunks())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count == rows
    assert peaks[1] < 1.2 * peaks[0]
