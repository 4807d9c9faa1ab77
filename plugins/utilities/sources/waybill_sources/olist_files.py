"""A user's own CSV files: whether all are there, with the columns the contract requires."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from waybill_common import project, source_files
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill_common.contracts import Contract, Stream
    from waybill_common.source_files import Source, SourceFile

_URL = re.compile(r"(?:s3|gs|gcs|https?)://[^/\s]+")
_KAGGLE = re.compile(r"kaggle:[\w-]+/[\w.-]+")
_HEADER_BYTES = 1 << 16


def check(value: str, contract: Contract, setting: str) -> str:
    """Check what a setting says of the place of a contract's files.

    Args:
        value: A folder, zip, file or glob; or a URL or `kaggle:owner/dataset`, of which only the form is
            checked: tap-csv reads it.
        contract: Names the files and their columns.
        setting: The setting's name.

    Returns:
        One line on what was found.

    Raises:
        WaybillError: Something is missing; names the setting, the file and the column.
    """
    if value.startswith("kaggle:"):
        if not _KAGGLE.fullmatch(value):
            msg = f"{setting}: {value} names no data set."
            raise WaybillError(msg, f"Set {setting} to kaggle:owner/dataset.")
        return f"{value}, read by the tap"
    if "://" in value:
        if not _URL.match(value):
            scheme = value.partition("://")[0]
            msg = f"{setting}: {scheme}:// is no place of CSV files, or nothing follows it."
            remedy = "Use a folder, a zip, s3://, gs://, http(s):// or kaggle:owner/dataset."
            raise WaybillError(msg, remedy)
        return f"{value.partition('://')[0]}:// address, read by the tap"
    path = project.resolve(value)
    checked = _check_streams(source_files.of_path(path, setting), contract, setting)
    size = sum(file.stored_size or 0 for file in checked) / 1e6
    return f"{path}, {len(checked)} files, {size:,.1f} MB, checked"


def _check_streams(source: Source, contract: Contract, setting: str) -> list[SourceFile]:
    checked: list[SourceFile] = []
    for stream in contract.streams:
        files = source.matching(stream.files or "")
        if not files and source.is_complete:
            msg = f"{setting}: {source.place} has no file {stream.files}."
            raise WaybillError(
                msg,
                f"Add it, or set {setting} to a place that has every file of {contract.source}.yml.",
            )
        for file in files:
            _check_header(file, stream, setting)
        checked += files
    if not checked:
        msg = f"{setting}: {source.place} is none of the files that {contract.source}.yml names."
        raise WaybillError(msg, f"Set {setting} to a folder or zip of the CSV files.")
    return checked


def _check_header(file: SourceFile, stream: Stream, setting: str) -> None:
    dialect = stream.dialect
    with file.open() as content:
        text = content.read(_HEADER_BYTES).decode(dialect.encoding, errors="replace")
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    header = next(csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote), [])
    for column in stream.columns:
        if column.is_required and not {column.name, column.source_name} & set(header):
            msg = f"{setting}: {file.name} has no column {column.source_name}."
            raise WaybillError(msg, "Restore the file's header; columns go by their names.")
