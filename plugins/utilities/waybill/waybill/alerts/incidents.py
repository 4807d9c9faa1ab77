"""Open, update and close incidents, each exactly once however many evaluations run at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waybill.alerts.model import Changes, as_incident

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import psycopg

    from waybill.alerts.model import Finding, Incident, Kind

_LOCK = 7_204_118_553
"""Key of the advisory lock under which one evaluation reads and writes before the next one reads."""

_OPEN = "select * from waybill.incident where closed_at is null order by incident_id"
_SEE = """
    update waybill.incident
    set
        last_seen_at = clock_timestamp(), summary = %(summary)s, remedy_url = %(remedy_url)s,
        run_id = %(run_id)s, log_url = %(log_url)s
    where incident_id = %(incident_id)s
    returning *
"""
_INSERT = """
    insert into waybill.incident (kind, subject, summary, remedy_url, run_id, log_url)
    values (%(kind)s, %(subject)s, %(summary)s, %(remedy_url)s, %(run_id)s, %(log_url)s)
    returning *
"""
_CLOSE = """
    update waybill.incident
    set closed_at = clock_timestamp()
    where incident_id = %s
    returning *
"""
# A channel that is configured while an incident is open is told of it too. `on conflict` would wait
# for a message that is being sent.
_ANNOUNCE_OPEN = """
    insert into waybill.incident_message (incident_id, phase, channel)
    select incident, 'opened', channel.channel
    from unnest(%(incidents)s::bigint[]) as incident,
        unnest(%(channels)s::text[]) as channel (channel)
    where not exists (
        select from waybill.incident_message as known
        where known.incident_id = incident and known.channel = channel.channel
            and known.phase = 'opened'
    )
"""
# One that was not told of the beginning has no use for the end.
_ANNOUNCE_OVER = """
    insert into waybill.incident_message (incident_id, phase, channel)
    select incident_id, 'closed', channel
    from waybill.incident_message
    where incident_id = any(%(incidents)s) and channel = any(%(channels)s) and phase = 'opened'
"""


def lock(session: psycopg.Connection[Any]) -> None:
    """Wait until no other evaluation is under way; held to the end of the transaction.

    What is read before it may be older than what another evaluation has acted on.
    """
    session.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))


def reconcile(
    session: psycopg.Connection[Any],
    findings: Iterable[Finding],
    channels: Sequence[str],
    remedies: dict[str, str],
    unsure: Collection[Kind] = (),
) -> Changes:
    """Make the open incidents those of the findings.

    Args:
        session: In the transaction that took `lock` and read what the findings rest on.
        findings: All that is wrong now.
        channels: Names of the channels that are to be told of what opens and closes.
        remedies: The page for each kind.
        unsure: Kinds that could not be looked for everywhere: what was not found is not over.
    """
    found = {(finding.kind, finding.subject): finding for finding in findings}
    opened: list[Incident] = []
    seen: list[Incident] = []
    closed: list[Incident] = []
    for incident in open_incidents(session):
        finding = found.pop((incident.kind, incident.subject), None)
        if finding is None and incident.kind in unsure:
            seen.append(incident)
        elif finding is None:
            closed.append(_written(session, _CLOSE, (incident.incident_id,)))
        else:
            values = _values(finding, remedies) | {"incident_id": incident.incident_id}
            seen.append(_written(session, _SEE, values))
    opened.extend(
        _written(session, _INSERT, _values(finding, remedies)) for finding in found.values()
    )
    for statement, incidents in ((_ANNOUNCE_OPEN, [*seen, *opened]), (_ANNOUNCE_OVER, closed)):
        identifiers = [incident.incident_id for incident in incidents]
        session.execute(statement, {"incidents": identifiers, "channels": list(channels)})
    return Changes(tuple(opened), tuple(seen), tuple(closed))


def open_incidents(session: psycopg.Connection[Any]) -> list[Incident]:
    """The incidents that are not over, oldest first."""
    with session.cursor(row_factory=as_incident) as cursor:
        return cursor.execute(_OPEN).fetchall()


def _values(finding: Finding, remedies: dict[str, str]) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "subject": finding.subject,
        "summary": " ".join(finding.summary.split()),
        "remedy_url": remedies[finding.kind],
        "run_id": finding.run_id,
        "log_url": finding.log_url,
    }


def _written(session: psycopg.Connection[Any], statement: str, values: Any) -> Incident:
    with session.cursor(row_factory=as_incident) as cursor:
        (row,) = cursor.execute(statement.encode(), values).fetchall()
    return row
