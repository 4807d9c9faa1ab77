"""Several loads of one stream in one invocation, as tap-landing sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import dead_letters
from waybill_common.errors import DataQualityError

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

TYPES = {"id": "integer", "_sdc_source_file": "text"}
ALIVE = "select id, _sdc_source_file from raw_test.a where _sdc_deleted_at is null order by 1, 2"


def test_each_load_replaces_the_table_again(wire: Any, warehouse: ScratchDatabase) -> None:
    # Protects deletes where days are replayed at once; parts of one load are not taken for two.
    def load(name: str, *ids: int) -> list[dict[str, Any]]:
        marks = {"x-whole-table": True, "x-load": name}
        rows = [wire.record("a", id=each, _sdc_source_file=name) for each in ids]
        return [wire.schema("a", TYPES, ["id"], **marks), *rows, wire.state(a={"at": [name, *ids]})]

    wire.load(*load("one", 1), *load("one", 2), *load("two", 2, 3))
    assert warehouse.rows(ALIVE) == [(2, "two"), (3, "two")]
    assert warehouse.rows("select count(*) from raw_test.a") == [(3,)]


def test_each_load_replaces_a_file_again(wire: Any, warehouse: ScratchDatabase) -> None:
    # Protects a file that has changed twice before anybody replayed it.
    def load(name: str, *ids: int) -> list[dict[str, Any]]:
        marks = {"x-source-partition": "_sdc_source_file", "x-load": name}
        rows = [wire.record("a", id=each, _sdc_source_file="a.csv") for each in ids]
        return [wire.schema("a", TYPES, [], **marks), *rows, wire.state(a={"at": [name, *ids]})]

    wire.load(*load("one", 1), *load("one", 2), *load("two", 3))
    query = "select id from raw_test.a order by 1"
    assert warehouse.rows(query) == [(3,)]


def test_each_load_has_a_limit_of_its_own(wire: Any, warehouse: ScratchDatabase) -> None:
    # Protects a rebuild: days that each were within the limit are not too many together.
    def load(name: str, bad: int) -> list[dict[str, Any]]:
        marks = {"x-load": name, "x-dead-letter-limit": {"rows": 1}}
        record = {"stream": "a", "reason": "bad", "key": {"id": name}}
        letter = {"type": "RECORD", "stream": "dead_letter", "record": record}
        schema = wire.schema("dead_letter", {}, **{dead_letters.MARK: True})
        return [
            wire.schema("a", TYPES, ["id"], **marks),
            schema,
            *[letter] * bad,
            wire.state(a={"at": name}),
        ]

    wire.load(*load("one", 1), *load("two", 1))
    assert warehouse.rows("select count(*) from waybill.dead_letter") == [(2,)]
    with pytest.raises(DataQualityError, match="2 of 2 rows cannot land"):
        wire.load(*load("three", 1), *load("four", 2))
