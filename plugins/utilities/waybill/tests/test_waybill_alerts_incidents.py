"""Incidents open, are seen, and close exactly once, and each message goes out once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorder import Recorder

from waybill.alerts.evaluate import Outcome, evaluate
from waybill.alerts.model import Finding
from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from waybill.alerts.messages import Message
    from waybill.alerts.model import Kind
    from waybill_warehouse.scratch import ScratchDatabase

FAILED = Finding(
    "run_failed", "trade", "validate:raw failed", run_id="0" * 8 + "-0000" * 3 + "-" + "0" * 12
)
STALE = Finding("stale_source", "totesys.payment", "no row since 12:00")


def settle(
    findings: Iterable[Finding], *channels: Recorder, unsure: Collection[Kind] = ()
) -> Outcome:
    return evaluate(lambda _: findings, channels, unsure=unsure)


@pytest.fixture
def mail(warehouse: ScratchDatabase) -> Recorder:
    assert warehouse
    return Recorder("mail")


def test_an_incident_is_told_once_and_once_when_it_is_over(
    mail: Recorder, warehouse: ScratchDatabase
) -> None:
    """A mail at each evaluation of a lasting fault is one that nobody reads."""
    outcomes = [settle(found, mail) for found in ([], [FAILED], [FAILED], [], [])]
    assert mail.subjects == ["[waybill] run failed: trade", "[waybill] over: run failed: trade"]
    assert [len(each.changes.opened) for each in outcomes] == [0, 1, 0, 0, 0]
    assert [len(each.changes.closed) for each in outcomes] == [0, 0, 0, 1, 0]
    opened, closed = mail.taken
    assert closed.answers == opened.identifier
    assert warehouse.rows(
        "select closed_at > opened_at, notified_at is null, closed_notified_at is null"
        " from waybill.incident"
    ) == [(True, False, False)]

    settle([FAILED], mail)
    assert mail.subjects[2:] == ["[waybill] run failed: trade"]


def test_an_open_incident_tells_the_latest_of_what_is_known(
    mail: Recorder, warehouse: ScratchDatabase
) -> None:
    """The last run's cause and log are the ones to look at, though no second message goes out."""
    settle([FAILED], mail)
    settle([Finding("run_failed", "trade", "dbt:build failed", log_url="http://log/2")], mail)
    assert warehouse.rows("select summary, log_url, run_id from waybill.incident") == [
        ("dbt:build failed", "http://log/2", None)
    ]
    settle([], mail)
    assert "http://log/2" in mail.taken[1].text


def test_a_channel_that_comes_while_an_incident_is_open_is_told_of_both_its_ends(
    mail: Recorder,
) -> None:
    """Protects whoever sets up a channel from an "over" of what they were never told."""
    log = Recorder("log")
    settle([FAILED], log)
    settle([FAILED], mail)
    settle([FAILED], mail)
    assert mail.subjects == ["[waybill] run failed: trade"]
    settle([], mail, late := Recorder("webhook"))
    assert mail.subjects[1:] == ["[waybill] over: run failed: trade"]
    assert late.subjects == []
    assert log.subjects == ["[waybill] run failed: trade"]


def test_what_could_not_be_looked_for_is_not_over(mail: Recorder) -> None:
    """Protects from "over" where a file that cannot be read is why nothing was found."""
    settle([FAILED, STALE], mail)
    outcome = settle([], mail, unsure={"stale_source"})
    assert mail.subjects[2:] == ["[waybill] over: run failed: trade"]
    assert [incident.kind for incident in outcome.changes.seen] == ["stale_source"]
    settle([], mail)
    assert mail.subjects[3:] == ["[waybill] over: source is stale: totesys.payment"]


def test_a_message_that_no_server_took_is_sent_at_the_next_evaluation(
    mail: Recorder, warehouse: ScratchDatabase
) -> None:
    """A mail server that is down loses no alert, delays no other channel and doubles nothing there."""
    chat = Recorder("webhook")
    mail.is_down = True
    outcome = settle([FAILED, STALE], mail, chat)
    assert outcome.remarks == (
        "No message by mail: connection refused. The message is sent at the next evaluation.",
    )
    assert len(chat.taken) == 2
    assert warehouse.rows("select count(*) from waybill.incident where notified_at is null") == [
        (2,)
    ]

    settle([STALE], mail, chat)
    mail.is_down = False
    assert settle([STALE], mail, chat).remarks == ()
    about_the_run = [subject for subject in mail.subjects if "run failed" in subject]
    assert about_the_run == ["[waybill] run failed: trade", "[waybill] over: run failed: trade"]
    assert sorted(mail.subjects) == sorted(chat.subjects)
    assert warehouse.rows("select count(*) from waybill.incident where notified_at is null") == [
        (0,)
    ]


