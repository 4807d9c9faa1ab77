"""What the rules find, and what an incident keeps of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from psycopg.rows import dict_row

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Callable

    import psycopg

Kind = Literal[
    "run_failed", "deadline_missed", "stale_source", "dead_letters", "unbalanced", "slow_freshness"
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Phase = Literal["opened", "closed"]


@dataclass(frozen=True)
class Finding:
    """Something that is wrong now.

    Attributes:
        kind: Which rule found it.
        subject: What it is about: a schedule or job, a source, a stream.
        summary: What happened, in one line, without a value of a row.
        run_id: The run that shows it, where one does.
        log_url: Where that run's log is, where it is known.
    """

    kind: Kind
    subject: str
    summary: str
    run_id: str | None = None
    log_url: str | None = None


@dataclass(frozen=True)
class Incident:
    """A row of `waybill.incident`."""

    incident_id: int
    kind: Kind
    subject: str
    opened_at: dt.datetime
    last_seen_at: dt.datetime
    closed_at: dt.datetime | None
    run_id: uuid.UUID | None
    summary: str
    remedy_url: str
    log_url: str | None


def as_incident(cursor: psycopg.Cursor[Any]) -> Callable[[Any], Incident]:
    """A row factory of psycopg for rows of `waybill.incident`."""
    names = [field.name for field in fields(Incident)]
    row_of = dict_row(cursor)

    def made(values: Any) -> Incident:
        row = row_of(values)
        return Incident(**{name: row[name] for name in names})

    return made


@dataclass(frozen=True)
class Changes:
    """What one evaluation has changed: incidents that it opened, found again, and closed."""

    opened: tuple[Incident, ...]
    seen: tuple[Incident, ...]
    closed: tuple[Incident, ...]
