"""What a message says, and that its links lead somewhere."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

import pytest

from waybill.alerts import messages
from waybill.alerts.model import KINDS, Incident
from waybill_common import project

RUN = uuid.UUID("6c1f37c0-9d0a-4b6b-9b52-6f3c1e4ad111")
OPENED = dt.datetime(2026, 3, 4, 12, 0, tzinfo=dt.UTC)
INCIDENT = Incident(
    incident_id=7,
    kind="run_failed",
    subject="trade-every-5-minutes",
    opened_at=OPENED,
    last_seen_at=OPENED,
    closed_at=None,
    run_id=RUN,
    summary="trade failed at validate:raw-totesys: payment: 3 rows lack an amount",
    remedy_url="https://docs.example.com/runbooks/run-failed.md",
    log_url="http://127.0.0.1:8080/dags/trade-every-5-minutes",
)


def test_a_message_says_what_happened_where_the_log_is_and_what_to_do_first() -> None:
    """Whoever is woken by it needs no other source to begin."""
    message = messages.of_incident(INCIDENT, "opened")
    assert message.subject == "[waybill] run failed: trade-every-5-minutes"
    lines = message.text.splitlines()
    assert lines[0] == f"What happened: {INCIDENT.summary}"
    assert f"Log: {INCIDENT.log_url}" in lines
    assert any(line.startswith("What to do first: read the cause above") for line in lines)
    assert f"Runbook: {INCIDENT.remedy_url}" in lines


def test_the_last_message_says_how_long_it_lasted() -> None:
    """Two mails far apart are one story without looking anything up."""
    closed = replace(INCIDENT, closed_at=OPENED + dt.timedelta(minutes=95))
    message = messages.of_incident(closed, "closed")
    assert message.subject == "[waybill] over: run failed: trade-every-5-minutes"
    assert (
        "Open from 2026-03-04 12:00:00 UTC to 2026-03-04 13:35:00 UTC (1 h 35 min)." in message.text
    )
    assert message.answers == messages.of_incident(INCIDENT, "opened").identifier


@pytest.mark.parametrize(("log_url", "run_id"), [("", RUN), (None, RUN), (None, None)])
def test_without_an_address_of_the_log_the_command_that_finds_it_is_told(
    log_url: str | None, run_id: uuid.UUID | None
) -> None:
    """A run from the shell has its log where it was started; the history knows the steps."""
    incident = replace(INCIDENT, log_url=log_url, run_id=run_id)
    text = messages.of_incident(incident, "opened").text
    assert "meltano invoke waybill:history" in text
    assert (str(RUN) in text) == (run_id is not None)


def test_every_kind_has_its_words_and_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link into a runbook that does not exist is worse than none."""
    pages = project.root() / "docs" / "runbooks"
    for kind in KINDS:
        assert messages.TITLES[kind]
        assert messages.FIRST[kind]
        assert (pages / messages.page(kind)).is_file()
        assert messages.remedies()[kind] == str(pages / messages.page(kind))
    for trouble in messages.TROUBLES:
        assert (pages / trouble.page).is_file()
    monkeypatch.setenv("WAYBILL_RUNBOOKS_URL", "https://docs.example.com/runbooks/")
    assert messages.remedies()["run_failed"] == INCIDENT.remedy_url
