"""Backfills as the table waybill.backfill keeps them, and the bookmarks that they begin from."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waybill_common.errors import WaybillError
from waybill_common.landing import LANDING, SINCE

if TYPE_CHECKING:
    import psycopg

    from waybill.backfill.request import Request

_FIND = """
    select backfill_id, run_ids
    from waybill.backfill
    where source = %s and streams = %s and window_from is not distinct from %s
        and window_to is not distinct from %s and ended_at is null
    order by started_at desc
    limit 1
"""
_BEGIN = """
    insert into waybill.backfill (backfill_id, source, streams, window_from, window_to)
    values (%s, %s, %s, %s, %s)
"""
_GO_ON = """
    update waybill.backfill set run_ids = array_append(run_ids, %(run)s)
    where backfill_id = %(id)s and %(run)s <> all (run_ids)
"""
_BOOKMARKS = """
    select distinct on (stream) stream, bookmark
    from waybill.load
    where target_schema = %s and stream = any(%s) and bookmark is not null
    order by stream, load_id desc
"""
_OF_A_WINDOW = ("window", "resume")
_TO_BE_READ = "to be read once more"
"""No fingerprint: a file with this one is sent, though its content is known."""


@dataclass(frozen=True)
class Backfill:
    """One backfill, over all runs that it took so far.

    Attributes:
        run_ids: The runs before this one.
    """

    backfill_id: uuid.UUID
    run_ids: tuple[uuid.UUID, ...]

    @classmethod
    def new(cls) -> Backfill:
        """One that has not begun."""
        return cls(uuid.uuid4(), ())

    @property
    def suffix(self) -> str:
        """What parts its state from that of the job."""
        return f"backfill-{self.backfill_id.hex[:12]}"


def unfinished(session: psycopg.Connection[dict[str, Any]], request: Request) -> Backfill | None:
    """The backfill of the same window that was cut off, if there is one."""
    found = session.execute(
        _FIND, (request.contract.source, request.names, *request.ends)
    ).fetchone()
    return Backfill(found["backfill_id"], tuple(found["run_ids"])) if found else None


def begin(
    session: psycopg.Connection[dict[str, Any]], request: Request, backfill: Backfill
) -> None:
    """Note a new backfill, whose state is in place."""
    session.execute(
        _BEGIN,
        (backfill.backfill_id, request.contract.source, request.names, *request.ends),
    )


def add_run(
    session: psycopg.Connection[dict[str, Any]], backfill: Backfill, run_id: uuid.UUID
) -> None:
    """Note that a run works on it, so that its loads are told from others."""
    session.execute(_GO_ON, {"id": backfill.backfill_id, "run": run_id})


def state(session: psycopg.Connection[dict[str, Any]], request: Request) -> dict[str, Any]:
    """The state that a backfill begins from: what has landed, as the ledger knows it.

    Bookmark and rows are one transaction there, so no state can be closer to what has landed.

    Raises:
        WaybillError: A stream has never landed, or not over the lake that is to be replayed, or no
            file of it is in the window.
    """
    rows = session.execute(_BOOKMARKS, (request.contract.raw_schema, request.names)).fetchall()
    found: dict[str, dict[str, Any]] = {row["stream"]: row["bookmark"] for row in rows}
    if request.over_lake:
        return {"singer_state": {"bookmarks": _of_lake(request, found)}}
    for name in request.names:
        part = "files" if request.is_by_file else "replication_key_value"
        if not found.get(name, {}).get(part):
            msg = f"Stream {name} of {request.contract.source} has not landed as a whole yet."
            raise WaybillError(msg, "Run its job first: that reads all that is missing.")
        for mark in _OF_A_WINDOW:
            found[name].pop(mark, None)
    if request.is_by_file and not _mark_files(request, found):
        names = sorted({file for bookmark in found.values() for file in bookmark["files"]})
        msg = f"No file that has landed is in the window: {request}."
        raise WaybillError(msg, f"Files of {request.contract.source}: {', '.join(names[:10])}.")
    return {"singer_state": {"bookmarks": {name: found[name] for name in request.names}}}


def _of_lake(request: Request, bookmarks: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Where the streams stand in the lake, and from when on it is to be replayed."""
    for name in request.names:
        if LANDING not in bookmarks.get(name, {}):
            msg = f"Stream {name} of {request.contract.source} has not come over the lake so far, which may lack what the warehouse has."
            remedy = "Load it from the lake once (docs/lake.md), or backfill from the source, without --from-lake."
            raise WaybillError(msg, remedy)
    return {
        name: {LANDING: {**bookmarks[name][LANDING], SINCE: request.low}} for name in request.names
    }


def _mark_files(request: Request, bookmarks: dict[str, dict[str, Any]]) -> bool:
    is_any = False
    for bookmark in bookmarks.values():
        for name, entry in bookmark["files"].items():
            if request.has_file(name):
                entry["read_as"] = _TO_BE_READ
                is_any = True
    return is_any
