from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from waybill_common import connections

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase


@pytest.mark.parametrize("time", ["first", "second"])
def test_each_test_has_databases_of_its_own(
    warehouse: ScratchDatabase, source_database: ScratchDatabase, time: str
) -> None:
    """Isolation of tests: what one writes is not there in the next."""
    source_database.execute("create table made (value text)")
    source_database.execute("insert into made values (%s)", [time])
    warehouse.execute("create table raw_olist.made as select 1 as value", role="loader")

    with connections.source(None, setting="WAYBILL_TOTESYS").connect() as session:
        assert session.execute("select value from made").fetchall() == [(time,)]
    with connections.warehouse("transformer").connect() as session:
        assert session.execute("select value from raw_olist.made").fetchall() == [(1,)]
