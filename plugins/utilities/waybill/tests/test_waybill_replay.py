"""Dead letters: listed, exported, mended, replayed, and closed by a reload."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import contract_documents
import pytest
import yaml

from target_postgres.target import TargetPostgres
from waybill.cli import main
from waybill.letters import mended
from waybill_common import dead_letters, pii
from waybill_common.dead_letters import DeadLetter
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase


def _contract(name: str = "text!") -> str:
    columns = {"id": "integer#", "name": name, "email": "text*", "price": "numeric(8,2)+"}
    orders = contract_documents.stream("orders", columns, files="orders*.csv")
    return yaml.safe_dump(contract_documents.contract("shop", [orders]))


TYPES = {"id": "integer", "name": "text", "email": "text", "price": "numeric(8,2)"}
HASHED = "a" * 64
GOOD = [
    {"id": 1, "name": "a", "email": HASHED, "price": "1.50"},
    {"id": 2, "name": "b", "email": None, "price": "2.50"},
]
BAD = [
    DeadLetter(
        *("orders", "'x' is not a whole number", "orders.csv", 4),
        column="id",
        payload={"id": "x", "name": 'c "c", d', "email": HASHED, "price": "4"},
    ),
    DeadLetter("orders", "2 fields where the header has 4", "orders.csv", 5, raw="9,z"),
    DeadLetter(
        *("orders", "empty, but the contract requires a value", "orders.csv", 6),
        column="name",
        key={"id": "5"},
        payload={"id": "5", "name": None, "email": None, "price": "8"},
    ),
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / "extract" / "contracts").mkdir(parents=True)
    (root / "extract" / "contracts" / "shop.yml").write_text(_contract())
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(root))
    monkeypatch.setenv(pii.SALT, "0" * 32)
    return root


@pytest.fixture
def run(
    project: Path,  # noqa: ARG001 - the command reads its contracts
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str]]:
    """Runs `waybill …`; gives its exit code and what it printed."""

    def command(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["waybill", *map(str, arguments)])
        code = 0
        capsys.readouterr()
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return command


def load(rows: list[dict[str, Any]], letters: list[DeadLetter], **config: Any) -> None:
    """What tap-csv sends of a file of these rows."""
    properties: dict[str, Any] = {
        name: {"type": ["string", "null"], "x-sql-datatype": sql_type}
        for name, sql_type in (TYPES | {"_sdc_source_file": "text"}).items()
    }
    properties["price"]["x-control-total"] = True
    schema = {
        "type": "object",
        "properties": properties,
        "x-source-partition": "_sdc_source_file",
        dead_letters.LIMIT_MARK: {"share": 1},
    }
    messages: list[dict[str, Any]] = [
        {"type": "SCHEMA", "stream": "orders", "schema": schema, "key_properties": ["id"]},
        {"type": "SCHEMA", "stream": "dead_letter", "schema": dead_letters.SCHEMA}
        | {"key_properties": []},
    ]
    for row in rows:
        record = row | {"_sdc_source_file": "orders.csv"}
        messages.append({"type": "RECORD", "stream": "orders", "record": record})
    for letter in letters:
        record = letter.record()
        messages.append({"type": "RECORD", "stream": "dead_letter", "record": record})
    read = {"rows": len(rows) + len(letters)}
    messages.append({"type": "STATE", "value": {"bookmarks": {"orders": {"read": read}}}})
    target = TargetPostgres(config={"default_target_schema": "raw_shop"} | config)
    try:
        target.listen(io.StringIO("".join(json.dumps(each) + "\n" for each in messages)))
    finally:
        target.session.close()


def mend(path: Path, changes: dict[int, dict[str, str]]) -> None:
    """Edit an exported file as a person would."""
    rows = mended.read(path)
    names = list(next(iter(rows.values())))
    lines = [",".join(["dead_letter_id", *names])]
    for number, row in rows.items():
        values = {**row, **changes.get(number, {})}
        quoted = ['"' + (v or "").replace('"', '""') + '"' if v else "" for v in values.values()]
        lines.append(",".join([str(number), *quoted]))
    path.write_text("\n".join(lines) + "\n")


def table(warehouse: ScratchDatabase) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select id, name, email, price::text, _sdc_source_file from raw_shop.orders order by id"
    )


def test_letters_are_listed_by_stream_and_reason(warehouse: ScratchDatabase, run: Any) -> None:
    # A person sees how many of what kind there are, and where each row stands.
    assert run("dead-letters") == (0, "No open dead letters.\n")
    load(GOOD, BAD)
    code, printed = run("dead-letters", "--source", "shop", "--stream", "orders")

    assert code == 0
    for part in ("raw_shop.orders", "orders.csv:5", "requires a value", "3 open dead letters"):
        assert part in printed
    assert run("dead-letters", "--stream", "other")[1] == "No open dead letters.\n"
    assert "no contract of a source 'x'" in run("dead-letters", "--source", "x")[1]
    assert warehouse.rows("select count(*) from waybill.dead_letter") == [(3,)]


def test_mended_rows_land_once(warehouse: ScratchDatabase, run: Any, tmp_path: Path) -> None:
    # What is mended lands with its file's name and its letter is closed; a second time changes nothing.
    load(GOOD, BAD)
    path = tmp_path / "mended.csv"
    assert run("dead-letters", "--export", path) == (
        0,
        f"3 dead letters of raw_shop.orders written to {path}.\n",
    )
    assert run("dead-letters", "--export", path)[0] == 1
    mend(
        path,
        {1: {"id": "4"}, 2: {"id": "9", "name": "z", "email": "z@example.com"}, 3: {"name": "e"}},
    )
    code, printed = run("replay", path)

    assert (code, printed) == (0, "raw_shop.orders: 3 inserted\n")
    hash_ = pii.hasher().of_sql_type("text")
    landed = [
        (1, "a", HASHED, "1.50", "orders.csv"),
        (2, "b", None, "2.50", "orders.csv"),
        (4, 'c "c", d', HASHED, "4.00", "orders.csv"),
        (5, "e", None, "8.00", "orders.csv"),
        (9, "z", hash_("z@example.com"), None, "orders.csv"),
    ]
    assert table(warehouse) == landed
    ledger = (
        "select rows_received, rows_inserted, totals_landed_change ->> 'price', bookmark"
        " from waybill.load where batch_id like 'replay:%'"
    )
    assert warehouse.rows(ledger) == [(3, 3, "12.00", None)]
    letters = "select resolved_by, landed_totals ->> 'price' from waybill.dead_letter order by 1, 2"
    assert warehouse.rows(letters) == [("replay", "0"), ("replay", "4.00"), ("replay", "8.00")]

    assert run("replay", path) == (0, "raw_shop.orders: 3 resolved before\n")
    assert run("replay") == (0, "No open dead letters.\n")
    assert table(warehouse) == landed
    assert len(warehouse.rows(ledger)) == 1


def test_what_still_breaks_the_contract_stays_open(
    warehouse: ScratchDatabase, run: Any, tmp_path: Path
) -> None:
    # One bad row does not keep the mended ones back; it keeps its letter, with the new reason.
    load(GOOD, BAD)
    path = tmp_path / "mended.csv"
    run("dead-letters", "--export", path)
    mend(
        path,
        {1: {"id": "4", "price": "1.005"}, 2: {"id": "2147483648", "name": "z"}, 3: {"name": "e"}},
    )
    code, printed = run("replay", path)

    assert code == 1
    assert "raw_shop.orders: 1 inserted, 2 still dead" in printed
    assert [row[0] for row in table(warehouse)] == [1, 2, 5]
    still = warehouse.rows(
        "select column_name, reason from waybill.dead_letter where resolved_at is null order by 1"
    )
    assert [row[0] for row in still] == ["id", "price"]
    assert "its value is not a decimal number with at most 6 digits before and 2" in still[1][1]


def test_without_a_file_all_are_tried_as_they_are(
    warehouse: ScratchDatabase, run: Any, project: Path
) -> None:
    # After a contract was mended, the rows it had refused land without being typed again.
    load(GOOD, BAD)
    assert run("replay")[0] == 1
    contract = project / "extract" / "contracts" / "shop.yml"
    contract.write_text(_contract(name="text"))
    code, printed = run("replay")

    assert code == 1
    assert "raw_shop.orders: 1 inserted, 2 still dead" in printed
    assert "could not be told apart" in printed
    assert [row[:2] for row in table(warehouse)] == [(1, "a"), (2, "b"), (5, None)]


def test_replay_merges_by_key(warehouse: ScratchDatabase, run: Any, tmp_path: Path) -> None:
    # A mended row that the table has already changes nothing; another version of it replaces it.
    load(GOOD, BAD[:1] * 3)
    before = warehouse.rows("select ctid, _sdc_batched_at from raw_shop.orders where id = 1")
    path = tmp_path / "mended.csv"
    run("dead-letters", "--export", path)
    same = {"id": "1", "name": "a", "price": "1.5"}
    other = {"id": "2", "name": "b", "price": "10"}
    mend(path, {1: same, 2: other, 3: {"id": "4"}})

    assert run("replay", path) == (0, "raw_shop.orders: 1 inserted, 1 updated, 1 unchanged\n")
    assert (
        warehouse.rows("select ctid, _sdc_batched_at from raw_shop.orders where id = 1") == before
    )
    sums = (
        "select sum(rows_inserted) - sum(rows_deleted), sum((totals_landed_change ->> 'price')::numeric)"
        " from waybill.load"
    )
    assert warehouse.rows(sums) == warehouse.rows(
        "select count(*), sum(price) from raw_shop.orders"
    )


def test_a_reload_of_the_mended_file_takes_over(
    warehouse: ScratchDatabase, run: Any, tmp_path: Path
) -> None:
    # When the file itself is mended, its rows replace what a replay had landed, and no letter is left.
    load(GOOD, BAD)
    path = tmp_path / "mended.csv"
    run("dead-letters", "--export", path)
    mend(path, {1: {"id": "4"}, 2: {"id": "9", "name": "z"}})
    assert run("replay", path)[0] == 1
    load([*GOOD, {"id": 6, "name": "f", "email": None, "price": "6"}], [])

    assert [row[0] for row in table(warehouse)] == [1, 2, 6]
    assert warehouse.rows("select distinct resolved_by from waybill.dead_letter") == [("reload",)]


def test_a_hashed_value_is_never_shown(
    warehouse: ScratchDatabase, run: Any, tmp_path: Path
) -> None:
    # Neither a refusal nor the letter repeats what is mended of a personal column.
    load(GOOD, BAD[1:2])
    path = tmp_path / "mended.csv"
    run("dead-letters", "--export", path)
    letters = "select to_jsonb(letter)::text from waybill.dead_letter as letter"
    for shifted in ({"id": "canary"}, {"id": "1", "price": "canary"}):
        mend(path, {1: {"name": "z", "email": "canary@example.com"} | shifted})
        code, printed = run("replay", path)
        assert code == 1
        assert "canary" not in printed + str(warehouse.rows(letters))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("id,name\n1,2\n", "has no column dead_letter_id"),
        ("dead_letter_id,id\nx,1\n", "record 2: dead_letter_id is 'x'"),
        ("dead_letter_id,id\n1,1\n1,1\n", "stands there twice"),
        ("dead_letter_id,id\n1\n", "1 fields where the header has 2"),
        ("dead_letter_id,id\n77,1\n", "there is no dead letter 77"),
        (None, "There is no file"),
    ],
)
def test_a_file_that_was_not_exported_is_refused(
    warehouse: ScratchDatabase, run: Any, tmp_path: Path, text: str | None, complaint: str
) -> None:
    # Nothing of a file lands that cannot be matched with its letters.
    load(GOOD, [])
    path = tmp_path / "mended.csv"
    if text is not None:
        path.write_text(text)
    code, printed = run("replay", path)

    assert code == 1
    assert complaint in printed
    assert len(table(warehouse)) == 2


def test_a_mended_file_is_read_as_copy_reads_csv(tmp_path: Path) -> None:
    # NULL and the empty text stay apart, and quoted line ends and quotes are part of a value.
    path = tmp_path / "mended.csv"
    path.write_bytes(b'\xef\xbb\xbfdead_letter_id,a,b,c\r\n7,,"","x\r\n""y"","\r\n8,1,2,\r\n')
    assert mended.read(path) == {
        7: {"a": None, "b": "", "c": 'x\r\n"y",'},
        8: {"a": "1", "b": "2", "c": None},
    }
    path.write_bytes(b"dead_letter_id\n\xff\n")
    with pytest.raises(WaybillError, match="is not UTF-8"):
        mended.read(path)
