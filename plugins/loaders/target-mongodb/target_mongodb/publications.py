"""What becomes of one stream in MongoDB: a document for each row, or one document for all of them."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pymongo

from target_mongodb.documents import ID
from target_mongodb.server import explained
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pymongo.collection import Collection
    from pymongo.database import Database

    from target_mongodb.documents import Document

logger = logging.getLogger(__name__)

VERSION = "_sdc_table_version"
"""The field that tells documents of this run from those that an earlier one has left."""
ROWS = "rows"


@dataclass(frozen=True)
class Layout:
    """How a stream is kept.

    Attributes:
        collection: The collection's name.
        is_one_document: Whether all rows stand in one document, as an array.
        indexes: Fields of each index; one that begins with `-` runs from high to low.
    """

    collection: str
    is_one_document: bool = False
    indexes: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(cls, stream: str, settings: Mapping[str, Any]) -> Layout:
        """What the setting `collections` says of a stream."""
        chosen = settings.get(stream) or {}
        return cls(
            collection=chosen.get("collection") or stream,
            is_one_document=bool(chosen.get("one_document")),
            indexes=tuple(
                tuple(name.strip() for name in fields.split(","))
                for fields in chosen.get("indexes", ())
            ),
        )


class Publication(ABC):
    """A stream on its way into a collection.

    Args:
        stream: The stream's name.
        database: Where it goes.
        layout: How it is kept.
        setting: What the URL comes from, for error messages.
        version: The number of this run, which its documents carry.
    """

    def __init__(
        self,
        stream: str,
        database: Database[dict[str, Any]],
        layout: Layout,
        setting: str,
        version: int,
    ) -> None:
        self.stream = stream
        self.is_whole = False
        self._collection: Collection[dict[str, Any]] = database[layout.collection]
        self._setting = setting
        self._version = version
        with explained(setting, stream):
            for fields in layout.indexes:
                self._collection.create_index([_direction(name) for name in fields])

    @abstractmethod
    def write(self, documents: Sequence[Document]) -> None:
        """Take documents; the later one of an `_id` counts."""

    @abstractmethod
    def finish(self) -> None:
        """After the last document: remove what is gone, and count.

        Raises:
            WaybillError: The collection does not hold what was sent.
        """

    def _differs(self, found: int, sent: int) -> WaybillError:
        msg = f"Stream {self.stream}: {self._collection.name} holds {found:,} of its documents after {sent:,} were written."
        return WaybillError(
            msg, "Somebody else writes to it, or the server lost them: no state was written."
        )


class RowDocuments(Publication):
    """A document for each row, replaced by its `_id`."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._sent = 0

    def write(self, documents: Sequence[Document]) -> None:
        """Replace or insert the documents, in no order."""
        latest = {repr(each[ID]): each | {VERSION: self._version} for each in documents}
        replacements = [
            pymongo.ReplaceOne({ID: each[ID]}, each, upsert=True) for each in latest.values()
        ]
        with explained(self._setting, self.stream):
            again = self._count_of_this_run([each[ID] for each in latest.values()])
            done = self._collection.bulk_write(replacements, ordered=False)
        confirmed = done.matched_count + done.upserted_count
        if confirmed != len(replacements):
            raise self._differs(confirmed, len(replacements))
        self._sent += len(replacements) - again

    def finish(self) -> None:
        """Remove the documents that this run has not sent, where it has sent a whole table."""
        removed = 0
        with explained(self._setting, self.stream):
            if self.is_whole:
                stale = {VERSION: {"$ne": self._version}}
                removed = self._collection.delete_many(stale).deleted_count
            current = {} if self.is_whole else {VERSION: self._version}
            found = self._collection.count_documents(current)
        if found != self._sent:
            raise self._differs(found, self._sent)
        logger.info("%s: %s documents, %s removed, counted", self.stream, f"{found:,}", removed)

    def _count_of_this_run(self, ids: list[Any]) -> int:
        """How many of these ids came before in this run: a key that comes twice is one document."""
        if not self._sent:
            return 0
        return self._collection.count_documents({ID: {"$in": ids}, VERSION: self._version})


class OneDocument(Publication):
    """All rows in one document, so that no reader sees some old and some new ones."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._rows: dict[str, Document] = {}

    def write(self, documents: Sequence[Document]) -> None:
        """Keep the rows; their document is written when all of them are here."""
        self._rows.update((repr(each[ID]), each) for each in documents)

    def finish(self) -> None:
        """Replace the document, and read it back."""
        if not self.is_whole:
            msg = f"Stream {self.stream}: one document holds a whole table, and this run sends a part of it."
            raise WaybillError(msg, "Set its replication method to FULL_TABLE.")
        rows = sorted(self._rows.values(), key=lambda each: _sort_key(each[ID]))
        for row in rows:
            del row[ID]
        document = {ID: self.stream, ROWS: rows, VERSION: self._version}
        with explained(self._setting, self.stream):
            self._collection.replace_one({ID: self.stream}, document, upsert=True)
            found = self._collection.find_one({ID: self.stream})
        if found is None or len(found[ROWS]) != len(rows):
            raise self._differs(len(found[ROWS]) if found else 0, len(rows))
        logger.info("%s: one document of %s rows, counted", self.stream, f"{len(rows):,}")


def _direction(field: str) -> tuple[str, int]:
    if field.startswith("-"):
        return field[1:], pymongo.DESCENDING
    return field, pymongo.ASCENDING


def _sort_key(identity: Any) -> Any:
    return tuple(identity.values()) if isinstance(identity, dict) else identity
