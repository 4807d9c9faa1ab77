from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from waybill.cli import main
from waybill.generate.data_dictionary import data_dictionary
from waybill.generate.dbt_sources import dbt_sources
from waybill.generate.files import generated_files
from waybill.generate.raw_suite import raw_suite
from waybill.generate.rule_sql import reference_query, rule_query
from waybill_common import contracts
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_warehouse.scratch import ScratchDatabase

    Run = Callable[[str], tuple[int, str]]

PROJECT = Path(__file__).parents[4]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's contracts and generated files."""
    shutil.copytree(PROJECT / "extract" / "contracts", tmp_path / "extract" / "contracts")
    for file in generated_files(contracts.load_all()):
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / file.path, tmp_path / file.path)
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `waybill contracts ...`; gives its exit code and what it printed."""

    def command(action: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["waybill", "contracts", action])
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0), capsys.readouterr().out
        return 0, capsys.readouterr().out

    return command


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.usefixtures("project")
def test_the_committed_files_agree_with_the_contracts(run: Run) -> None:
    """Nobody edits a generated file, or a contract without rendering."""
    code, printed = run("check")
    assert code == 0, printed


def test_check_fails_on_a_changed_contract(project: Path, run: Run) -> None:
    """Drift is shown file by file, and render mends exactly those files."""
    contract = project / "extract" / "contracts" / "olist.yml"
    _change(contract, "description: Score from 1 to 5.", "description: Stars.")
    code, printed = run("check")
    assert code == 1, printed
    assert "differs: transform/models/staging/olist/_olist__sources.yml" in printed
    assert "-            description: Score from 1 to 5." in printed
    assert "+            description: Stars." in printed
    assert "totesys" not in printed
    code, printed = run("render")
    assert code == 0, printed
    assert re.findall(r"written: (\S+)", printed) == [
        "transform/models/staging/olist/_olist__sources.yml",
        "docs/data-dictionary.md",
    ]
    assert run("check")[0] == 0
    assert run("render") == (0, "Every generated file is current.\n")


def test_check_fails_on_an_edited_generated_file(project: Path, run: Run) -> None:
    """A threshold loosened by hand in a suite is drift too."""
    suite = project / "validate" / "suites" / "raw" / "totesys.yml"
    _change(suite, "severity: critical", "severity: warning")
    code, printed = run("check")
    assert code == 1, printed
    assert "+        severity: critical" in printed


def test_check_fails_on_a_missing_generated_file(project: Path, run: Run) -> None:
    """A new contract has no files yet."""
    (project / "docs" / "data-dictionary.md").unlink()
    code, printed = run("check")
    assert code == 1, printed
    assert "differs: docs/data-dictionary.md" in printed


def test_generated_files_say_where_they_come_from(project: Path) -> None:
    """The first line names origin and command, so that nobody edits them."""
    for file in generated_files(contracts.load_all()):
        first = (project / file.path).read_text().splitlines()[0]
        assert "extract/contracts/" in first
        assert "`waybill contracts render`" in first


def _expectations(source: str, table: str) -> list[dict[str, Any]]:
    suite = raw_suite(contracts.load(PROJECT / "extract" / "contracts" / f"{source}.yml"))
    (found,) = (entry for entry in suite["tables"] if entry["table"] == table)
    return found["expectations"]


def test_a_suite_holds_what_the_contract_promises() -> None:
    """Keys, nulls, sets, ranges, patterns, references and rules each become an expectation."""
    found = {
        (entry["type"], str(entry["kwargs"].get("column") or entry["kwargs"].get("column_list")))
        for entry in _expectations("olist", "order_items") + _expectations("olist", "customers")
    }
    assert found >= {
        ("expect_table_row_count_to_be_between", "None"),
        ("expect_compound_columns_to_be_unique", "['order_id', 'order_item_id']"),
        ("expect_column_values_to_be_unique", "customer_id"),
        ("expect_column_values_to_not_be_null", "price"),
        ("expect_column_values_to_be_between", "price"),
        ("expect_column_values_to_be_in_set", "customer_state"),
        ("expect_column_values_to_match_regex", "customer_zip_code_prefix"),
        ("unexpected_rows_expectation", "None"),
    }


def test_a_nullable_column_may_be_null() -> None:
    """What the contract does not require must not stop the job."""
    required = {
        entry["kwargs"]["column"]
        for entry in _expectations("totesys", "transaction")
        if entry["type"] == "expect_column_values_to_not_be_null"
    }
    assert "transaction_type" in required
    assert "sales_order_id" not in required


def test_a_hashed_column_is_checked_as_a_hash(tmp_path: Path) -> None:
    """Patterns and ranges hold for values, which do not land; a value in the clear is a finding."""
    document = yaml.safe_load((PROJECT / "extract/contracts/olist.yml").read_text())
    stream = next(each for each in document["schema"] if each["name"] == "order_reviews")
    score = next(each for each in stream["properties"] if each["name"] == "review_score")
    score["classification"] = "pii"
    path = tmp_path / "olist.yml"
    path.write_text(yaml.safe_dump(document))
    contract = contracts.load(path)
    (table,) = (each for each in raw_suite(contract)["tables"] if each["table"] == stream["name"])
    assert [
        (each["type"], each["kwargs"].get("regex"))
        for each in table["expectations"]
        if each["kwargs"].get("column") == "review_score"
    ] == [
        ("expect_column_values_to_not_be_null", None),
        ("expect_column_values_to_match_regex", "^[0-9a-f]{64}$"),
    ]
    assert "pii, hashed from integer" in data_dictionary((contract,), header="")
    tables = {each["name"]: each for each in dbt_sources(contract)["sources"][0]["tables"]}
    columns = {each["name"]: each for each in tables["order_reviews"]["columns"]}
    assert columns["review_score"]["data_type"] == "text"
    assert columns["review_score"]["config"]["meta"] == {"classification": "pii", "hashed": True}


def test_suites_survive_yaml() -> None:
    """What is written is what was meant, multi-line SQL and braces included."""
    for source in ("olist", "totesys"):
        contract = contracts.load(PROJECT / "extract" / "contracts" / f"{source}.yml")
        text = (PROJECT / "validate" / "suites" / "raw" / f"{source}.yml").read_text()
        assert yaml.safe_load(text) == raw_suite(contract)


ROWS = """
    create table raw_olist.orders (order_id text primary key, day text, _sdc_deleted_at timestamptz);
    insert into raw_olist.orders values
        ('a', '1', null), ('b', null, null), ('c', '3', null), ('d', '4', now());
    create table raw_olist.items (order_id text, size text, _sdc_deleted_at timestamptz);
    insert into raw_olist.items values
        ('a', 'x', null), (null, 'x', null), ('gone', 'yyy', null), ('b', 'x', now()), ('d', 'x', now());
