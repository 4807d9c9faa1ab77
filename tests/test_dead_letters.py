"""A million rows of a file, a hundred of them bad: tap, target, mending and replay together."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import contract_documents
import pytest
import yaml

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

BIN = Path(sys.executable).parent
BAD = 100
CONTRACT = yaml.safe_dump(
    contract_documents.contract(
        "shop",
        [
            contract_documents.stream(
                "items",
                {"id": "integer#", "name": "text!", "day": "date", "price": "numeric(10,2)+"},
                files="items*.csv",
            )
        ],
    )
)
KINDS = (
    (b"%d,name %d,2026-01-02,many", "price", "'many' is not a decimal number"),
    (b"%d,name %d,2026-02-30,1.25", "day", "'2026-02-30' is not a day"),
    (b"9999999999%d,name %d,2026-01-02,1.25", "id", "is not a whole number from"),
    (b"%d,\x00name %d,2026-01-02,1.25", "name", ""),
    (b"%d,\xffname %d,2026-01-02,1.25", "name", "UTF-8"),
    (b"%d,name %d,2026-01-02", None, "3 fields where the header has 4"),
)
"""A bad row, the column at fault, and what is said of it."""


@pytest.fixture
def folder(
    warehouse: ScratchDatabase,  # noqa: ARG001 - it is made by this project's own bootstrap
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A project of one source."""
    contracts = tmp_path / "extract" / "contracts"
    contracts.mkdir(parents=True)
    (contracts / "shop.yml").write_text(CONTRACT)
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
    return tmp_path


def write(path: Path, rows: int) -> None:
    """A file whose bad rows are spread evenly, the first row among them."""
    each = rows // BAD
    with path.open("wb") as file:
        file.write(b"id,name,day,price\n")
        for start in range(0, rows, each):
            kind = KINDS[start // each % len(KINDS)][0]
            file.write(kind % (start, start) + b"\n")
            good = range(start + 1, start + each)
            file.write(b"".join(b"%d,name %d,2026-01-02,1.25\n" % (n, n) for n in good))


def load(folder: Path, mode: str) -> None:
    """Run tap and target as Meltano does."""
    configs = {
        "tap-csv": {
            "path": str(folder / "items.csv"),
            "contract": str(folder / "extract/contracts/shop.yml"),
            "mode": mode,
        },
        "target-postgres": {"default_target_schema": "raw_shop"},
    }
    for name, config in configs.items():
        (folder / f"{name}.json").write_text(json.dumps(config))
    tap, target = ([BIN / name, "--config", folder / f"{name}.json"] for name in configs)
    with subprocess.Popen(tap, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as sending:
        landed = subprocess.run(target, stdin=sending.stdout, capture_output=True, check=False)
        _, said = sending.communicate()
    assert (sending.returncode, landed.returncode) == (0, 0), (said + landed.stderr).decode()[
        -4000:
    ]


def waybill(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "waybill", *arguments], capture_output=True, text=True, check=False, env=os.environ
    )


@pytest.mark.parametrize(("mode", "rows"), [("batch", 1_000_000), ("record", 100_000)])
def test_a_hundred_bad_rows_of_a_million(
    folder: Path, warehouse: ScratchDatabase, mode: str, rows: int
) -> None:
    # All good rows land, each bad one has a letter that says where and why, and once mended all are there.
    write(folder / "items.csv", rows)
    load(folder, mode)
    held = "select count(*), count(distinct id), sum(price)::text from raw_shop.items"
    assert warehouse.rows(held) == [(rows - BAD, rows - BAD, f"{rows * 5 // 4 - 125}.00")]
    letters = warehouse.rows(
        "select dead_letter_id, source_file, source_line, column_name, reason, raw is not null"
        " from waybill.dead_letter order by source_line"
    )
    assert [row[2] for row in letters] == [2 + start for start in range(0, rows, rows // BAD)]
    for index, (_, file, _, column, reason, has_raw) in enumerate(letters):
        _, expected, words = KINDS[index % len(KINDS)]
        assert (file, column, has_raw) == ("items.csv", expected, True), reason
        assert words in reason

    exported, mended = folder / "letters.csv", folder / "mended.csv"
    assert waybill("dead-letters", "--export", str(exported)).returncode == 0
    starts = {str(row[0]): row[2] - 2 for row in letters}
    with exported.open(newline="") as source, mended.open("w", newline="") as file:
        reader = csv.DictReader(source)
        writer = csv.DictWriter(file, reader.fieldnames or [])
        writer.writeheader()
        for row in reader:
            n = starts[row["dead_letter_id"]]
            values = {"id": n, "name": f"name {n}", "day": "2026-01-02", "price": "1.25"}
            writer.writerow(row | values)
    for _ in range(2):
        replayed = waybill("replay", str(mended))
        assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert warehouse.rows(held) == [(rows, rows, f"{rows * 5 // 4}.00")]
    assert warehouse.rows(
        "select sum(rows_inserted) - sum(rows_deleted), sum(rows_dead) from waybill.load"
    ) == [(rows, BAD)]
    assert "No open dead letters" in waybill("dead-letters").stdout
