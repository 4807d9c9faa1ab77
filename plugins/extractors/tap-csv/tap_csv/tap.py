"""The tap: settings and discovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_csv import files, layout
from tap_csv.streams import CsvStream
from waybill_common.files.tap import FileTap, settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_common.contracts import Stream
    from waybill_common.source_files import SourceFile


class TapCsv(FileTap):
    """CSV files, folders, globs and members of a zip, typed by a data contract."""

    name = "tap-csv"
    package_name = "waybill-tap-csv"
    config_jsonschema = settings().to_dict()

    def _stream(self, stream: Stream, found: Sequence[SourceFile], origin: str) -> CsvStream:
        unknown = _unknown_columns(stream, found)
        return CsvStream(self, stream, found, unknown, origin=origin)


def _unknown_columns(stream: Stream, found: Sequence[SourceFile]) -> list[str]:
    names: dict[str, None] = {}
    for file in found:
        header = files.header(file, stream)
        layout.of_header(header, stream, file.place)
        if stream.drift == "evolve":
            names |= dict.fromkeys(layout.unknown_columns(header, stream))
    return list(names)
