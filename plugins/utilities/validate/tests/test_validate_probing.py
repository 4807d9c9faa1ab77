"""One statement for a table answers as Great Expectations does, or leaves the answer to it."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from waybill_validate import probing
from waybill_validate.suites import Check, Table

from .conftest import SHOP, check, rule
from .test_validate_gates import BAD_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Project

Session = psycopg.Connection[tuple[Any, ...]]

EDGES = """
    create table raw_olist.edges (
        code text, amount numeric, at timestamptz, part integer, piece integer, doc json
    );
    insert into raw_olist.edges values
        ('a1', 0, '2018-01-01', 1, 1, '{}'), (null, null, null, 1, null, '{}'),
        (null, 10, null, null, 2, null), ('a2', 2.50, null, null, null, null);
"""
"""Values at the bounds, and nulls, which most expectations overlook."""
PASSING = [
    check("expect_table_row_count_to_be_between", "4 rows", min_value=4, max_value=4),
    check("expect_column_values_to_be_unique", "code is unique", column="code"),
    check("expect_column_values_to_match_regex", "code", column="code", regex="^a[0-9]+$"),
    check("expect_column_values_to_be_in_set", "one of", column="code", value_set=["a1", "a2"]),
    check("expect_column_values_to_be_in_set", "parts", column="part", value_set=[1, 7]),
    check(
        "expect_column_values_to_be_between", "bounds", column="amount", min_value=0, max_value=10.0
    ),
    check("expect_compound_columns_to_be_unique", "both", column_list=["part", "piece"]),
    rule("select 1, 1 from {batch} as e where e.code like 'b%'", "a rule"),
    rule("with none as (select * from {batch} limit 0) select * from none;", "another rule"),
]
NOT_SURE = {
    "a finding": check("expect_column_values_to_not_be_null", "x", column="code"),
    "an argument more": check(
        "expect_column_values_to_not_be_null", "x", column="part", mostly=0.1
    ),
    "another expectation": check("expect_column_to_exist", "x", column="part"),
    "no such column": check("expect_column_values_to_be_unique", "x", column="colour"),
    "no such column, but a name of the statement": rule("select from {batch} where c0 < 0", "x"),
    "values that cannot be compared": check(
        "expect_column_values_to_be_between", "x", column="code", min_value=0
    ),
    "values that cannot be grouped": check("expect_column_values_to_be_unique", "x", column="doc"),
    "a bound that is no number": check(
        "expect_column_values_to_be_between", "x", column="at", min_value="2000-01-01"
    ),
    "bounds the wrong way round": check(
        "expect_column_values_to_be_between", "x", column="piece", min_value=9, max_value=3
    ),
    "no bound": check("expect_table_row_count_to_be_between", "x"),
    "too many rows": check("expect_table_row_count_to_be_between", "x", max_value=3),
    "no value": check("expect_column_values_to_be_in_set", "x", column="at", value_set=[]),
    "a null among the values": check(
        "expect_column_values_to_be_in_set", "x", column="code", value_set=["a1", "a2", None]
    ),
    "a value beyond the set": check(
        "expect_column_values_to_be_in_set", "x", column="code", value_set=["a1"]
    ),
    "a value unlike the pattern": check(
        "expect_column_values_to_match_regex", "x", column="code", regex="1$"
    ),
    "a doubled pair with nulls": check(
        "expect_compound_columns_to_be_unique", "x", column_list=["at"]
    ),
    "a brace too many": rule("select from {batch} where code = '{'", "x"),
    "two statements": rule("select from {batch} limit 0; select from {batch}", "x"),
    "a comment that swallows a bracket": rule("select from {batch} limit 0 -- none", "x"),
    "a row of a rule": rule("select 1 from {batch} where part = 1 and piece is null", "x"),
}
WAITS = "select exists (select from pg_locks where not granted)"
PATIENCE = 60
KINDS = "select rule, succeeded, checked, unexpected, observed from waybill.expectation_result"


@pytest.fixture
def with_edges(shop: Project) -> Project:
    shop.database.execute(EDGES, role="loader")
    return shop


@pytest.fixture
def session(with_edges: Project) -> Iterator[Session]:
    with psycopg.connect(with_edges.database.url("loader"), autocommit=True) as opened:
        yield opened


def table(name: str, checks: list[dict[str, Any]]) -> Table:
    """A table as its suite describes it."""
    return Table(
        "raw_olist",
        name,
        tuple(
            Check(each["type"], each["severity"], each["description"], each["kwargs"])
            for each in checks
        ),
        frozenset(),
    )


def test_it_answers_for_good_data_and_for_nothing_else(session: Session) -> None:
    """Never weaker than the expectation: whatever is odd goes to Great Expectations."""
    found = probing.probe(session, table("edges", PASSING))
    assert found is not None
    assert all(outcome.success for outcome in found.outcomes)
    for what, odd in NOT_SURE.items():
        assert probing.probe(session, table("edges", [*PASSING, odd])) is None, what


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_it_is_stopped_by_each_kind_of_bad_row(session: Session, kind: str) -> None:
    """What a gate stops by Great Expectations, it stops by one statement for a table."""
    for name, checks in SHOP.items():
        assert probing.probe(session, table(name, checks)) is not None
    session.execute(BAD_ROWS[kind][0].encode())
    found = {
        name for name, checks in SHOP.items() if not probing.probe(session, table(name, checks))
    }
    assert len(found) == 1
    assert found == {BAD_ROWS[kind][1].partition("raw_olist.")[2].partition(":")[0]}


def test_what_it_keeps_is_what_great_expectations_keeps(with_edges: Project) -> None:
    """History does not show who made a check; and who checks again does not load what it does not need."""
    shop = with_edges
    shop.write({"edges": PASSING, "orders": SHOP["orders"]})
    checked = shop.run("raw")
    assert checked.code == 0, checked.text
    by_great_expectations = shop.database.rows(f"{KINDS} order by rule")
    page = shop.home / "validate" / "data_docs" / "raw" / "olist" / "edges.html"
    written = page.stat().st_mtime_ns
    shop.database.execute("truncate waybill.expectation_result", role="admin")

    ended = shop.start("raw", "--changed", PYTHONPROFILEIMPORTTIME="1")

    assert ended.code == 0, ended.text
    assert "raw_olist.edges: ok (9 checks" in ended.output
    assert "waybill_validate.probing" in ended.errors
    assert "great_expectations" not in ended.errors
    assert shop.database.rows(f"{KINDS} order by rule") == by_great_expectations
    assert len(by_great_expectations) == len(PASSING) + len(SHOP["orders"])
    assert page.stat().st_mtime_ns == written


def test_a_page_that_tells_of_a_finding_is_written_anew(shop: Project) -> None:
    """A mended table does not stay red in the Data Docs because nobody wrote its page again."""
    assert shop.run("raw").code == 0
    page = shop.home / "validate" / "data_docs" / "raw" / "olist" / "orders.html"
    shop.database.execute(BAD_ROWS["null"][0], role="loader")
    assert shop.run("raw", "--changed").code == 1
    assert "status is there: 1 row" in page.read_text()
    shop.database.execute("delete from raw_olist.orders where order_status is null", role="loader")
    assert shop.run("raw", "--changed").code == 0
    assert "status is there: 1 row" not in page.read_text()


def test_what_was_found_before_a_run_is_cut_off_stays(shop: Project) -> None:
    """A run that is ended in its second table does not lose what it knows of the first one."""
    assert shop.run("raw").code == 0
    shop.database.execute("truncate waybill.expectation_result", role="admin")
    with psycopg.connect(shop.database.url("admin")) as holding:
        holding.execute("lock table raw_olist.order_items")
        with shop.open("raw", "--changed") as running:
            deadline = time.monotonic() + PATIENCE
            while not shop.database.rows(WAITS)[0][0]:
                assert running.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            running.terminate()
            assert running.wait() == 128 + signal.SIGTERM
    assert shop.database.rows(
        "select table_name, count(*), bool_and(succeeded) from waybill.expectation_result group by 1"
    ) == [("raw_olist.orders", len(SHOP["orders"]), True)]
    steps = "select status, detail ? 'data_quality' from waybill.step order by step_id desc limit 1"
    assert shop.database.rows(steps) == [("failed", False)]
