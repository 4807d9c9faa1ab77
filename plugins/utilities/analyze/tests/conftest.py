"""Marts of a test's own, in a real warehouse, as a reader sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from waybill_analyze import warehouse as shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Engine

    from waybill_warehouse.scratch import ScratchDatabase


@pytest.fixture
def mart(warehouse: ScratchDatabase) -> Callable[[str, str, Sequence[Sequence[object]]], None]:
    """Makes a mart: its name with the schema, its columns, its rows; one of before is replaced."""

    def make(name: str, columns: str, rows: Sequence[Sequence[object]]) -> None:
        warehouse.execute(
            f"drop table if exists {name}; create table {name} ({columns})", role="transformer"
        )
        for row in rows:
            places = ", ".join(["%s"] * len(row))
            warehouse.execute(
                f"insert into {name} values ({places})", list(row), role="transformer"
            )

    return make


@pytest.fixture
def reader(warehouse: ScratchDatabase) -> Iterator[Engine]:  # noqa: ARG001 - it must be there
    """The warehouse as the notebooks and the report see it."""
    engine = shared.engine()
    yield engine
    engine.dispose()
