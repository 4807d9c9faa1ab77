"""Batch files in the formats of the Singer SDK, JSON lines and Parquet, as records."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, cast

from singer_sdk.helpers._batch import StorageTarget

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JSON_LINES = "jsonl"
PARQUET = "parquet"
_ROWS_AT_ONCE = 5_000


def records(stream: str, message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The records of a BATCH message, a few thousand in memory at a time; its files stay.

    Args:
        stream: The stream's name, for errors.
        message: The message.

    Raises:
        WaybillError: The format is not known, a file is gone, or pyarrow is needed and missing.
    """
    encoding = message["encoding"]
    for url in message["manifest"]:
        head, tail = StorageTarget.split_url(url)
        try:
            with StorageTarget.from_url(head).open(tail, mode="rb") as file:
                yield from _decoded(stream, encoding, cast("IO[bytes]", file))
        except FileNotFoundError as error:
            msg = f"Stream {stream}: the batch file {url} is gone."
            raise WaybillError(msg, "Run the tap again; tap and target must share it.") from error


def _decoded(stream: str, encoding: Mapping[str, Any], file: IO[bytes]) -> Iterator[dict[str, Any]]:
    if encoding["format"] == PARQUET:
        yield from _from_parquet(stream, file)
    elif encoding["format"] != JSON_LINES:
        msg = f"Stream {stream}: batch files of format {encoding['format']!r} cannot be read."
        raise WaybillError(msg, "Set the tap's batch format to jsonl, or send records.")
    elif encoding.get("compression") == "gzip":
        with gzip.open(file) as lines:
            yield from _from_lines(cast("IO[bytes]", lines))
    else:
        yield from _from_lines(file)


def _from_lines(lines: IO[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        yield json.loads(line, parse_float=Decimal)


def _from_parquet(stream: str, file: IO[bytes]) -> Iterator[dict[str, Any]]:
    try:
        from pyarrow import parquet  # noqa: PLC0415 - 130 MB that few taps need
    except ImportError as error:
        msg = f"Stream {stream}: Parquet batch files need pyarrow, which is not installed."
        remedy = "Install the target's extra [parquet], or set the tap's batch format to jsonl."
        raise WaybillError(msg, remedy) from error
    for batch in parquet.ParquetFile(file).iter_batches(batch_size=_ROWS_AT_ONCE):
        yield from batch.to_pylist()
