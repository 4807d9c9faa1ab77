"""Which rows of a relation a run reads, and what it says of them."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from waybill_common import copy_text, pii
from waybill_common.identifiers import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from decimal import Decimal

    from psycopg.abc import Buffer

    from tap_postgres.relations import Relation, SourceColumn
    from tap_postgres.snapshot import Snapshot

_EVERY_ROW = "true"
_MOMENT = re.compile(r"date|timestamp(\(\d\))? with(out)? time zone")


@dataclass(frozen=True)
class Figures:
    """A number of rows, and the exact sums of the control totals over them."""

    rows: int
    totals: dict[str, Decimal]

    def as_bookmark(self) -> dict[str, Any]:
        """The figures as a bookmark carries them."""
        return {
            "rows": self.rows,
            "totals": {name: f"{each:f}" for name, each in self.totals.items()},
        }


class Reading:
    """One relation in one snapshot, from a bookmark on.

    Args:
        snapshot: The invocation's snapshot.
        relation: The table or view.
        columns: The columns that were selected.
        key: Its key.
        replication_key: The column it is read by, or None to read it whole.
        totals: Its control total columns.
        bookmark: What the run before it left.
    """

    def __init__(  # noqa: PLR0913 - a read has this many sides
        self,
        snapshot: Snapshot,
        relation: Relation,
        *,
        columns: Sequence[SourceColumn],
        key: Sequence[str],
        replication_key: str | None,
        totals: Sequence[str],
        bookmark: Mapping[str, Any],
    ) -> None:
        self._snapshot = snapshot
        self._relation = relation
        self._columns = columns
        self._key = key
        self._key_type = next(
            (each.sql_type for each in relation.columns if each.name == replication_key), ""
        )
        # A view's late rows are only below a bookmark of time: by anything else it is read whole.
        is_bounded = relation.is_stored or _MOMENT.fullmatch(self._key_type)
        self._replication_key = replication_key if is_bounded else None
        self._totals = totals
        self._hasher = pii.hasher() if any(each.hashed_type for each in columns) else None
        self._shape = _shape(relation, columns, key, self._hasher)
        self._condition = self._since(bookmark)

    @property
    def is_whole(self) -> bool:
        """Whether every row is read, so that the target may drop those that do not come."""
        return self._condition == _EVERY_ROW

    def figures(self) -> tuple[Figures, Figures, str | None]:
        """Count and add up, at the source.

        Returns:
            What the relation holds, what of it is to be read, and up to which value of the
            replication key it is then known.
        """
        sums = [f"coalesce(sum({quote(name)}::numeric), 0)" for name in self._totals]
        kept = f"filter (where {self._condition})"
        read = [f"coalesce(sum({quote(name)}::numeric) {kept}, 0)" for name in self._totals]
        query = ", ".join(["count(*)", *sums, f"count(*) {kept}", *read, self._known_up_to()])
        row = self._snapshot.connection.execute(
            f"select {query} from {self._relation.sql}".encode()  # noqa: S608 - names are quoted
        ).fetchone()
        if row is None:
            msg = "an aggregate without a row"
            raise AssertionError(msg)
        half = 1 + len(self._totals)
        source, sent = row[:half], row[half : 2 * half]
        return self._figures(source), self._figures(sent), row[-1]

    def lines(self, limit: int | None = None) -> Iterator[Buffer]:
        """The rows as COPY text, a line each.

        Args:
            limit: Read no more rows than this.
        """
        order = [name for name in (self._replication_key, *self._key) if name]
        query = (
            f"select {', '.join(column.expression for column in self._columns)}"  # noqa: S608 - names are quoted
            f" from {self._relation.sql} where {self._condition}"
        )
        if order and self._replication_key:
            query += f" order by {', '.join(dict.fromkeys(map(quote, order)))}"
        if limit is not None:
            query += f" limit {limit}"
        with (
            self._snapshot.connection.cursor() as cursor,
            cursor.copy(f"copy ({query}) to stdout".encode()) as copy,
        ):
            yield from self._hashed(copy)

    def _hashed(self, lines: Iterable[Buffer]) -> Iterable[Buffer]:
        """Hashed here and not in SQL, so that neither salt nor value reaches the server's log."""
        if self._hasher is None:
            return lines
        hashes = {
            position: self._hasher.of_sql_type(column.hashed_type)
            for position, column in enumerate(self._columns)
            if column.hashed_type
        }
        return copy_text.hashed(lines, hashes)

    def bookmark(self, source: Figures, known_up_to: str | None, sent: Figures) -> dict[str, Any]:
        """What the next run needs to go on, and what the receipt compares."""
        at: dict[str, Any] = {
            "source": source.as_bookmark() | {"as_of": self._snapshot.taken_at.isoformat()},
            "read": sent.as_bookmark(),
        }
        if self._replication_key:
            at |= {
                "replication_key": self._replication_key,
                "replication_key_value": known_up_to,
                "snapshot": self._snapshot.position.as_bookmark(),
                "read_as": self._shape,
            }
        return at

    def _figures(self, row: Sequence[Any]) -> Figures:
        return Figures(rows=row[0], totals=dict(zip(self._totals, row[1:], strict=True)))

    def _since(self, bookmark: Mapping[str, Any]) -> str:
        """The condition on rows that the target may not have.

        A stored row carries the transaction that wrote it. All that the snapshot before may have
        missed was written by a transaction that was open then or began later, whatever its time
        stamps say. That number is 32 bits wide: one that has gone round looks young, and its row
        is read once more, which does no harm.
        """
        key, value = self._replication_key, bookmark.get("replication_key_value")
        if (
            key is None
            or value is None
            or bookmark.get("replication_key") != key
            or bookmark.get("read_as") != self._shape
        ):
            return _EVERY_ROW
        age = self._snapshot.position.unseen_age(bookmark.get("snapshot"))
        if age is None:
            return _EVERY_ROW
        later = f"{quote(key)} > {sql.Literal(str(value)).as_string()}"
        if self._relation.is_stored:
            return f"({later} or age(xmin) <= {self._age_limit(age)})"
        return f"({later} or {quote(key)} is null)"

    def _age_limit(self, age: int) -> int:
        """`age`, counted as age() counts: from the newest transaction, not from the snapshot."""
        row = self._snapshot.connection.execute(
            "select age((%s::text::xid8)::xid)", (str(self._snapshot.position.xmax),)
        ).fetchone()
        return age + int(row[0] if row else 0)

    def _known_up_to(self) -> str:
        """The value of the replication key that the bookmark may rise to, as SQL.

        A row of a view tells nothing of who wrote it. There the bookmark stays below the start of
        the oldest transaction still open, which may yet commit rows with a time stamp from then on.
        """
        if self._replication_key is None:
            return "null"
        greatest = f"max({quote(self._replication_key)})"
        if not self._relation.is_stored:
            step = "1 day" if self._key_type == "date" else "1 microsecond"
            horizon = f"timestamptz '{self._snapshot.horizon.isoformat()}' - interval '{step}'"
            greatest = f"least({greatest}, ({horizon})::{self._key_type})"
        return f"({greatest})::text"


def _shape(
    relation: Relation,
    columns: Sequence[SourceColumn],
    key: Sequence[str],
    hasher: pii.Hasher | None,
) -> str:
    """A fingerprint of what is read: another table, other columns or another salt start anew."""
    types = [[column.name, column.sql_type, column.hashed_type] for column in columns]
    parts = [relation.oid, types, list(key), hasher.fingerprint if hasher else None]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
