from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project

BAD_ROWS = {
    "null": (
        "insert into raw_olist.orders values ('o3', null, null)",
        "critical raw_olist.orders: status is there: 1 row, e.g. order_id=o3 order_status=null",
    ),
    "duplicate": (
        "insert into raw_olist.orders values ('o2', 'shipped', null)",
        "critical raw_olist.orders: order_id is unique: 2 rows, e.g. order_id=o2",
    ),
    "compound duplicate": (
        "insert into raw_olist.order_items values ('o1', 2, 3)",
        (
            "critical raw_olist.order_items: the item number is unique in its order: 2 rows, "
            "e.g. order_id=o1 order_item_id=2"
        ),
    ),
    "orphan": (
        "insert into raw_olist.order_items values ('nowhere', 1, 3)",
        (
            "critical raw_olist.order_items: the order exists: 1 row, "
            "e.g. order_id=nowhere order_item_id=1"
        ),
    ),
    "value that is not accepted": (
        "insert into raw_olist.orders values ('o3', 'lost at sea', null)",
        (
            "critical raw_olist.orders: status is known: 1 row, "
            "e.g. order_id=o3 order_status=lost at sea"
        ),
    ),
    "out of range": (
        "insert into raw_olist.order_items values ('o2', 2, -0.01)",
        (
            "critical raw_olist.order_items: price is not negative: 1 row, "
            "e.g. order_id=o2 order_item_id=2 price=-0.01"
        ),
    ),
    "business rule, beside its known exception": (
        "insert into raw_olist.orders values ('o3', 'delivered', null)",
        (
            "critical raw_olist.orders: delivered orders have a delivery date: 1 row, "
            "e.g. order_id=o3 order_status=delivered order_delivered_customer_date=null"
        ),
    ),
}


COUNTS = {"suites": ["raw_olist"], "tables": 2, "checks": 8, "warnings": 0}


def steps(shop: Project) -> list[tuple[object, ...]]:
    """What the receipt reads from the ledger about the gate."""
    return shop.database.rows(
        "select step, status = 'succeeded', detail from waybill.step order by step_id"
    )


def test_good_data_pass(shop: Project) -> None:
    """A gate that is always shut is no gate: good data, with a known exception, give 0."""
    ended = shop.run("raw")

    assert ended.code == 0, ended.text
    assert "raw_olist.orders: ok (5 checks" in ended.output
    assert "validate:raw passed: 8 checks, 0 failed, 0 warned" in ended.output
    assert ended.errors == ""
    assert steps(shop) == [("validate:raw", True, COUNTS | {"failed": 0})]
    assert shop.database.rows(
        "select suite, column_name, severity, succeeded, checked, unexpected, observed"
        " from waybill.expectation_result where rule = 'order_id is unique'"
    ) == [("raw_olist", "order_id", "critical", True, 3, 0, None)]
    assert shop.database.rows("select count(*) from waybill.expectation_result") == [(8,)]


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_planted_bad_row_stops_the_job_and_is_named(shop: Project, kind: str) -> None:
    """The gate itself: each kind of bad row ends in exit code 1 and in one line that names it."""
    statement, line = BAD_ROWS[kind]
    shop.database.execute(statement, role="loader")

    ended = shop.run("raw", "olist")

    assert ended.code == 1, ended.text
    found = [line for line in ended.output.splitlines() if line.startswith("critical")]
    assert found == [line]
    assert "validate:raw failed" in ended.output
    assert steps(shop) == [("validate:raw", False, COUNTS | {"failed": 1, "data_quality": True})]
    assert shop.database.rows("select failed_step, cause from waybill.run") == [
        ("validate:raw", line.removeprefix("critical "))
    ]


def test_a_warning_does_not_stop_the_job(empty_project: Project) -> None:
    """Warnings are reported and let the job go on."""
    empty_project.database.execute(
        "create table raw_olist.sellers as select 's1' as seller_id, null::text as city",
        role="loader",
    )
    nulls = {
        "type": "expect_column_values_to_not_be_null",
        "severity": "warning",
        "description": "The city is known.",
        "kwargs": {"column": "city"},
    }
    empty_project.write({"sellers": [nulls]})

    ended = empty_project.run("raw")

    assert ended.code == 0, ended.text
    assert "warning raw_olist.sellers: The city is known: 1 row" in ended.output


def test_a_missing_table_fails_and_the_others_are_checked(shop: Project) -> None:
    """A table that never landed is a finding that names it, and hides none of the others."""
    shop.database.execute("drop table raw_olist.orders", role="loader")
    shop.database.execute("insert into raw_olist.order_items values ('o1', 9, -1)", role="loader")

    ended = shop.run("raw")

    assert ended.code == 1, ended.text
    assert (
        "critical raw_olist.orders: the table exists: "
        "there is no raw_olist.orders in the warehouse" in ended.output
    )
    assert "price is not negative: 1 row" in ended.output
    assert "Traceback" not in ended.text
    index = (shop.home / "validate/data_docs/raw/index.html").read_text()
    assert "there is no raw_olist.orders" in index


