"""singer-sdk's own standard tests of a tap, on a source of this test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from singer_sdk.testing import SuiteConfig, TapTestRunner, get_tap_test_class
from singer_sdk.testing.suites import tap_stream_attribute_tests, tap_stream_tests

from tap_postgres.tap import TapPostgres

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

SUITE = SuiteConfig(max_records_limit=10)
_SOURCE = """
    create table t (id integer primary key, at timestamptz, n numeric, done boolean, info jsonb);
    insert into t
    select n, now(), n / 7.0, n % 2 = 0, json_build_object('n', n) from generate_series(1, 100) n;
    create view v as select id, at::date as day from t
"""


@pytest.fixture
def runner(source_database: ScratchDatabase) -> TapTestRunner:
    """In place of the SDK's, which knows its source when a file is imported."""
    source_database.execute(_SOURCE)
    made = TapTestRunner(
        TapPostgres,
        config={"mode": "record", "sqlalchemy_url": source_database.url("reader")},
        suite_config=SUITE,
        parse_env_config=False,
    )
    made.sync_all()
    assert len(made.records["t"]) == len(made.records["v"]) == SUITE.max_records_limit
    return made


class TestStandardSuite(
    get_tap_test_class(
        TapPostgres,
        suite_config=SUITE,
        # The SDK asks for their streams when this file is imported, before there is a source.
        include_stream_tests=False,
        include_stream_attribute_tests=False,
    )
):
    @pytest.fixture
    def runner(self, runner: TapTestRunner) -> TapTestRunner:
        return runner


@pytest.mark.parametrize("test", tap_stream_tests.tests, ids=lambda each: each.name)
def test_standard_stream_suite(runner: TapTestRunner, test: type) -> None:
    # Each of the SDK's tests of a stream holds for a table and for a view.
    streams = runner.new_tap().streams
    assert set(streams) == {"t", "v"}
    for stream in streams.values():
        test().run(SUITE, None, runner, stream)


@pytest.mark.parametrize("test", tap_stream_attribute_tests.tests, ids=lambda each: each.name)
def test_standard_attribute_suite(runner: TapTestRunner, test: type) -> None:
    # Each of the SDK's tests of a type holds for every column that it applies to, and applies to one.
    tested = 0
    for stream in runner.new_tap().streams.values():
        for name, definition in stream.schema["properties"].items():
            if test.evaluate(stream=stream, property_name=name, property_schema=definition):
                test().run(SUITE, None, runner, stream, name)
                tested += 1
    assert tested or test.name in _NOT_HERE


_NOT_HERE = frozenset({"is_object", "not_null"})
"""A JSON column may hold any JSON value, and NULL is a value of every type."""