def test_a_message_that_is_never_taken_does_not_keep_the_others_back(mail: Recorder) -> None:
    """One that a server refuses for good must not silence all that come after it."""
    mail.is_down = True
    settle([FAILED], mail)
    mail.is_down = False
    send = mail.send

    def refusing(message: Message) -> str:
        if "trade" in message.subject:
            msg = "refused"
            raise WaybillError(msg)
        return send(message)

    mail.send = refusing  # type: ignore[method-assign]
    settle([FAILED, STALE], mail)
    assert mail.subjects == ["[waybill] source is stale: totesys.payment"]


def test_evaluations_at_once_open_close_and_send_once(
    mail: Recorder, warehouse: ScratchDatabase
) -> None:
    """Several runs may end in the same second; each ends with an evaluation."""
    at_once = 4
    barrier = Barrier(at_once)

    def one(findings: list[Finding]) -> None:
        barrier.wait()
        settle(findings, mail)

    for findings in ([FAILED, STALE], [STALE], []):
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(one, [findings] * at_once))
    assert sorted(mail.subjects) == [
        "[waybill] over: run failed: trade",
        "[waybill] over: source is stale: totesys.payment",
        "[waybill] run failed: trade",
        "[waybill] source is stale: totesys.payment",
    ]
    assert warehouse.rows("select count(*), count(closed_notified_at) from waybill.incident") == [
        (2, 2)
    ]


def test_an_evaluation_does_not_wait_for_a_message_that_another_one_is_sending(
    mail: Recorder, warehouse: ScratchDatabase
) -> None:
    """A mail server that takes its time must hold up neither the end of another run nor its alerts."""
    chat = Recorder("webhook")
    send = mail.send
    subjects_meanwhile: list[str] = []

    def slow(message: Message) -> str:
        if not subjects_meanwhile:
            subjects_meanwhile.append(message.subject)
            settle([], mail, chat)
        return send(message)

    mail.send = slow  # type: ignore[method-assign]
    settle([FAILED], mail, chat)
    assert subjects_meanwhile == ["[waybill] run failed: trade"]
    assert mail.subjects == chat.subjects
    assert mail.subjects == ["[waybill] run failed: trade", "[waybill] over: run failed: trade"]
    assert warehouse.rows("select closed_notified_at is null from waybill.incident") == [(False,)]


def test_every_column_of_the_incidents_is_described(warehouse: ScratchDatabase) -> None:
    """Who reads the tables finds each of their columns in docs/alerts.md."""
    text = (project.root() / "docs" / "alerts.md").read_text(encoding="utf-8")
    for table in ("incident", "incident_message"):
        section = text.split(f"## `waybill.{table}`")[1].split("\n## ")[0]
        query = "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0"
        columns = warehouse.rows(query, (f"waybill.{table}",))
        assert [name for (name,) in columns if f"`{name}`" not in section] == []


POSSIBLE = (
    FAILED,
    STALE,
    Finding("run_failed", "marketplace", "tap-csv--olist failed"),
    Finding("unbalanced", "olist", "1 difference"),
)
STEPS = st.lists(
    st.tuples(st.sets(st.sampled_from(POSSIBLE)), st.booleans(), st.booleans()), max_size=8
)


@settings(max_examples=15)
@given(STEPS)
def test_over_any_sequence_each_episode_is_told_once_and_in_order(
    warehouse: ScratchDatabase, steps: list[tuple[set[Finding], bool, bool]]
) -> None:
    """Whatever comes and goes, and whichever server is down: one message for each beginning and end."""
    warehouse.execute("truncate waybill.incident cascade")
    mail, chat = Recorder("mail"), Recorder("webhook")
    expected: dict[tuple[str, str], list[str]] = {}
    before: set[Finding] = set()
    for findings, mail_is_down, chat_is_down in [*steps, (set(), False, False)]:
        mail.is_down, chat.is_down = mail_is_down, chat_is_down
        settle(findings, mail, chat)
        for finding in before ^ findings:
            phase = "opened" if finding in findings else "closed"
            expected.setdefault((finding.kind, finding.subject), []).append(phase)
        before = findings
    for channel in (mail, chat):
        identifiers = [message.identifier for message in channel.taken]
        assert len(identifiers) == len(set(identifiers))
        assert len(identifiers) == sum(map(len, expected.values()))
        for number, (message, identifier) in enumerate(
            zip(channel.taken, identifiers, strict=True)
        ):
            if identifier.endswith("closed"):
                assert message.answers in identifiers[:number]
    assert _episodes(warehouse) == {key: phases.count("opened") for key, phases in expected.items()}


def _episodes(warehouse: ScratchDatabase) -> dict[tuple[Any, ...], int]:
    query = (
        "select kind, subject, count(*) from waybill.incident"
        " where closed_at is not null and notified_at is not null"
        " and closed_notified_at is not null group by 1, 2"
    )
    return {(kind, subject): count for kind, subject, count in warehouse.rows(query)}