def test_a_check_that_cannot_be_made_is_a_failure(shop: Project) -> None:
    """An exception inside Great Expectations is no success: missing columns, wrong SQL."""
    broken = [
        {
            "type": "expect_column_values_to_not_be_null",
            "severity": "critical",
            "description": "colour is there",
            "kwargs": {"column": "colour"},
        },
        {
            "type": "unexpected_rows_expectation",
            "severity": "critical",
            "description": "the rule can be read",
            "kwargs": {"unexpected_rows_query": "select nonsense from {batch}"},
        },
        {
            "type": "expect_table_row_count_to_be_between",
            "severity": "critical",
            "description": "there are a hundred orders",
            "kwargs": {"min_value": 100},
        },
    ]
    shop.write({"orders": broken})

    ended = shop.run("raw")

    assert ended.code == 1, ended.text
    assert "colour is there: could not be checked:" in ended.output
    assert "the rule can be read: could not be checked:" in ended.output
    assert 'column "nonsense" does not exist' in ended.output
    assert "there are a hundred orders: observed 3" in ended.output
    assert "raw_olist.orders: 3 failed (3 checks" in ended.output


def test_rules_take_an_alias_a_join_braces_colons_and_percents(shop: Project) -> None:
    """SQL in a suite is plain SQL: nothing in it is taken for a placeholder of some library."""
    sql = (
        "select o.order_id from {batch} as o join raw_olist.order_items as i using (order_id)"
        " where '{{braces}} :word %s 100%' like '{{b%' and o.order_status like 'ship%'"
    )
    rule = {
        "type": "unexpected_rows_expectation",
        "severity": "critical",
        "description": "nothing is on its way",
        "kwargs": {"unexpected_rows_query": sql},
    }
    shop.write({"orders": [rule]})

    ended = shop.run("raw")

    assert ended.code == 1, ended.text
    assert "nothing is on its way: 1 row, e.g. order_id=o2" in ended.output


def test_only_the_rows_that_a_table_names_are_checked(shop: Project) -> None:
    """A suite that leaves rows out does so in every kind of check, rules in SQL among them."""
    shop.database.execute(
        "alter table raw_olist.orders add _sdc_deleted_at timestamptz;"
        "insert into raw_olist.orders values ('o1', null, null, now()), ('o4', 'lost', null, now())",
        role="loader",
    )
    assert shop.run("raw").code == 1
    shop.limit("orders", '"_sdc_deleted_at" is null')

    ended = shop.run("raw")

    assert ended.code == 0, ended.text

    shop.database.execute(
        "update raw_olist.orders set _sdc_deleted_at = null;"
        "insert into raw_olist.orders values ('o5', 'delivered', null, null)",
        role="loader",
    )
    found = [line for line in shop.run("raw").output.splitlines() if line.startswith("critical")]
    assert len(found) == 4, found
    assert "delivered orders have a delivery date: 1 row, e.g. order_id=o5" in "".join(found)


def test_one_login_for_all_steps_checks_as_the_auditor_and_cannot_write(shop: Project) -> None:
    """With WAREHOUSE_URL alone the session still has the least role, read-only and in UTC."""
    sql = (
        "select current_user as who, current_setting('transaction_read_only') as read_only,"
        " current_setting('TimeZone') as zone from {batch} limit 1"
    )
    rule = {
        "type": "unexpected_rows_expectation",
        "severity": "critical",
        "description": "who asks",
        "kwargs": {"unexpected_rows_query": f"select * from ({sql}) as session where true"},
    }
    shop.write({"orders": [rule]})

    ended = shop.run("raw", WAREHOUSE_AUDITOR_URL="", WAREHOUSE_URL=shop.database.url("admin"))

    assert ended.code == 1, ended.text
    assert "who asks: 1 row, e.g. who=auditor read_only=on zone=UTC" in ended.output


def test_the_summary_keeps_the_last_outcome_of_each_suite(shop: Project) -> None:
    """Dashboards read the summary: a run of one source does not forget the others."""
    shop.write({"orders": []}, selector="gone")
    shop.write(
        {
            "order_items": [
                {
                    "type": "expect_column_values_to_be_between",
                    "severity": "warning",
                    "description": "items cost ten at most",
                    "kwargs": {"column": "price", "max_value": 9},
                }
            ]
        },
        selector="other",
    )
    assert shop.run("raw", "olist").code == 0
    first = json.loads((shop.home / "validate/raw.json").read_text())
    assert shop.run("raw", "other").code == 0

    summary = json.loads((shop.home / "validate/raw.json").read_text())

    assert [suite["suite"] for suite in summary["suites"]] == ["raw_olist", "raw_other"]
    assert summary["suites"][0] == first["suites"][0]
    (table,) = summary["suites"][1]["tables"]
    (check,) = table["checks"]
    assert check == {
        "expectation": "expect_column_values_to_be_between",
        "columns": ["price"],
        "description": "items cost ten at most",
        "severity": "warning",
        "success": False,
        "unexpected_count": 1,
        "finding": "items cost ten at most: 1 row, e.g. 10.00",
    }
    assert summary["suites"][1]["success"] is True
    assert summary["suites"][1]["started_at"] > first["suites"][0]["started_at"]
    assert summary["suites"][1]["elapsed"] > 0
    assert not list((shop.home / "validate").glob("*.part"))
