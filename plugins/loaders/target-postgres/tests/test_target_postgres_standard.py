from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from singer_sdk.exceptions import InvalidRecord
from singer_sdk.testing import SuiteConfig, TargetTestRunner, get_target_test_class
from singer_sdk.testing.suites import SingerTestSuite, target_tests
from singer_sdk.testing.target_tests import (
    TargetEncodedStringData,
    TargetMultipleStateMessages,
    TargetRecordMissingRequiredProperty,
)

from target_postgres.target import TargetPostgres

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase


class EncodedStringDataUpToNul(TargetEncodedStringData):
    """The SDK's strings; one holds NUL, which PostgreSQL cannot store, and becomes a dead letter."""

    def validate(self) -> None:
        letters = self.resource.rows("select column_name, reason from waybill.dead_letter")
        assert sorted(letters) == [
            ("info", "it holds the character NUL"),
            ("info", "unsupported Unicode escape sequence"),
            ("strings", "unsupported Unicode escape sequence"),
        ]


class EachStateIsWritten(TargetMultipleStateMessages):
    """Every STATE comes out, as each is committed when it arrives.

    The SDK's own, which it leaves out of its suite, can pass for no target: it compares the states,
    which its runner has parsed, with JSON text. It also expects the first, third and last of the five
    that it sends, which only a target that happened to drain between those would write; a STATE that
    is held back costs nothing but work after a crash, so none may be demanded to be missing.
    """

    def test(self) -> None:
        self.runner.sync_all()
        states = [list(state.values()) for state in self.runner.state_messages]
        assert states == [[1, 0], [2, 1], [3, 2], [5, 3], [5, 6]]

    def validate(self) -> None:
        for stream, first in (("a", 100), ("b", 110)):
            table = f"raw_test.test_multiple_state_messages_{stream}"
            found = self.resource.rows(f"select id, metric from {table} order by id")
            # The last row of `a` has no STATE after it, and lands all the same.
            assert found == [(n, n * first) for n in range(1, 7)]


class RequiredPropertyIsDead(TargetRecordMissingRequiredProperty):
    """The SDK's own, which it leaves out of its suite; the row becomes a dead letter."""

    def validate(self) -> None:
        letters = self.resource.rows(
            "select column_name, reason, payload ->> 'metric' from waybill.dead_letter"
        )
        assert letters == [("id", "the record lacks it, and the SCHEMA requires it", "3215")]


_SUITE = SingerTestSuite(
    kind="target",
    tests=[
        *(each for each in target_tests.tests if each is not TargetEncodedStringData),
        EncodedStringDataUpToNul,
        EachStateIsWritten,
        RequiredPropertyIsDead,
    ],
)


class TestStandardSuite(
    get_target_test_class(
        TargetPostgres,
        config={"default_target_schema": "raw_test"},
        include_target_tests=False,
        custom_suites=[_SUITE],
    )
):
    # The SDK's own tests of a target, against a warehouse of this test's own.

    @pytest.fixture
    def resource(self, warehouse: ScratchDatabase) -> ScratchDatabase:
        return warehouse


def test_required_property_is_demanded_where_records_are_validated(
    warehouse: ScratchDatabase,
) -> None:
    # With `validate_records`, a record that its own schema refuses ends the run and nothing lands.
    config = {"default_target_schema": "raw_test", "validate_records": True}
    test = TargetRecordMissingRequiredProperty()
    runner = TargetTestRunner(TargetPostgres, config=config)
    with pytest.raises(InvalidRecord, match="'id' is a required property"):
        test.run(SuiteConfig(), warehouse, runner)
    runner.target_input.close()
    table = "raw_test.test_record_missing_required_property"
    assert warehouse.rows(f"select to_regclass('{table}') is null") == [(True,)]