"""
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: olist
name: Shop
version: 1.0.0
status: active
domain: shop
description: {purpose: Tests.}
servers:
  - {server: w, type: postgres, host: localhost, port: 5432, database: w, schema: raw_olist}
schema:
  - name: orders
    logicalType: object
    dataGranularityDescription: One row per order
    properties:
      - {name: order_id, logicalType: string, physicalType: text, primaryKey: true, primaryKeyPosition: 1}
      - {name: day, logicalType: string, physicalType: text}
    quality:
      - name: orders_have_items
        description: An order has items.
        dimension: completeness
        severity: error
        type: sql
        mustBe: 0
        query: |-
          QUERY
        customProperties: EXCEPTIONS
  - name: items
    logicalType: object
    dataGranularityDescription: One row per item
    properties:
      - name: order_id
        logicalType: string
        physicalType: text
        relationships: [{type: foreignKey, to: orders.order_id}]
      - {name: size, logicalType: string, physicalType: text}
"""
HAS_ITEMS = (
    "select order_id from {table} where not exists "
    "(select from {items} where items.order_id = orders.order_id and size ~ '^x{1}$')"
)


def _contract(folder: Path, query: str, exceptions: str = "[]") -> contracts.Contract:
    path = folder / "shop.yml"
    path.write_text(CONTRACT.replace("QUERY", query).replace("EXCEPTIONS", exceptions))
    return contracts.load(path)


def _found(warehouse: ScratchDatabase, query: str, batch: str) -> list[str]:
    rows = warehouse.rows(query.format(batch=batch), role="auditor")
    return sorted(str(row[0]) for row in rows)


BATCHES = ["raw_olist.{}", "(select * from raw_olist.{} where _sdc_deleted_at is null)"]
"""What `waybill-validate` may put in the place of the batch."""


def test_a_rule_finds_its_offenders(warehouse: ScratchDatabase, tmp_path: Path) -> None:
    """Other streams' rows that are not gone, braces and the batch itself end up in valid SQL."""
    warehouse.execute(ROWS, role="loader")
    contract = _contract(tmp_path, HAS_ITEMS)
    stream = contract.stream("orders")
    query = rule_query(contract, stream, stream.rules[0])
    assert _found(warehouse, query, BATCHES[0].format("orders")) == ["b", "c", "d"]
    assert _found(warehouse, query, BATCHES[1].format("orders")) == ["b", "c"]


def test_known_exceptions_are_left_out_and_nothing_else(
    warehouse: ScratchDatabase, tmp_path: Path
) -> None:
    """A known row passes; a new one, and one without a key, is a finding."""
    warehouse.execute(ROWS, role="loader")
    exceptions = (
        "[{property: exceptionColumn, value: day}, {property: exceptions, value: ['3', \"o'x\"]}]"
    )
    contract = _contract(
        tmp_path, HAS_ITEMS.replace("select order_id", "select order_id, day"), exceptions
    )
    stream = contract.stream("orders")
    query = rule_query(contract, stream, stream.rules[0])
    assert _found(warehouse, query, BATCHES[1].format("orders")) == ["b"]


