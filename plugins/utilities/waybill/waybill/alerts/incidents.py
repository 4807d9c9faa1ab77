"""Open, update and close incidents, each exactly once however many evaluations run at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waybill.alerts.model import Changes, as_incident

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import psycopg

    from waybill.alerts.model import Finding, Incident, Phase

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
_MESSAGE = "insert into waybill.incident_message (incident_id, phase, channel) values (%s, %s, %s)"


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
) -> Changes:
    """Make the open incidents those of the findings.

    Args:
        session: In the transaction that took `lock` and read what the findings rest on.
        findings: All that is wrong now.
        channels: Names of the channels that are to be told of what opens and closes.
        remedies: The page for each kind.
    """
    found = {(finding.kind, finding.subject): finding for finding in findings}
    opened: list[Incident] = []
    seen: list[Incident] = []
    closed: list[Incident] = []
    for incident in open_incidents(session):
        finding = found.pop((incident.kind, incident.subject), None)
        if finding is None:
            closed.append(_written(session, _CLOSE, (incident.incident_id,)))
        else:
            values = _values(finding, remedies) | {"incident_id": incident.incident_id}
            seen.append(_written(session, _SEE, values))
    opened.extend(
        _written(session, _INSERT, _values(finding, remedies)) for finding in found.values()
    )
    _announce(session, opened, "opened", channels)
    _announce(session, closed, "closed", channels)
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


def _announce(
    session: psycopg.Connection[Any],
    incidents: Iterable[Incident],
    phase: Phase,
    channels: Sequence[str],
) -> None:
    for incident in incidents:
        for channel in channels:
            session.execute(_MESSAGE, (incident.incident_id, phase, channel))
