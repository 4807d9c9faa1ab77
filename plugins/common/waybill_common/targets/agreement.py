"""What has arrived, held against what the tap says it has sent."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NoReturn

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from waybill_common.targets.received import Received


def check_read(received: Mapping[str, Received], bookmarks: Mapping[str, Any]) -> None:
    """Compare rows and control totals.

    Args:
        received: By stream; any stream may be asked for.
        bookmarks: The state's `bookmarks`; those without `read` are not checked.

    Raises:
        WaybillError: Rows or a total differ; names stream and figures.
    """
    for stream, bookmark in bookmarks.items():
        read = bookmark.get("read") if isinstance(bookmark, dict) else None
        if not isinstance(read, dict) or not isinstance(read.get("rows"), int):
            continue
        came = received[stream]
        if came.rows != read["rows"]:
            _refuse(stream, "rows", came.rows, read["rows"])
        if came.has_skipped:
            continue
        for column, total in (read.get("totals") or {}).items():
            if column in came.totals and came.totals[column] != _decimal(total):
                _refuse(stream, f"total of {column}", came.totals[column], total)


def _refuse(stream: str, what: str, received: object, read: object) -> NoReturn:
    msg = f"Stream {stream}: {what} received: {received}; the tap says it sent {read}. Nothing was committed."
    raise WaybillError(msg, "Run again; if it stays, tap and target do not speak the same version.")


def _decimal(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
