"""The processed zone: the marts as Parquet, a new immutable version of each one that has changed."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from waybill_lake.log import Log, Manifest, part_of_a_name
from waybill_lake.marts import Mart, marts
from waybill_lake.parts import PART_BYTES, Part, PartWriter, Shape
from waybill_lake.stores import PROCESSED

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa

    from waybill_common.connections import Connection
    from waybill_lake.stores import Store


@dataclass
class Published:
    """What a run has published.

    Attributes:
        written: Marts of which there is a new version.
        equal: Marts whose latest version holds the same.
        sequence: The manifest that says what is the latest; 0 where there is none.
    """

    written: list[str] = field(default_factory=list)
    equal: list[str] = field(default_factory=list)
    sequence: int = 0


class Publishing:
    """One version of all marts.

    Args:
        store: The lake.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._log = Log(store, PROCESSED)
        now = dt.datetime.now(tz=dt.UTC)
        self._version = f"{now:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:12]}"
        self._files = itertools.count(1)

    def publish(self, login: Connection) -> Published:
        """Write what has changed, as one transaction of the warehouse sees it, and commit it.

        Args:
            login: The warehouse, as the role whose view of it is published.
        """
        head = self._log.head()
        known: dict[str, Any] = head.body["marts"] if head else {}
        done, entries = Published(sequence=head.sequence if head else 0), {}
        with login.connect() as session:
            session.execute("set transaction isolation level repeatable read, read only")
            for mart in marts(session):
                entry = self._entry(session, mart, known.get(mart.title))
                entries[mart.title] = entry
                is_new = entry["version"] == self._version
                (done.written if is_new else done.equal).append(mart.title)
        if entries != known:
            body = {"version": self._version, "marts": entries, "heads": {}}
            done.sequence = self._log.append(head, lambda _: body).sequence
        return done

    def _entry(
        self, session: psycopg.Connection[Any], mart: Mart, known: dict[str, Any] | None
    ) -> dict[str, Any]:
        """What a manifest says of a mart: of its latest version, if that holds the same."""
        digest = hashlib.sha256()
        writers: list[PartWriter] = []
        for table in mart.chunks(session, digest):
            self._write(writers, table)
        content = digest.hexdigest()
        if known and known["content_sha256"] == content:
            for writer in writers:
                writer.abandon()
            return known
        folder = f"{PROCESSED}/{part_of_a_name(mart.schema)}/{part_of_a_name(mart.name)}"
        parts: list[Part] = [
            writer.close(self._store, f"{folder}/version={self._version}/part-{number:05}.parquet")
            for number, writer in enumerate(writers)
        ]
        return {
            "version": self._version,
            "content_sha256": content,
            "rows": sum(part.rows for part in parts),
            "columns": mart.types,
            "parts": [part.entry() for part in parts],
        }

    def _write(self, writers: list[PartWriter], table: pa.Table) -> None:
        last = writers[-1] if writers else None
        if (
            last is None
            or last.size >= PART_BYTES
            or not last.schema.equals(table.schema, check_metadata=True)
        ):
            if last is not None and not table.num_rows:
                return
            path = self._store.scratch / f"{next(self._files):06}.parquet"
            last = PartWriter(path, Shape(columns=tuple(table.column_names)), table.schema, [])
            writers.append(last)
        last.add(table)


def latest(store: Store) -> Manifest | None:
    """The manifest that says what the latest version of each mart is."""
    return Log(store, PROCESSED).head()
