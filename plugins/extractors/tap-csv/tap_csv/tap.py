"""The tap: settings and discovery."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from singer_sdk import typing as th

from tap_csv import files, layout, location
from tap_csv.streams import CsvStream
from waybill_common import contracts, project, source_files
from waybill_common.errors import WaybillError
from waybill_common.tap import WaybillTap, mode_setting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_common.contracts import Contract, Stream
    from waybill_common.source_files import Source, SourceFile


class TapCsv(WaybillTap):
    """CSV files, folders, globs and members of a zip, typed by a data contract."""

    name = "tap-csv"
    package_name = "waybill-tap-csv"
    config_jsonschema = th.PropertiesList(
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
        mode_setting(),
    ).to_dict()

    @cached_property
    def contract(self) -> Contract:
        """The contract of the source."""
        return contracts.load(project.resolve(self.config["contract"]))

    @property
    def source(self) -> str:
        """The contract's id."""
        return self.contract.source

    def discover_streams(self) -> Sequence[CsvStream]:
        """A stream for each table of the contract that has files here.

        Raises:
            WaybillError: A table has no file, or a header does not fit the contract.
        """
        source = location.find(self.config, self.contract)
        origin = location.origin(self.config)
        streams = [
            CsvStream(self, stream, found, _unknown_columns(stream, found), origin=origin)
            for stream in self.contract.streams
            if (found := self._files(stream, source))
        ]
        if not streams:
            patterns = ", ".join(stream.files or "" for stream in self.contract.streams)
            msg = f"{self._setting}: {source.place} holds no file of the contract, but {source_files.names_of(source.files)}."
            raise WaybillError(msg, f"Name files like {patterns}.")
        return streams

    @property
    def _setting(self) -> str:
        return self.config.get("path_setting") or "path"

    def _files(self, stream: Stream, source: Source) -> list[SourceFile]:
        if not stream.files:
            msg = f"Contract, stream {stream.name}: it names no files."
            raise WaybillError(msg, "Give it the custom property `files`, a glob.")
        found = source.matching(stream.files)
        if not found and source.is_complete:
            msg = f"{self._setting}: {source.place} holds no {stream.files} (stream {stream.name}), but {source_files.names_of(source.files)}."
            remedy = f"Add the file, or name the right place in {self._setting}."
            raise WaybillError(msg, remedy)
        return found


def _unknown_columns(stream: Stream, found: Sequence[SourceFile]) -> list[str]:
    names: dict[str, None] = {}
    for file in found:
        header = files.header(file, stream)
        layout.of_header(header, stream, file.place)
        if stream.drift == "evolve":
            names |= dict.fromkeys(layout.unknown_columns(header, stream))
    return list(names)
