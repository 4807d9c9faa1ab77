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
from waybill_common import contracts

if TYPE_CHECKING:
    from collections.abc import Callable

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
