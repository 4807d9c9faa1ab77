"""What any tap may send, and what is in the lake afterwards."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from waybill_common import batch_files
from waybill_common.errors import DataQualityError, WaybillError

TYPES = {"id": "integer", "price": "total:numeric(8,2)", "name": "text"}


def _batch(path: Path, text: str, **encoding: Any) -> dict[str, Any]:
    path.write_text(text)
    encoding = {"format": "copy", "columns": list(TYPES), "rows": text.count("\n")} | encoding
    return {"type": "BATCH", "stream": "item", "encoding": encoding, "manifest": [path.as_uri()]}


def test_records_and_batches_land_in_order_and_the_manifest_answers_for_them(
    lake: Any, tmp_path: Path
) -> None:
    # Protects order (of rows with one key the later wins), exact types, figures and the layout.
    states = lake.land(
        lake.schema("item", TYPES, "id"),
        lake.record("item", id=1, price=1.5, name="a\tb"),
        _batch(
            tmp_path / "a.copy",
            "1\t2.00\t\\N\n2\t-0.25\t\n",
            extracted_at="2026-01-02T23:00:00-05:00",
        ),
        lake.record("item", id=3, price=None, name=None),
        lake.state(
            item={
                "read": {"rows": 4, "totals": {"price": "3.25"}},
                "source": {"rows": 4},
                "at": 1.5,
            }
        ),
    )
    (manifest,) = lake.manifests
    (entry,) = manifest["entries"]
    assert [(row["id"], row["price"], row["name"]) for row in lake.rows(entry)] == [
        (1, Decimal("1.50"), "a\tb"),
        (1, Decimal("2.00"), None),
        (2, Decimal("-0.25"), ""),
        (3, None, None),
    ]
    assert [(part["rows"], part["totals"]["price"]) for part in entry["parts"]] == [
        (1, "1.50"),
        (2, "1.75"),
        (1, "0"),
    ]
    names = [part["object"] for part in entry["parts"]]
    assert all(
        re.fullmatch(
            r"shop/item/extract_date=\d{4}-\d\d-\d\d/run=[0-9TZ]+-\w{12}/part-0000\d\.parquet", name
        )
        for name in names
    )
    assert "/extract_date=2026-01-03/" in names[1]
    assert states == [{"bookmarks": manifest["bookmarks"]}]
    assert (manifest["source"], entry["key_properties"]) == ("shop", ["id"])


def test_a_csv_range_and_its_file_stay_as_they_are(lake: Any, tmp_path: Path) -> None:
    # Protects the user's own file: only its range is read, and it is not removed.
    path = tmp_path / "items.csv"
    batch = _batch(path, 'id,price,name\n1,2.50,""\n2,,\n9,9,9\n', format="csv", rows=2)
    batch["encoding"] |= {"offset": 14, "length": 14, "delimiter": ",", "source_partition": "items.csv",
                          "file_identity": batch_files.identity(path.stat())}  # fmt: skip
    schema = lake.schema("item", TYPES, **{"x-source-partition": "_sdc_source_file"})
    lake.land(schema, batch, lake.state(item={"read": {"rows": 2, "totals": {"price": "2.5"}}}))
    (entry,) = lake.manifests[0]["entries"]
    assert [tuple(row.values()) for row in lake.rows(entry)] == [
        (1, Decimal("2.50"), ""),
        (2, None, None),
    ]
    assert entry["parts"][0]["source_partition"] == "items.csv"
    path.write_text("id,price,name\n1,2.51,x\n2,,\n9,9,9\n")
    with pytest.raises(WaybillError, match=r"Stream item: .*items.csv has changed since"):
        lake.land(schema, batch, lake.state(item={}))
    assert len(lake.manifests) == 1


def test_a_run_without_news_writes_nothing(lake: Any, tmp_path: Path) -> None:
    # Protects the lake from a manifest for each idle run; what is new, keys too, is never left out.
    def keys(*ids: int) -> dict[str, Any]:
        text = "".join(f"{each}\n" for each in ids)
        return _batch(tmp_path / "keys", text, kind="keys", columns=["id"])

    def run(*messages: Any, rows: int) -> int:
        state = lake.state(item={"source": {"rows": rows, "as_of": str(len(lake.manifests))}})
        assert lake.land(lake.schema("item", TYPES, "id"), *messages, state) == [state["value"]]
        return len(lake.manifests)

    assert run(rows=0) == 1  # a table without rows is news once
    assert run(rows=0) == 1
    assert run(lake.record("item", id=1), lake.record("item", id=2), rows=2) == 2
    assert run(keys(1, 2), rows=2) == 3
    assert run(keys(2, 1), rows=2) == 3
    assert run(keys(2), rows=1) == 4
    assert run(keys(1, 2), rows=2) == 5
    assert run(rows=3) == 6  # what the receipt will miss must be told
    assert lake.land() == []
    (entry,) = lake.manifests[2]["entries"]
    assert entry["parts"][0]["kind"] == "keys"


def test_what_differs_from_what_the_tap_says_is_not_landed(lake: Any) -> None:
    # Protects the receipt: rows and totals are compared before anything is committed.
    rows = (lake.schema("item", TYPES, "id"), lake.record("item", id=1, price=2))
    for read, said in (
        ({"rows": 2}, "rows received: 1; the tap says it sent 2"),
        ({"rows": 1, "totals": {"price": "2.01"}}, "total of price received: 2"),
    ):
        with pytest.raises(WaybillError, match=f"Stream item: {said}"):
            lake.land(*rows, lake.state(item={"read": read}))
    assert lake.manifests == []


def test_rows_that_cannot_land_are_letters_up_to_the_limit(lake: Any) -> None:
    # Protects bad rows from loss, and the lake from a load that is mostly bad.
    required = {"required": ["price"], "x-dead-letter-limit": {"rows": 1, "share": None}}
    schema = lake.schema("item", TYPES, "id", **required)
    letter = {"stream": "item", "reason": "bad", "source_line": 7, "payload": {"id": "5"}}
    told = (
        lake.schema("dead_letter", {}, **{"x-dead-letters": True}),
        lake.record("dead_letter", **letter),
    )
    lake.land(schema, *told, lake.state(item={"read": {"rows": 1}}))
    entries = {entry["stream"]: entry for entry in lake.manifests[0]["entries"]}
    (row,) = lake.rows(entries["dead_letter"])
    assert (row["stream"], row["source_line"], json.loads(row["payload"])) == (
        "item",
        7,
        {"id": "5"},
    )
    lake.land(schema, lake.record("item", id=1), lake.state())
    lake.land(schema, lake.record("item", id=1, price=1, name="\ud800"), lake.state())
    reasons = [lake.rows(manifest["entries"][-1])[0]["reason"] for manifest in lake.manifests[1:]]
    assert reasons == [
        "the record lacks it, which its schema requires",
        "half of a surrogate pair, which UTF-8 cannot hold",
    ]
    with pytest.raises(
        DataQualityError, match="Stream item: 2 of 2 rows cannot land; at most 1 may be"
    ):
        lake.land(schema, *told, told[-1], lake.state())
    off = lake.schema("item", TYPES, "id", **{"x-dead-letter-limit": {"rows": 0}})
    with pytest.raises(DataQualityError, match="Stream item: bad, line 7"):
        lake.land(off, *told)
    assert len(lake.manifests) == 3


def test_versions_wait_for_the_end_and_replace_the_table(lake: Any) -> None:
    # Protects a table from a part of it: taps of others replace tables by ACTIVATE_VERSION.
    types = {"id": "integer"}
    activate = {"type": "ACTIVATE_VERSION", "stream": "a", "version": 7}
    schema = lake.schema("a", types, "id")
    state = lake.state(a={"version": 7})
    states = lake.land(
        schema, lake.record("a", 7, id=1), state, lake.record("a", 7, id=2), activate, state
    )
    assert states == [state["value"]]
    (manifest,) = lake.manifests
    assert manifest["entries"][0]["schema"]["x-whole-table"] is True
    lake.land(schema, lake.record("a", 7, id=3), activate, state)
    assert "x-whole-table" not in lake.manifests[1]["entries"][0]["schema"]
    with pytest.raises(
        WaybillError, match="Stream a: the input ended before the STATE that closes it"
    ):
        lake.land(
            schema, lake.record("a", 8, id=1), activate | {"version": 8}, lake.record("a", 8, id=2)
        )
    assert len(lake.manifests) == 2


def test_an_input_that_is_cut_off_is_not_landed(lake: Any) -> None:
    # Protects from half of a table whose rows need the STATE behind them.
    for mark in ("x-whole-table", "x-ends-with-state"):
        schema = lake.schema("item", TYPES, "id", **{mark: True})
        with pytest.raises(WaybillError, match="Stream item: the input ended before the STATE"):
            lake.land(schema, lake.record("item", id=1))
    assert lake.manifests == []
    lake.land(lake.schema("item", TYPES, "id"), lake.record("item", id=1))
    assert len(lake.manifests) == 1


def test_a_source_of_the_lakes_own_name_is_refused(lake: Any) -> None:
    # Protects the marts' folder from a source of the same name.
    with pytest.raises(WaybillError, match="'processed' is the lake's folder of the marts"):
        lake.land(source="processed")


def test_two_targets_at_once_land_all_that_they_were_sent(lake: Any, tmp_path: Path) -> None:
    # Protects writers from each other: neither waits, fails or loses a row, and no number is twice.
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"landing_uri": lake.uri, "source": "shop"}))
    command = [Path(sys.executable).with_name("target-landing"), "--config", config]
    sent = []
    for writer in range(2):
        messages = [lake.schema("item", {"id": "integer"}, "id")]
        for number in range(30):
            messages += [
                lake.record("item", id=2 * number + writer),
                lake.state(item={"at": number}),
            ]
        sent.append("".join(json.dumps(each) + "\n" for each in messages))
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in sent
    ]
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda each, text: each.communicate(text)[0], processes, sent))
    assert [process.returncode for process in processes] == [0, 0]
    assert [len(text.splitlines()) for text in said] == [30, 30]
    manifests = lake.manifests
    assert len(manifests) == 60
    landed = [row["id"] for each in manifests for row in lake.rows(each["entries"][0])]
    assert sorted(landed) == list(range(60))
    assert [each["previous"]["item"] for each in manifests] == list(range(60))
