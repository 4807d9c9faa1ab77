"""A relation read along its primary key in parts, so that a first load can go on where it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from waybill_common.identifiers import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from tap_postgres.relations import Relation

EVERY_ROW = "true"
Key = tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """Some rows of a relation.

    Attributes:
        condition: Which rows, as SQL.
        up_to: The key of the last of them, where other parts follow.
    """

    condition: str
    up_to: Key | None


class Walk:
    """A relation's rows in parts, each with keys above those of the part before it.

    Args:
        relation: A table with a primary key.
        rows: How many rows a part has.
        start: The key after which to begin, or None for the first row.
        within: Which rows of it, as SQL.
    """

    def __init__(
        self, relation: Relation, *, rows: int, start: Key | None, within: str = EVERY_ROW
    ) -> None:
        self._relation = relation
        self._rows = rows
        self._within = within
        self.start = start

    def parts(self, connection: psycopg.Connection[Any]) -> Iterator[Part]:
        """The parts in order, the next one looked for when the one before it was read."""
        low = self.start
        while (high := self._end_of_part(connection, low)) is not None:
            yield Part(self._of_walk(f"{self.above(low)} and not {self.above(high)}"), high)
            low = high
        yield Part(self._of_walk(self.above(low)), None)

    def above(self, key: Key | None) -> str:
        """The condition on rows that come after a key."""
        if key is None:
            return EVERY_ROW
        values = ", ".join(sql.Literal(value).as_string() for value in key)
        return f"({self._names()}) > ({values})"

    def _of_walk(self, condition: str) -> str:
        return condition if self._within == EVERY_ROW else f"({condition} and {self._within})"

    def _end_of_part(self, connection: psycopg.Connection[Any], low: Key | None) -> Key | None:
        texts = ", ".join(f"{quote(name)}::text" for name in self._relation.key)
        # A bare name would be that of the text, which has another order.
        order = ", ".join(f"source.{quote(name)}" for name in self._relation.key)
        row = connection.execute(
            f"select {texts} from {self._relation.sql} as source where {self._of_walk(self.above(low))}"  # noqa: S608 - names are quoted, values literals
            f" order by {order} offset {self._rows - 1} limit 1".encode()
        ).fetchone()
        return None if row is None else tuple(row)

    def _names(self) -> str:
        return ", ".join(map(quote, self._relation.key))


def is_longer(connection: psycopg.Connection[Any], relation: Relation, rows: int) -> bool:
    """Whether the planner takes a relation to have more rows; counting them would cost a pass."""
    row = connection.execute(
        f"explain (format json) select from {relation.sql}".encode()
    ).fetchone()
    return row is not None and row[0][0]["Plan"]["Plan Rows"] > rows


def key_in(bookmark: object, names: Sequence[str]) -> Key | None:
    """The key that a bookmark's `resume` names, if it is one of these columns."""
    after = bookmark.get("after") if isinstance(bookmark, dict) else None
    if not isinstance(after, list) or len(after) != len(names):
        return None
    return tuple(map(str, after))
