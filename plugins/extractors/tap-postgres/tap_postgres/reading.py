"""Which rows of a relation a run reads, and what it says of them."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from psycopg import sql

from tap_postgres import copying, figures, parts
from tap_postgres.figures import Amount, Figures
from tap_postgres.parts import EVERY_ROW, Key, Part, Walk
from waybill_common import copy_text, pii
from waybill_common.identifiers import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import psycopg
    from psycopg.abc import Buffer

    from tap_postgres.relations import Relation, SourceColumn
    from tap_postgres.snapshot import Snapshot

_NUMBERS_OF_TRANSACTIONS = 2**32
_MOMENT = re.compile(r"date|timestamp(\(\d\))? with(out)? time zone")


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
        rows_per_part: Read a longer table in parts of so many rows; 0 for never.
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
        rows_per_part: int,
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
        self._first_position = snapshot.position.as_bookmark()
        self._changed_since = ""
        self._walk: Walk | None = None
        self._plan(bookmark, rows_per_part)

    @property
    def is_whole(self) -> bool:
        """Whether every row comes in one transaction, so that the target may drop all others."""
        return self._condition == EVERY_ROW and self._walk is None

    @property
    def is_in_parts(self) -> bool:
        """Whether the rows come in several transactions."""
        return self._walk is not None

    @property
    def needs_keys(self) -> bool:
        """Whether rows that are gone meanwhile must be told, or the target would keep them."""
        return self.is_in_parts

    def parts(self, connection: psycopg.Connection[Any]) -> Iterator[Part]:
        """What is to be read, in the order of reading."""
        if self._walk is None:
            yield Part(self._condition, None)
            return
        for part in self._walk.parts(connection):
            if part.up_to is None and self._changed_since:
                # What a run before this one read may have changed since its snapshot.
                below = f"not {self._walk.above(self._walk.start)}"
                late = f"({self._changed_since} and {below})"
                yield Part(f"({part.condition} or {late})", None)
            else:
                yield part

    def figures(self, connection: psycopg.Connection[Any]) -> Figures:
        """Count and add up, at the source."""
        (source, read), known_up_to = self._count(connection, [EVERY_ROW, self._condition])
        return Figures(source, read, known_up_to)

    def blocks(
        self, connection: psycopg.Connection[Any], condition: str, *, is_binary: bool
    ) -> Iterator[list[Buffer]]:
        """Rows in COPY's text or binary format, in blocks as `copying.blocks` gives them.

        Args:
            connection: One that sees the snapshot; it is closed if not all blocks are taken.
            condition: Which rows.
            is_binary: Not where a column is hashed.
        """
        query = self._query(self._columns, condition)
        return self._hashed(self._columns, self._copy(connection, query, is_binary=is_binary))

    def keys(self, connection: psycopg.Connection[Any]) -> Iterator[list[Buffer]]:
        """The keys of all rows, as COPY text."""
        by_name = {column.name: column for column in self._columns}
        key = [by_name[name] for name in self._key]
        yield from self._hashed(key, self._copy(connection, self._query(key, EVERY_ROW)))

    def lines(
        self, connection: psycopg.Connection[Any], limit: int | None = None
    ) -> Iterator[Buffer]:
        """All rows that are to be read as COPY text, a line each.

        Args:
            connection: One that sees the snapshot; it is closed if not all lines are taken.
            limit: Read no more rows than this.
        """
        query = self._query(self._columns, self._condition)
        if limit is not None:
            query += f" limit {limit}"
        for block in self._hashed(self._columns, self._copy(connection, query)):
            yield from block

    def bookmark(self, found: Figures) -> dict[str, Any]:
        """What the next run needs to go on, and what the receipt compares."""
        source = found.source.as_bookmark() | {"as_of": self._snapshot.taken_at.isoformat()}
        at: dict[str, Any] = {"source": source, "read": found.read.as_bookmark()}
        if self._replication_key:
            at |= {
                "replication_key": self._replication_key,
                "replication_key_value": found.known_up_to,
                "snapshot": self._snapshot.position.as_bookmark(),
                "read_as": self._shape,
            }
        return at

    def bookmark_within(self, up_to: Key, rows: int) -> dict[str, Any]:
        """What a run needs to go on in the middle of a first load.

        Args:
            up_to: The key of the last row read.
            rows: How many rows this invocation has sent.
        """
        at = {"after": list(up_to), "snapshot": self._first_position, "read_as": self._shape}
        return {"resume": at, "read": {"rows": rows, "totals": {}}}

    @property
    def _can_go_on(self) -> bool:
        """Whether parts can be found by an index, late rows be told, and the key be kept in a state."""
        is_hashed = any(each.hashed_type for each in self._columns if each.name in self._key)
        is_primary = bool(self._key) and set(self._key) == set(self._relation.key)
        return self._relation.is_stored and is_primary and not is_hashed

    def _plan(self, bookmark: Mapping[str, Any], rows: int) -> None:
        """Go on where the run before ended, or begin where the table is long."""
        if not (self.is_whole and rows and self._can_go_on):
            return
        resume = bookmark.get("resume")
        start = parts.key_in(resume, self._relation.key)
        if start is not None and isinstance(resume, dict) and resume.get("read_as") == self._shape:
            age = self._snapshot.position.unseen_age(resume.get("snapshot"))
            if age is not None:
                self._first_position = resume["snapshot"]
                self._changed_since = self._written_within(age)
                self._walk = Walk(self._relation, rows=rows, start=start)
                self._condition = f"({self._walk.above(start)} or {self._changed_since})"
                return
        if parts.is_longer(self._snapshot.connection, self._relation, rows):
            self._walk = Walk(self._relation, rows=rows, start=None)

    def _count(
        self, connection: psycopg.Connection[Any], conditions: Sequence[str]
    ) -> tuple[list[Amount], str | None]:
        return figures.count(
            connection,
            self._relation.sql,
            totals=self._totals,
            conditions=conditions,
            known_up_to=self._known_up_to(),
        )

    def _copy(
        self, connection: psycopg.Connection[Any], query: str, *, is_binary: bool = False
    ) -> Iterator[list[Buffer]]:
        form = " (format binary)" if is_binary else ""
        return copying.blocks(connection, f"copy ({query}) to stdout{form}")

    def _hashed(
        self, columns: Sequence[SourceColumn], blocks: Iterator[list[Buffer]]
    ) -> Iterator[list[Buffer]]:
        """Hashed here and not in SQL, so that neither salt nor value reaches the server's log."""
        types = {at: each.hashed_type for at, each in enumerate(columns) if each.hashed_type}
        if self._hasher is None or not types:
            return blocks
        hashes = {at: self._hasher.of_sql_type(sql_type) for at, sql_type in types.items()}
        return (list(copy_text.hashed(block, hashes)) for block in blocks)

    def _query(self, columns: Sequence[SourceColumn], condition: str) -> str:
        expressions = ", ".join(column.expression for column in columns)
        return f"select {expressions} from {self._relation.sql} where {condition}"  # noqa: S608 - names are quoted

    def _since(self, bookmark: Mapping[str, Any]) -> str:
        """The condition on rows that the target may not have."""
        key, value = self._replication_key, bookmark.get("replication_key_value")
        if (
            key is None
            or value is None
            or bookmark.get("replication_key") != key
            or bookmark.get("read_as") != self._shape
        ):
            return EVERY_ROW
        age = self._snapshot.position.unseen_age(bookmark.get("snapshot"))
        if age is None:
            return EVERY_ROW
        later = f"{quote(key)} > {sql.Literal(str(value)).as_string()}"
        if self._relation.is_stored:
            return f"({later} or {self._written_within(age)})"
        return f"({later} or {quote(key)} is null)"

    def _written_within(self, age: int) -> str:
        """The condition on rows that were written by one of the last `age` transactions.

        A stored row carries the transaction that wrote it. All that an earlier snapshot may have
        missed was written by a transaction that was open then or began later, whatever its time
        stamps say. That number is 32 bits wide: one that has gone round looks young, and its row
        is read once more, which does no harm. age() counts from the newest transaction at its own
        first call and `age` from the snapshot; the difference is taken where the rows are read.
        """
        end = self._snapshot.position.xmax % _NUMBERS_OF_TRANSACTIONS
        return f"age(xmin) <= {age} + (select age(xid '{end}'))"

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
    read = [relation.oid, types, list(key), hasher.fingerprint if hasher else None]
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()[:16]
