"""Send what has been announced: each message once to each channel, and again where it was not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from waybill.alerts.messages import of_incident
from waybill.alerts.model import as_incident
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from waybill.alerts.channels import Channel

# Over is told after open, also where another process is sending that very message now. Those that
# were tried come last: a message that no server takes must not keep the others back.
_NEXT = """
    select message.incident_id, message.phase, message.channel
    from waybill.incident_message as message
    where message.sent_at is null
        and message.channel = any(%s)
        and (
            message.phase = 'opened'
            or not exists (
                select
                from waybill.incident_message as before
                where before.incident_id = message.incident_id
                    and before.channel = message.channel
                    and before.phase = 'opened'
                    and before.sent_at is null
            )
        )
    order by message.tried_at nulls first, message.incident_id, message.phase desc, message.channel
    limit 1
    for update skip locked
"""
_INCIDENT = "select * from waybill.incident where incident_id = %s"
_SENT = """
    update waybill.incident_message
    set sent_at = clock_timestamp(), tried_at = clock_timestamp(), failure = null
    where incident_id = %(incident_id)s and phase = %(phase)s and channel = %(channel)s
"""
_FAILED = """
    update waybill.incident_message
    set tried_at = clock_timestamp(), failure = %(failure)s
    where incident_id = %(incident_id)s and phase = %(phase)s and channel = %(channel)s
"""
# Two channels may have their last messages taken at once: each must see that the other has.
_HOLD = "select from waybill.incident where incident_id = %(incident_id)s for no key update"
_ALL_SENT = """
    update waybill.incident
    set
        notified_at = case when %(phase)s = 'opened' then clock_timestamp() else notified_at end,
        closed_notified_at
            = case when %(phase)s = 'closed' then clock_timestamp() else closed_notified_at end
    where incident_id = %(incident_id)s
        and not exists (
            select
            from waybill.incident_message
            where incident_id = %(incident_id)s and phase = %(phase)s and sent_at is null
        )
"""


def deliver(session: psycopg.Connection[Any], channels: Iterable[Channel]) -> list[str]:
    """Send all unsent messages of the channels.

    A channel that fails is left alone until the next evaluation; its messages stay unsent. Each
    message is a transaction of its own, which holds the message's row while it is sent: another
    process passes over it. A process that dies after the server took the message and before the
    commit leaves it unsent, so it goes out a second time, under the same id.

    Args:
        session: In autocommit.
        channels: Those to send by.

    Returns:
        What went wrong, a line each.
    """
    usable = {channel.name: channel for channel in channels}
    remarks: list[str] = []
    while usable:
        with session.transaction(), session.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(_NEXT, (list(usable),)).fetchone()
            if row is None:
                break
            try:
                remark = _send(session, usable[row["channel"]], row)
            except WaybillError as error:
                del usable[row["channel"]]
                remark = f"{error} The message is sent at the next evaluation."
                cursor.execute(_FAILED, row | {"failure": str(error)})
            else:
                cursor.execute(_SENT, row)
                cursor.execute(_HOLD, row)
                cursor.execute(_ALL_SENT, row)
        if remark:
            remarks.append(remark)
    return remarks


def _send(session: psycopg.Connection[Any], channel: Channel, row: dict[str, Any]) -> str:
    with session.cursor(row_factory=as_incident) as cursor:
        (incident,) = cursor.execute(_INCIDENT, (row["incident_id"],)).fetchall()
    return channel.send(of_incident(incident, row["phase"]))
