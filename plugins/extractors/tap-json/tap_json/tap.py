"""The tap: settings and discovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import typing as th

from tap_json.streams import JsonStream
from waybill_common.files.tap import FileTap, settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_common.contracts import Stream
    from waybill_common.source_files import SourceFile


class TapJson(FileTap):
    """JSON lines and arrays in files, folders, globs and zips, typed by a data contract."""

    name = "tap-json"
    package_name = "waybill-tap-json"
    config_jsonschema = settings(
        th.Property(
            "files",
            th.StringType,
            title="Files",
            description="Glob of a table's files where the contract names none; {stream} stands for the table's name.",
            default="{stream}[.-]*json*",
        ),
    ).to_dict()

    def _stream(self, stream: Stream, found: Sequence[SourceFile], origin: str) -> JsonStream:
        return JsonStream(self, stream, found, origin=origin)
