from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.suites import SingerTestSuite, target_tests
from singer_sdk.testing.target_tests import TargetEncodedStringData, TargetMultipleStateMessages

from target_postgres.target import TargetPostgres
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase


class EncodedStringDataUpToNul(TargetEncodedStringData):
    """The SDK's strings; one holds NUL, which PostgreSQL cannot store, and is refused by name."""

    def test(self) -> None:
        with pytest.raises(WaybillError, match="column info holds the character NUL at id = 11"):
            super().test()


class EachStateIsWritten(TargetMultipleStateMessages):
    """Every STATE comes out, as each is committed when it arrives; the SDK's own expects every second."""

    def test(self) -> None:
        self.runner.sync_all()
        states = [list(state.values()) for state in self.runner.state_messages]
        assert states == [[1, 0], [2, 1], [3, 2], [5, 3], [5, 6]]


_SUITE = SingerTestSuite(
    kind="target",
    tests=[
        *(each for each in target_tests.tests if each is not TargetEncodedStringData),
        EncodedStringDataUpToNul,
        EachStateIsWritten,
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
