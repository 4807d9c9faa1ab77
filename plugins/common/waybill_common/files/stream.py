"""A stream: the files of one table, sent as COPY batches or as records, each file at most once."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import sys
from abc import abstractmethod
from contextlib import closing
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from waybill_common import dead_letters, pii
from waybill_common.files import breaches, content, schema
from waybill_common.files.batches import Batches, CsvEncoding, Run
from waybill_common.files.bookmark import Bookmark, fingerprint, is_of_another_origin
from waybill_common.tap import WaybillStream

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.singerlib.messages import SchemaMessage

    from waybill_common import contracts
    from waybill_common.files.batches import FileRead, Range
    from waybill_common.files.breaches import Breach, OnBreach, Values
    from waybill_common.source_files import SourceFile
    from waybill_common.tap import WaybillTap

logger = logging.getLogger(__name__)

_MOST_UNCOMMITTED = 64 << 20
"""Bytes of files that may go without a state; a kill repeats them."""
_SHARE_UNCOMMITTED = 8
"""One part of so many of the files may go without one too: a state names all files, and the target looks
through its table for theirs, so that one for each of thousands would take longer than their rows."""


class FileStream(WaybillStream):
    """The files of one stream of the contract."""

    STATE_MSG_FREQUENCY = sys.maxsize  # a state in the middle of a file would commit half of it

    def __init__(
        self,
        tap: WaybillTap,
        contract: contracts.Stream,
        source_files: Sequence[SourceFile],
        unknown: Sequence[str],
        *,
        origin: str,
    ) -> None:
        """Describe the stream.

        Args:
            tap: The tap.
            contract: What the contract says of it.
            source_files: Its files, in the order in which later ones win.
            unknown: Columns the contract does not know, to be carried as text.
            origin: The setting the files come by.
        """
        super().__init__(tap, schema=schema.of_stream(contract, unknown), name=contract.name)
        self.primary_keys = contract.key
        self.forced_replication_method = "INCREMENTAL"  # by file; there is no replication key
        self._file_tap = tap
        self._contract = contract
        self._files = source_files
        self._origin = origin
        self._extracted_at = dt.datetime.now(tz=dt.UTC).isoformat()
        self._uncommitted: list[int] = []

    @cached_property
    def _read_as(self) -> str:
        salt = self._hasher.fingerprint if self._hasher else None
        return fingerprint(self._contract, self._names_read(), salt)

    def _names_read(self) -> list[str]:
        """The columns that a file is read for: with others, a file unchanged is sent again."""
        return [name for name in self.schema["properties"] if self._is_selected(name)]

    @abstractmethod
    def _reader(self, file: SourceFile, on_breach: OnBreach) -> FileRead:
        """What reads a file once."""

    @cached_property
    def _hasher(self) -> pii.Hasher | None:
        columns = self._contract.columns
        is_needed = any(each.is_hashed and self._is_selected(each.name) for each in columns)
        return pii.hasher() if is_needed else None

    def get_records(self, context: Any) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - SDK signature
        """The rows of each file that changed, then the state that says so."""
        for file, read, bookmark in self._changed():
            for columns in read.columns():
                converted = [
                    _converted(one.landed.convert, column)
                    for one, column in zip(read.fields, columns, strict=True)
                ]
                names = [one.name for one in read.fields]
                fixed = {"_sdc_source_file": file.name, "_sdc_extracted_at": self._extracted_at}
                for row in zip(*converted, strict=True):
                    yield dict(zip(names, row, strict=True)) | fixed
            self._commit(file, read, bookmark)

    def _sync_batches(self, batch_config: BatchConfig, context: Any = None) -> None:  # noqa: ARG002 - SDK signature
        """Send the ranges of each file that changed, followed by the state that says so."""
        folder = self._file_tap.batch_folder  # made even if nothing is sent: it sweeps dead runs'
        with self.get_batch_counter() as counter:
            for file, read, bookmark in self._changed():
                version = bookmark.version(file.name, partial(content.sha256, file), file.size)
                send = partial(self._send, file, read, version)
                with closing(Batches(file, read, folder, send)) as batches:
                    for part in read.parts():
                        if isinstance(part, Run):
                            batches.add_run(part)
                        else:
                            batches.add_columns(part)
                    batches.flush()
                if not batches.sent:
                    send(None)
                counter.increment(batches.sent or 1)
                self._commit(file, read, bookmark)

    def _send(self, file: SourceFile, read: FileRead, version: int, part: Range | None) -> None:
        """Send a range, or the word that a file has no rows."""
        columns = [field.name for field in read.fields]
        # The same when a file is sent again after a crash, and another one when it changes, also
        # back to what it held before.
        identity = [self.name, self._origin, file.name, version, self._read_as, columns]
        place = [read.sha256, part.offset, part.rows] if part else []
        encoding = CsvEncoding(
            columns=columns,
            batch_id=hashlib.sha256(json.dumps([identity, place]).encode()).hexdigest(),
            extracted_at=self._extracted_at,
            source_partition=file.name,
            delimiter=read.delimiter,
        )
        if part:
            encoding.rows = part.rows
            encoding.offset = part.offset
            encoding.length = part.length
            encoding.file_identity = part.identity
        manifest = [part.path.absolute().as_uri()] if part else []
        self._write_batch_message(encoding=encoding, manifest=manifest)

    def _changed(self) -> Iterator[tuple[SourceFile, FileRead, Bookmark]]:
        totals = [name for name in self._contract.control_totals if self._is_selected(name)]
        bookmark = Bookmark(self.stream_state, totals, self._origin)
        skipped: set[str] = set()
        for file in self._files:
            if self._is_unchanged(file, bookmark.files.get(file.name)):
                skipped.add(file.name)
            else:
                yield file, self._read(file), bookmark
        for file in self._files:
            if file.name not in bookmark.files:
                skipped.discard(file.name)
                yield file, self._read(file), bookmark
        gone = set(bookmark.files) - {file.name for file in self._files}
        logger.info(
            "%s: %s rows sent, %d of %d files unchanged",
            self.name,
            f"{bookmark.rows_sent:,}",
            len(skipped),
            len(self._files),
        )
        if gone:
            logger.warning(
                "%s: %d files were sent before and are gone; their rows stay: %s",
                self.name,
                len(gone),
                ", ".join(sorted(gone)[:5]),
            )
        self.write_bookmark(bookmark.document(self._extracted_at))

    def _is_unchanged(self, file: SourceFile, known: Mapping[str, Any] | None) -> bool:
        return content.is_unchanged(file, known, self._read_as)

    def _read(self, file: SourceFile) -> FileRead:
        limit = self._contract.dead_letter_limit or dead_letters.DEFAULT_LIMIT
        refuse = breaches.refuse(file.place)
        return self._reader(file, refuse if limit.is_off else partial(self._bury, file))

    def _bury(self, file: SourceFile, breach: Breach) -> None:
        """Tell the target of a row that cannot land."""
        values = breach.values or {}
        letter = dead_letters.DeadLetter(
            stream=self.name,
            reason=breach.reason,
            source_file=file.name,
            source_line=breach.line,
            key={name: values[name] for name in self._contract.key if name in values} or None,
            column=breach.column,
            raw=breach.raw.rstrip("\r\n"),
            payload=breach.values,
        )
        columns = self._contract.columns
        hashes = self._hasher.of_columns(columns) if self._hasher else {}
        self._file_tap.write_dead_letter(pii.hashed_letter(letter, hashes))

    def _commit(self, file: SourceFile, read: FileRead, bookmark: Bookmark) -> None:
        before = bookmark.files.get(file.name)
        bookmark.add(file.name, read.entry | {"read_as": self._read_as})
        if self._contract.key and before and before["sha256"] != read.entry["sha256"]:
            # A row that this file has given up may stand in an earlier one, which it had covered.
            bookmark.forget(each.name for each in self._files if each.name < file.name)
        self._uncommitted.append(read.entry["size"])
        if (
            len(self._uncommitted) * _SHARE_UNCOMMITTED >= len(bookmark.files)
            or sum(self._uncommitted) >= _MOST_UNCOMMITTED
        ):
            self._uncommitted = []
            self.write_bookmark(bookmark.document(self._extracted_at))

    def _is_selected(self, name: str) -> bool:
        return self.mask["properties", name]

    def _generate_schema_messages(self) -> Generator[SchemaMessage, None, None]:
        """The SDK's messages, with the marks that its catalog drops put back."""
        is_another = is_of_another_origin(self.stream_state, self._origin)
        for message in super()._generate_schema_messages():
            message.schema = schema.marked(message.schema, self.schema, is_whole_table=is_another)
            yield message

    def _increment_stream_state(self, latest_record: Any, *, context: Any = None) -> None:
        """Nothing: the bookmark is by file."""

    def _write_starting_replication_value(self, context: Any) -> None:
        """Nothing: there is no replication key."""


def _converted(convert: Any, column: Values) -> list[Any]:
    return [None if value is None else convert(value) for value in column]
