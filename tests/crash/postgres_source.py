"""Two days of a source database: a table read by its key and time of change, one without a key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import yaml
from crash.streams import Chain, Day, Row, contract, digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crash.server import Server

_ROWS = 6_000
# Digests, as PostgreSQL would compress what repeats.
_PADDING = """(
    select coalesce(string_agg(md5(n::text || block), ''), '') from generate_series(1, {blocks}) as block
)"""
_FIRST = """
    create table orders (
        id integer primary key, amount numeric(12,2), note text, updated_at timestamptz not null
    );
    create table clicks (id integer, amount numeric(12,2), note text);
    create table refunds (
        id integer primary key, amount numeric(12,2), note text, updated_at timestamptz not null
    );
    insert into orders
    select n, (n % 97) + 0.25, 'order ' || n || {padding}, timestamptz '2026-01-01' + n * interval '1 second'
    from generate_series(1, {rows}) as n;
    insert into clicks select n % 1000, (n % 89) + 0.5, 'click ' || n || {padding} from generate_series(1, {rows}) as n;
    insert into refunds select id, -amount, note, updated_at from orders where id % 3 = 0;
    -- The tap asks the planner how long a table is.
    analyze
"""
_SECOND = """
    update orders set amount = amount + 1.5, updated_at = timestamptz '2026-01-02' where id % 5 = 0;
    -- A late commit: its time of change is older than what was read.
    insert into orders
    select n, 7, 'late ' || n, timestamptz '2025-12-31' from generate_series({rows} + 1, {rows} + 900) as n;
    delete from clicks where id % 7 = 0;
    insert into clicks select n, 0.75, 'later click ' || n from generate_series(1, 800) as n;
    update refunds set note = note || ' again', amount = amount - 1, updated_at = timestamptz '2026-01-02'
    where id % 2 = 0
"""


_DELETES = "delete from orders where id % 11 = 0"
_ROWS_PER_PART = 1_500
IN_PARTS = {"rows_per_part": _ROWS_PER_PART, "parallel_streams": 3, "find_deletes": True}
"""Settings by which a first load has several transactions, and deletes are found."""


def days(
    server: Server,
    port: int,
    folder: Path,
    settings: dict[str, Any],
    *,
    is_read_on: bool,
    width: int,
) -> Iterator[Day]:
    """Fill a database for each day; the second only when the first was read.

    Args:
        server: Where they are made.
        port: The proxy's, through which the tap reads.
        folder: Where the contract is written.
        settings: The tap's, but for source and contract.
        is_read_on: Whether a run reads on from the one before, rather than all.
        width: How much longer than needed each text is, in characters.
    """
    path = folder / "contract.yml"
    by_time = {"replicationKey": "updated_at"} if is_read_on else {}
    streams = {"orders": by_time, "clicks": {}, "refunds": by_time}
    path.write_text(yaml.safe_dump(contract(streams, has_key={"orders", "refunds"})))
    before = None
    is_in_parts = "rows_per_part" in settings
    for changes in (_FIRST, _SECOND):
        now = server.copy(before or "source")
        server.execute(now, changes.format(rows=_ROWS, padding=_PADDING.format(blocks=width // 32)))
        if is_in_parts and before:
            server.execute(now, _DELETES)
        url = server.login(now, "source_reader", port)
        chains = {
            stream: _chain(
                server, before, now, stream, is_in_parts=is_in_parts and stream != "clicks"
            )
            for stream in streams
        }
        yield Day(settings | {"sqlalchemy_url": url, "contract": str(path)}, chains)
        before = now


def _chain(
    server: Server, before: str | None, now: str, stream: str, *, is_in_parts: bool
) -> Chain:
    old = _rows(server, before, stream) if before else []
    new = _rows(server, now, stream)
    steps = [old]
    if is_in_parts and before:
        left = {row[0] for row in new}
        new += [(*row[:-1], "deleted") for row in old if row[0] not in left]
    elif is_in_parts:
        steps += [new[:end] for end in range(_ROWS_PER_PART, len(new), _ROWS_PER_PART)]
    # After the last part, a table is whole before its bookmark says so.
    ends = [step[-1][0] for step in [*steps, new][1:]]
    states = tuple(map(digest, [*steps, new]))
    query = f"select count(*), sum(amount)::text from {stream}"
    ((count, total),) = server.rows(now, query)
    return Chain(states, partial(_position, ends, {"rows": count, "totals": {"amount": total}}))


def _rows(server: Server, database: str, stream: str) -> list[Row]:
    query = f"select id::text, amount::text, note, null, null from {stream} order by {stream}.id"
    return server.rows(database, query)


def _position(
    ends: list[str | None], figures: dict[str, Any], bookmark: dict[str, Any] | None
) -> int:
    if resume := (bookmark or {}).get("resume"):
        return ends.index(resume["after"][0]) + 1
    source = (bookmark or {}).get("source", {})
    return len(ends) * ({name: source.get(name) for name in figures} == figures)
