"""What the taps for files share: where their settings lead, and a stream for each table with files."""

from __future__ import annotations

import glob
from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

from singer_sdk import typing as th

from waybill_common import contracts, project, source_files
from waybill_common.errors import WaybillError
from waybill_common.files import location
from waybill_common.tap import WaybillTap, mode_setting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_common.contracts import Contract, Stream
    from waybill_common.files.stream import FileStream
    from waybill_common.source_files import Source, SourceFile


def settings(*more: th.Property[str]) -> th.PropertiesList:
    """The settings of a tap for files.

    Args:
        more: Those that only this tap has; they stand before `mode`.
    """
    return th.PropertiesList(
        th.Property(
            "path",
            th.StringType,
            title="Path",
            description="Folder, zip, file or glob (relative ones start at the project's root), URL (s3://, gs://, http(s)://) or kaggle:owner/dataset with the files the contract names.",
        ),
        th.Property(
            "path_setting",
            th.StringType,
            title="Path's setting",
            description="What the user sets `path` by, for messages; such as the name of an environment variable.",
            default="path",
        ),
        th.Property(
            "default_path",
            th.StringType,
            title="Default path",
            description="Read where `path` is empty; relative to WAYBILL_HOME.",
        ),
        th.Property(
            "contract",
            th.StringType,
            required=True,
            title="Contract",
            description="Path of the ODCS data contract that names the files and types their columns.",
        ),
        *more,
        mode_setting(),
    )


class FileTap(WaybillTap):
    """A tap whose streams are sets of files that a contract names and types."""

    @cached_property
    def contract(self) -> Contract:
        """The contract of the source."""
        return contracts.load(project.resolve(self.config["contract"]))

    @property
    def source(self) -> str:
        """The contract's id."""
        return self.contract.source

    def discover_streams(self) -> Sequence[FileStream]:
        """A stream for each table of the contract that has files here.

        Raises:
            WaybillError: A table has no file, or a file does not fit the contract.
        """
        patterns = [self.pattern(stream) for stream in self.contract.streams]
        source = location.find(self.config, [each for each in patterns if each])
        origin = location.origin(self.config)
        streams = [
            self._stream(stream, found, origin)
            for stream in self.contract.streams
            if (found := self._files(stream, source))
        ]
        if not streams:
            msg = f"{self._setting}: {source.place} holds no file of the contract, but {source_files.names_of(source.files)}."
            raise WaybillError(msg, f"Name files like {', '.join(patterns)}.")
        return streams

    def pattern(self, stream: Stream) -> str:
        """Glob of a table's files; empty where nothing names them."""
        template = self.config.get("files") or ""
        return stream.files or template.replace("{stream}", glob.escape(stream.name))

    @abstractmethod
    def _stream(self, stream: Stream, found: Sequence[SourceFile], origin: str) -> FileStream:
        """The stream of a table and its files."""

    @property
    def _setting(self) -> str:
        return self.config.get("path_setting") or "path"

    def _files(self, stream: Stream, source: Source) -> list[SourceFile]:
        pattern = self.pattern(stream)
        if not pattern:
            msg = f"Contract, stream {stream.name}: it names no files."
            raise WaybillError(msg, "Give it the custom property `files`, a glob.")
        found = source.matching(pattern)
        if not found and source.is_complete:
            msg = f"{self._setting}: {source.place} holds no {pattern} (stream {stream.name}), but {source_files.names_of(source.files)}."
            remedy = f"Add the file, or name the right place in {self._setting}."
            raise WaybillError(msg, remedy)
        return found