@pytest.mark.parametrize("batch", BATCHES)
def test_a_reference_to_nothing_is_found_and_a_null_one_is_not(
    warehouse: ScratchDatabase, tmp_path: Path, batch: str
) -> None:
    """Referential integrity, where null means that there is no reference."""
    warehouse.execute(ROWS, role="loader")
    warehouse.execute(
        "delete from raw_olist.items where _sdc_deleted_at is not null", role="loader"
    )
    contract = _contract(tmp_path, HAS_ITEMS)
    stream = contract.stream("items")
    query = reference_query(contract, stream, stream.column("order_id"))
    assert _found(warehouse, query, batch.format("items")) == ["gone"]


def test_a_parent_gone_from_the_source_is_missed_by_children_that_are_not(
    warehouse: ScratchDatabase, tmp_path: Path
) -> None:
    """A marked parent is no parent; a child that went with its parent misses nobody."""
    warehouse.execute(ROWS, role="loader")
    contract = _contract(tmp_path, HAS_ITEMS)
    stream = contract.stream("items")
    query = reference_query(contract, stream, stream.column("order_id"))
    assert _found(warehouse, query, BATCHES[1].format("items")) == ["gone"]
    warehouse.execute("update raw_olist.items set _sdc_deleted_at = null", role="loader")
    assert _found(warehouse, query, BATCHES[1].format("items")) == ["d", "gone"]


LETTER = """
    with load as (
        insert into waybill.load (
            invocation_id, target_schema, stream, target_table, started_at, rows_received,
            rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted, rows_dead
        )
        values (gen_random_uuid(), 'raw_olist', %(stream)s, 'items', now(), 1, 0, 0, 0, 0, 0, 1)
        returning load_id, invocation_id
    )
    insert into waybill.dead_letter (
        load_id, invocation_id, target_schema, stream, reason, found_by, payload
    )
    select load_id, invocation_id, 'raw_olist', %(stream)s, 'no number', 'tap',
        jsonb_build_object('order_id', %(order)s::text, 'size', 'x')
    from load
"""


def test_a_row_that_could_not_land_is_not_missed(
    warehouse: ScratchDatabase, tmp_path: Path
) -> None:
    """A bad item must not stop the job by the order that lacks it; any other order still does."""
    warehouse.execute(ROWS, role="loader")
    contract = _contract(tmp_path, HAS_ITEMS)
    stream = contract.stream("orders")
    query = rule_query(contract, stream, stream.rules[0])
    for dead_stream, order in (("items", "b"), ("orders", "c")):
        warehouse.execute(LETTER, {"stream": dead_stream, "order": order}, role="loader")
    assert _found(warehouse, query, BATCHES[1].format("orders")) == ["c"]

    counted = "select order_id from {table} group by order_id having count(*) < 2"
    contract = _contract(tmp_path, counted)
    stream = contract.stream("orders")
    query = rule_query(contract, stream, stream.rules[0])
    assert _found(warehouse, query, BATCHES[1].format("orders")) == ["a", "b"]

    warehouse.execute(
        "update waybill.dead_letter set resolved_at = now(), resolved_by = 'reload'", role="loader"
    )
    assert _found(warehouse, query, BATCHES[1].format("orders")) == ["a", "b", "c"]


def test_the_rows_of_a_database_are_checked_while_it_holds_them() -> None:
    """A bad row that was deleted at the source must not shut the gate for ever; files have no marks."""
    suites = {
        source: raw_suite(contracts.load(PROJECT / "extract" / "contracts" / f"{source}.yml"))
        for source in ("olist", "totesys")
    }
    assert {table.get("where") for table in suites["olist"]["tables"]} == {None}
    assert {table.get("where") for table in suites["totesys"]["tables"]} == {
        '"_sdc_deleted_at" is null'
    }


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * from {nothing}", "{nothing} is no stream"),
        ("select * from {table} join {items} using (order_id)", "JOIN"),
        ("select * from {table} where day = :day", "bound parameter"),
    ],
)
def test_a_rule_that_cannot_run_is_refused_when_rendering(
    tmp_path: Path, query: str, message: str
) -> None:
    """The author of a contract hears of it, not the next run."""
    contract = _contract(tmp_path, query)
    stream = contract.stream("orders")
    with pytest.raises(WaybillError, match=message):
        rule_query(contract, stream, stream.rules[0])


def test_exceptions_need_a_column(tmp_path: Path) -> None:
    """Keys without a column would exclude nothing, or everything."""
    contract = _contract(tmp_path, HAS_ITEMS, "[{property: exceptions, value: ['3']}]")
    stream = contract.stream("orders")
    with pytest.raises(WaybillError, match="exceptionColumn"):
        rule_query(contract, stream, stream.rules[0])
