"""A stream: the JSON files of one table."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_json import members
from tap_json.files import FileRead
from waybill_common.files import fields, schema
from waybill_common.files.bookmark import is_of_another_origin
from waybill_common.files.stream import FileStream

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from singer_sdk.singerlib.messages import SchemaMessage

    from tap_json.tap import TapJson
    from waybill_common.contracts import Stream
    from waybill_common.files.breaches import OnBreach
    from waybill_common.source_files import SourceFile

logger = logging.getLogger(__name__)


class JsonStream(FileStream):
    """The JSON files of one stream of the contract."""

    def __init__(
        self, tap: TapJson, contract: Stream, source_files: Sequence[SourceFile], *, origin: str
    ) -> None:
        """Describe the stream.

        Args:
            tap: The tap.
            contract: What the contract says of it.
            source_files: Its files, in the order in which later ones win.
            origin: The setting the files come by.
        """
        self._evolves = contract.drift == "evolve"
        found: dict[str, None] = {}
        for file in source_files if self._evolves else ():
            found |= dict.fromkeys(members.unknown(file, contract, is_sample=True))
        self._sampled = list(found)
        self._unchanged: dict[str, bool] = {}
        super().__init__(tap, contract, source_files, self._sampled, origin=origin)

    def _names_read(self) -> list[str]:
        """As of the contract, and what is deselected: further members are the file's own."""
        known = [column.name for column in self._contract.columns if self._is_selected(column.name)]
        left_out = [name for name in self._sampled if not self._is_selected(name)]
        return [*known, *(f"-{name}" for name in left_out)]

    @cached_property
    def _late(self) -> list[str]:
        """Members that the catalog does not have, as its sample of the file ended before them.

        They are taken where no column is deselected. A file that this run will not send is not
        looked at.
        """
        names = [name for name in self.schema["properties"] if name not in fields.RESERVED]
        if not self._evolves or self.is_mapped or not all(map(self._is_selected, names)):
            return []
        found: dict[str, None] = {}
        for file in self._due():
            found |= dict.fromkeys(members.unknown(file, self._contract, is_sample=False))
        return [name for name in found if name not in self._sampled]

    def _due(self) -> list[SourceFile]:
        """The files that this run sends."""
        is_other = is_of_another_origin(self.stream_state, self._origin)
        entries = {} if is_other else self.stream_state.get("files", {})
        due = [file for file in self._files if not self._is_unchanged(file, entries.get(file.name))]
        known = [file.name for file in due if file.name in entries]
        if known and self._contract.key:
            # Those before a file that has changed are sent once more.
            due += [file for file in self._files if file.name < max(known) and file not in due]
        return due

    def _is_unchanged(self, file: SourceFile, known: Mapping[str, Any] | None) -> bool:
        if file.name not in self._unchanged:
            self._unchanged[file.name] = super()._is_unchanged(file, known)
        return self._unchanged[file.name]

    def _reader(self, file: SourceFile, on_breach: OnBreach) -> FileRead:
        contract = self._contract
        carried = [name for name in self._sampled if self._is_selected(name)] + self._late
        known = [column for column in contract.columns if self._is_selected(column.name)]
        read = [fields.of_column(contract, column, at) for at, column in enumerate(known)]
        read += [fields.of_unknown(name, at) for at, name in enumerate(carried, start=len(read))]
        return FileRead(file, contract, read, self._hasher, on_breach)

    def _generate_schema_messages(self) -> Generator[SchemaMessage, None, None]:
        """The messages with the members that only a look at each row has found."""
        for message in super()._generate_schema_messages():
            message.schema["properties"] |= {name: dict(schema.UNKNOWN) for name in self._late}
            yield message
