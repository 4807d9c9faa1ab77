"""singer-sdk's own standard tests of a tap, on a source of this test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from singer_sdk.testing import SuiteConfig, TapTestRunner, get_tap_test_class

from tap_postgres.tap import TapPostgres

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

SUITE = SuiteConfig(max_records_limit=10)


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
    def runner(self, source_database: ScratchDatabase) -> TapTestRunner:
        """In place of the SDK's, which knows its source when this file is imported."""
        source_database.execute(
            "create table t (id integer primary key, at timestamp, n numeric);"
            "insert into t select n, now(), n / 7.0 from generate_series(1, 100) n"
        )
        made = TapTestRunner(
            TapPostgres,
            config={"mode": "record", "sqlalchemy_url": source_database.url("reader")},
            suite_config=SUITE,
            parse_env_config=False,
        )
        made.sync_all()
        assert len(made.records["t"]) == SUITE.max_records_limit
        return made
