"""What is to be loaded once more."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from waybill_common import contracts
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_common.contracts import Column, Contract, Stream


@dataclass(frozen=True)
class Request:
    """A window of some streams of one source.

    Of a database it is the rows whose replication key is from `low` on and below `high`; of files,
    those whose names are from `low` up to `high`, as they sort; of the lake, what came into it from
    the moment `low` on.

    Attributes:
        low: Where it begins; files may leave it open.
        high: Where it ends; the lake's end is that of the lake.
        over_lake: Whether it comes from the lake, and the source is not asked.
    """

    contract: Contract
    streams: tuple[Stream, ...]
    low: str | None
    high: str | None
    over_lake: bool = False

    @property
    def is_by_file(self) -> bool:
        """Whether the window is one of files."""
        return not self.over_lake and any(stream.files for stream in self.contract.streams)

    @property
    def names(self) -> list[str]:
        """The streams' names."""
        return [stream.name for stream in self.streams]

    @property
    def ends(self) -> tuple[str | None, str | None]:
        """Its two ends as the table of backfills keeps them."""
        return (f"lake since {self.low}" if self.over_lake else self.low), self.high

    def __str__(self) -> str:
        """The window in words."""
        if self.over_lake:
            return f"what has come into the lake since {self.low}, in that order"
        if not self.is_by_file:
            keys = sorted({str(stream.replication_key) for stream in self.streams})
            return f"rows with {self.low} <= {' or '.join(keys)} < {self.high}"
        if self.low is None and self.high is None:
            return "all files"
        ends = [
            f"{word} {name}" for word, name in (("from", self.low), ("up to", self.high)) if name
        ]
        return f"files {' '.join(ends)}, both included, by name"

    def has_file(self, name: str) -> bool:
        """Whether a file is in the window."""
        return (self.low is None or name >= self.low) and (self.high is None or name <= self.high)


def read(
    source: str, names: Sequence[str], low: str | None, high: str | None, *, over_lake: bool = False
) -> Request:
    """Check what was asked for against the contract.

    Args:
        source: The contract's id.
        names: Streams; none means all that have a window.
        low: The window's beginning.
        high: Its end.
        over_lake: Whether it is to come from the lake.

    Raises:
        WaybillError: There is no such source, stream or window.
    """
    known = {contract.source: contract for contract in contracts.load_all()}
    if source not in known:
        msg = f"No contract in extract/contracts has the id {source}."
        raise WaybillError(msg, f"Name one of: {', '.join(known)}.")
    contract = known[source]
    streams = {stream.name: stream for stream in contract.streams}
    if unknown := [name for name in names if name not in streams]:
        msg = f"The contract of {source} has no stream {unknown[0]}."
        raise WaybillError(msg, f"Name some of: {', '.join(streams)}.")
    chosen = tuple(streams[name] for name in names or streams)
    if over_lake:
        return _of_lake(Request(contract, chosen, low, high, over_lake=True))
    request = Request(contract, chosen, low, high)
    if request.is_by_file:
        return _of_files(request)
    with_window = tuple(each for each in request.streams if each.replication_key and each.key)
    if names and len(with_window) < len(names):
        whole = next(each.name for each in request.streams if each not in with_window)
        msg = f"Stream {whole} has no replication key or no key, so each run reads it whole."
        raise WaybillError(msg, "Leave it out of --streams: there is no window to load again.")
    if not with_window:
        msg = f"No stream of {source} has a replication key, so there is no window to load again."
        raise WaybillError(
            msg, "Load all of it once more: `meltano run --full-refresh` with its job."
        )
    return _of_rows(replace(request, streams=with_window))


def _of_lake(request: Request) -> Request:
    if request.high is not None:
        msg = "A window of the lake ends with the lake: what came later may hold later versions of the same rows."
        raise WaybillError(msg, "Leave --to out.")
    expected = "Give --from a date, or a date and time, in UTC where it has no zone."
    if request.low is None:
        msg = "A window of the lake begins with the day on which its rows came into it."
        raise WaybillError(msg, expected)
    try:
        moment = dt.datetime.fromisoformat(request.low)
    except ValueError as error:
        msg = f"--from {request.low!r} is no moment."
        raise WaybillError(msg, expected) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return replace(request, low=moment.astimezone(dt.UTC).isoformat())


def _of_files(request: Request) -> Request:
    if request.low and request.high and request.low > request.high:
        msg = f"No name of a file is from {request.low} up to {request.high}."
        raise WaybillError(msg, "Give --from the name that sorts first.")
    return request


def _of_rows(request: Request) -> Request:
    if request.low is None or request.high is None:
        msg = f"A window of {request.contract.source} has a beginning and an end."
        remedy = (
            "Give --from (the first value of the replication key) and --to (the first after it)."
        )
        raise WaybillError(msg, remedy)
    for stream in request.streams:
        column = stream.column(str(stream.replication_key))
        low, high = (
            _value(text, option, stream.name, column)
            for text, option in ((request.low, "--from"), (request.high, "--to"))
        )
        if low >= high:  # type: ignore[operator]  # both are of one type
            msg = f"The window from {request.low} to {request.high} has nothing in it."
            raise WaybillError(msg, "--to is the first value that is no longer in the window.")
    return request


def _value(text: str, option: str, stream: str, column: Column) -> int | dt.datetime:
    """A value of a replication key, to compare."""
    has_zone = column.sql_type.startswith("timestamptz") or "with time zone" in column.sql_type
    expected = "a date, or a date and time"
    try:
        if column.logical_type == "integer":
            expected = "a whole number"
            return int(text)
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is None or has_zone:
            return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        expected = "a time without a zone, as it stands there"
    except ValueError:
        pass
    msg = f"{option} {text!r} is no value of {stream}.{column.name} ({column.sql_type})."
    raise WaybillError(msg, f"Give {expected}, such as {_example(column)}.")


def _example(column: Column) -> str:
    return "1000" if column.logical_type == "integer" else "'2024-01-31' or '2024-01-31 18:00:00'"
