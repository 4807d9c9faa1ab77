"""What people are told of an incident: what happened, where the log is, what to do first."""

from __future__ import annotations

import datetime as dt
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill.alerts.model import KINDS
from waybill_common import durations, project

if TYPE_CHECKING:
    from waybill.alerts.model import Incident, Kind, Phase

PAGES_URL = "WAYBILL_RUNBOOKS_URL"

TITLES: dict[Kind, str] = {
    "run_failed": "run failed",
    "deadline_missed": "deadline missed",
    "stale_source": "source is stale",
    "dead_letters": "too many rows could not land",
    "unbalanced": "receipt does not balance",
    "slow_freshness": "warehouse lags behind",
}
FIRST: dict[Kind, str] = {
    "run_failed": (
        "read the cause above: it names the rule, table or setting. Mend that and run the job again; "
        "what was committed stays."
    ),
    "deadline_missed": (
        "see whether a run is under way or the schedule is paused: `meltano invoke waybill:history`."
    ),
    "stale_source": (
        "see whether the source still gets rows. If it does, look at the last runs: "
        "`meltano invoke waybill:history`."
    ),
    "dead_letters": "list the rows and their reasons: `meltano invoke waybill:dead-letters`.",
    "unbalanced": (
        "read the differences in the receipt: they name the stream, the figure and the first keys. "
        "Do not use the figures of the marts it names until it balances."
    ),
    "slow_freshness": (
        "see which step takes the time: `meltano invoke waybill:history` and "
        "`meltano invoke waybill:freshness`."
    ),
}


@dataclass(frozen=True)
class Trouble:
    """Something that hinders the evaluation itself.

    Attributes:
        name: Of the file that keeps it.
        title: What it is, in a few words.
        page: Its page of docs/runbooks.
        log: Where there is more about it, and what is not known meanwhile.
        first: What to do first.
        then: What follows when it is over.
    """

    name: str
    title: str
    page: str
    log: str
    first: str
    then: str


WAREHOUSE_DOWN = Trouble(
    "outage",
    "the warehouse does not answer",
    "warehouse-down.md",
    "that of the server; until it answers, no run lands anything and no other alert is found.",
    "see whether the server runs: `meltano invoke warehouse:status`.",
    "the next run catches up.",
)
BLIND = Trouble(
    "blind",
    "not every alert can be found",
    "alerts-blind.md",
    "that of the evaluation; until it is mended, alerts that rest on what it names are not found.",
    "mend what is named above, and run `meltano invoke waybill:alerts`.",
    "all alerts are found again.",
)
TROUBLES = (WAREHOUSE_DOWN, BLIND)


@dataclass(frozen=True)
class Message:
    """One message, the same for every channel.

    Attributes:
        identifier: Names it; the same one when it is sent again.
        subject: One line.
        text: Lines for a person.
        answers: The identifier of the message that it follows, if there is one.
    """

    identifier: str
    subject: str
    text: str
    answers: str = ""


def remedies() -> dict[str, str]:
    """The page of docs/runbooks for each kind: where it is published, otherwise in the project."""
    return {kind: f"{_base()}/{page(kind)}" for kind in KINDS}


def _base() -> str:
    return (os.environ.get(PAGES_URL) or str(project.root() / "docs" / "runbooks")).rstrip("/")


def page(kind: Kind) -> str:
    """The name of a kind's page."""
    return f"{kind.replace('_', '-')}.md"


def title(incident: Incident) -> str:
    """An incident in a few words."""
    return f"{TITLES[incident.kind]}: {incident.subject}"


def of_incident(incident: Incident, phase: Phase) -> Message:
    """The message that an incident is open, or over."""
    what = title(incident)
    identifier = f"waybill.{incident.incident_id}.{_token(incident.opened_at)}"
    if phase == "opened":
        return Message(f"{identifier}.opened", f"[waybill] {what}", _opened(incident))
    return Message(
        f"{identifier}.closed",
        f"[waybill] over: {what}",
        _closed(incident),
        answers=f"{identifier}.opened",
    )


def of_trouble(trouble: Trouble, since: dt.datetime, cause: str) -> Message:
    """The message that a trouble has begun; of the incidents little or nothing is known then."""
    text = (
        f"What happened: {cause}\n"
        f"Found: {moment(since)}, on {socket.gethostname()}\n"
        f"Log: {trouble.log}\n"
        f"What to do first: {trouble.first}\n"
        f"Runbook: {_base()}/{trouble.page}\n"
        "\n"
        "One more message follows, when it is over.\n"
    )
    identifier = f"waybill.{trouble.name}.{_token(since)}"
    return Message(f"{identifier}.opened", f"[waybill] {trouble.title}", text)


def of_trouble_over(trouble: Trouble, since: dt.datetime) -> Message:
    """The message that it is over."""
    identifier = f"waybill.{trouble.name}.{_token(since)}"
    text = f"Over: {trouble.title}.\nIt was found at {moment(since)}; {trouble.then}\n"
    subject = f"[waybill] over: {trouble.title}"
    return Message(f"{identifier}.closed", subject, text, answers=f"{identifier}.opened")


def of_test() -> Message:
    """The message of `alerts-test`."""
    now = dt.datetime.now(tz=dt.UTC)
    text = (
        "This is a test: nothing is wrong.\n"
        f"It was sent from {socket.gethostname()} at {moment(now)}.\n"
        f"Pages for the real ones: {_base()}\n"
    )
    return Message(f"waybill.test.{_token(now)}", "[waybill] test message", text)


def _opened(incident: Incident) -> str:
    return "\n".join(
        (
            f"What happened: {incident.summary}",
            f"Found: {moment(incident.opened_at)}",
            f"Log: {_log(incident)}",
            f"What to do first: {FIRST[incident.kind]}",
            f"Runbook: {incident.remedy_url}",
            "",
            f"Incident {incident.incident_id}. One more message follows, when it is over.",
            "",
        )
    )


def _closed(incident: Incident) -> str:
    end = incident.closed_at or incident.last_seen_at
    lasted = durations.in_words(end - incident.opened_at)
    return "\n".join(
        (
            f"Over: {title(incident)}",
            f"It was: {incident.summary}",
            f"Open from {moment(incident.opened_at)} to {moment(end)} ({lasted}).",
            f"Log: {_log(incident)}",
            f"Incident {incident.incident_id}.",
            "",
        )
    )


def _log(incident: Incident) -> str:
    if incident.log_url:
        return incident.log_url
    if incident.run_id:
        return f"where run {incident.run_id} was started; `meltano invoke waybill:history` has its steps."
    return "none of one run; `meltano invoke waybill:history` lists the last ones."


def moment(at: dt.datetime) -> str:
    """A time as messages and lists show it."""
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def _token(at: dt.datetime) -> str:
    return f"{at:%Y%m%d%H%M%S%f}"
