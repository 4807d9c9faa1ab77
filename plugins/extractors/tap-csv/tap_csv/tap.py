"""The tap: settings, discovery, state at the start, and its end by a signal."""

from __future__ import annotations

import atexit
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.plugin_base import PluginBase

from tap_csv import files, layout, location, sources
from tap_csv.bookmark import reset_read
from tap_csv.streams import CsvStream
from waybill_common import contracts, project
from waybill_common.batch_files import BatchFolder
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_csv.sources import Source, SourceFile
    from waybill_common.contracts import Contract, Stream


class TapCsv(Tap):
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
        th.Property(
            "mode",
            th.StringType,
            title="Mode",
            description="What goes over the wire: `record` (any Singer target reads it) or `batch` (files ready for COPY, read by Waybill's targets).",
            default="record",
            allowed_values=["batch", "record"],
        ),
    ).to_dict()

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """The SDK's own settings, but for `batch_config`: `mode` stands for it."""
        PluginBase.append_builtin_config.__func__(cls, config_jsonschema)  # type: ignore[attr-defined]  # skips Tap's

    @cached_property
    def contract(self) -> Contract:
        """The contract of the source."""
        return contracts.load(project.resolve(self.config["contract"]))

    @cached_property
    def batch_folder(self) -> BatchFolder:
        """Where this run's batch files go; those of dead runs are swept when it is made."""
        folder = BatchFolder(f"{self.name}--{self.contract.source}")
        atexit.register(folder.close)
        return folder

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
            msg = f"{self._setting}: {source.place} holds no file of the contract, but {sources.names_of(source.files)}."
            raise WaybillError(msg, f"Name files like {patterns}.")
        return streams

    def load_state(self, state: dict[str, Any]) -> None:
        """Start from a state, in which nothing was sent in this invocation yet."""
        super().load_state(state)
        for bookmark in self.state.get("bookmarks", {}).values():
            reset_read(bookmark)

    @property
    def _setting(self) -> str:
        return self.config.get("path_setting") or "path"

    def _files(self, stream: Stream, source: Source) -> list[SourceFile]:
        if not stream.files:
            msg = f"Contract, stream {stream.name}: it names no files."
            raise WaybillError(msg, "Give it the custom property `files`, a glob.")
        found = source.matching(stream.files)
        if not found and source.is_complete:
            msg = f"{self._setting}: {source.place} holds no {stream.files} (stream {stream.name}), but {sources.names_of(source.files)}."
            remedy = f"Add the file, or name the right place in {self._setting}."
            raise WaybillError(msg, remedy)
        return found

    def _handle_termination(self, signum: int, frame: object) -> NoReturn:  # noqa: ARG002 - a signal handler's signature
        """End at once and not with 0; the state as it stands may be of half a file."""
        raise SystemExit(128 + signum)


def _unknown_columns(stream: Stream, found: Sequence[SourceFile]) -> list[str]:
    names: dict[str, None] = {}
    for file in found:
        header = files.header(file)
        layout.of_header(header, stream, file.place)
        if stream.drift == "evolve":
            names |= dict.fromkeys(layout.unknown_columns(header, stream))
    return list(names)
