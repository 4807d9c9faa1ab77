from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project

GOOD = """
suite: raw_olist
schema: raw_olist
tables:
  - table: orders
    expectations:
      - type: expect_column_values_to_not_be_null
        severity: critical
        description: order_id is there
        kwargs: {column: order_id}
"""

BROKEN = {
    "unknown expectation": (
        GOOD.replace("to_not_be_null", "to_be_pretty"),
        "expectation 1: Great Expectations has no 'expect_column_values_to_be_pretty'",
    ),
    "missing argument": (
        GOOD.replace("{column: order_id}", "{}"),
        "expectation 1 (expect_column_values_to_not_be_null): column: field required",
    ),
    "unknown placeholder": (
        GOOD.replace("expect_column_values_to_not_be_null", "unexpected_rows_expectation").replace(
            "{column: order_id}", "{unexpected_rows_query: 'select 1 from {table}'}"
        ),
        "write a literal brace twice",
    ),
    "missing key": (
        GOOD.replace("        severity: critical\n", ""),
        "raw/olist.yml: table 1 (orders): expectation 1 lacks the key 'severity'",
    ),
    "unknown key": (
        GOOD.replace("description:", "descripton:"),
        "lacks the key 'description'",
    ),
    "unknown severity": (
        GOOD.replace("severity: critical", "severity: fatal"),
        "severity is 'fatal'. Use one of: critical, warning.",
    ),
    "not YAML": (GOOD + "  - [", "raw/olist.yml is not valid YAML"),
    "no mapping": ("- orders", "raw/olist.yml is not a mapping"),
    "no table": (GOOD[: GOOD.index("tables:")] + "tables: []", "has no table"),
    "no expectation": (
        GOOD[: GOOD.index("expectations:")] + "expectations: []",
        "(orders) has no expectation, so it would check nothing",
    ),
    "table twice": (GOOD + GOOD[GOOD.index("  - table") :], "lists the table 'orders' twice"),
    "empty file": ("", "raw/olist.yml is not a mapping"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_suite_that_is_wrong_is_a_crash_and_one_line(shop: Project, fault: str) -> None:
    """A mistake in a suite never counts as checked data: exit code 2, the place and the remedy."""
    text, message = BROKEN[fault]
    (shop.root / "validate/suites/raw/olist.yml").write_text(text)

    ended = shop.run("raw")

    assert ended.code == 2, ended.text
    assert message in ended.errors
    assert len(ended.errors.strip().splitlines()) == 1
    assert ended.errors.startswith("error: ")


def test_a_selection_that_matches_nothing_is_a_crash(shop: Project) -> None:
    """A misspelt source must not pass silently; a path is not a source."""
    for name in ("olits", "../raw/olist", "../marts/olist"):
        ended = shop.run("raw", name)

        assert ended.code == 2
        assert f"{name}.yml" in ended.errors
        assert "Suites of this stage: olist." in ended.errors


def test_no_suite_at_all_is_a_crash(empty_project: Project) -> None:
    """An empty folder checks nothing, and says so."""
    ended = empty_project.run("marts")

    assert ended.code == 2
    assert "There is no suite in" in ended.errors


def test_two_suites_of_one_name_are_a_crash(shop: Project) -> None:
    """The summary is by suite: two of one name would hide one another."""
    path = shop.root / "validate/suites/raw/olist.yml"
    path.with_name("copy.yml").write_text(path.read_text())

    ended = shop.run("raw")

    assert ended.code == 2
    assert "call their suite 'raw_olist'" in ended.errors


def test_a_warehouse_out_of_reach_is_a_crash(shop: Project) -> None:
    """No answer is no passed check; the line names the setting and no password."""
    url = "postgresql://auditor:not-the-password@127.0.0.1:1/warehouse"

    ended = shop.run("raw", WAREHOUSE_AUDITOR_URL=url)

    assert ended.code == 2
    assert "error: WAREHOUSE_AUDITOR_URL: cannot connect to auditor@127.0.0.1:1/" in ended.errors
    assert "not-the-password" not in ended.text


def test_a_warehouse_without_a_ledger_is_a_crash(shop: Project) -> None:
    """A database that nobody bootstrapped is named as such."""
    shop.database.execute("drop schema waybill cascade")

    ended = shop.run("raw")

    assert ended.code == 2
    assert (
        "has no ledger, or an older one. Prepare it with `meltano invoke warehouse:up`."
        in ended.errors
    )
