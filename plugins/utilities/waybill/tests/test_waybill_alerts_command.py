"""`waybill alerts` and `alerts-test` with real servers."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from mail_server import free_port, mail_server
from recorder import Recorder

from waybill.alerts import command as alerting
from waybill.alerts import messages, trouble
from waybill.cli import main
from waybill_common import connections, ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

    Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `waybill ...`; gives its exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["waybill", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.fixture
def by_mail(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the environment to a mail server on a port."""

    def use(port: int) -> None:
        monkeypatch.setenv("WAYBILL_ALERTS_TO", "ops@shop.example")
        monkeypatch.setenv("WAYBILL_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("WAYBILL_SMTP_PORT", str(port))
        monkeypatch.setenv("WAYBILL_SMTP_SECURITY", "none")

    return use


FAIL = """
    insert into waybill.run (run_id, job, started_by, host, ended_at, started_at, status, failed_step, cause)
    values (gen_random_uuid(), 'trade', 'shell', 'h', now(), now(), 'failed', 'dbt:build', 'model x')
"""
SUCCEED = """
    insert into waybill.run (run_id, job, started_by, host, ended_at, started_at, status)
    values (gen_random_uuid(), 'trade', 'shell', 'h', now(), now(), 'succeeded')
"""


def test_a_failed_run_is_mailed_once_also_when_the_mail_server_was_down(
    command: Command, warehouse: ScratchDatabase, by_mail: Callable[[int], None]
) -> None:
    """From the ledger to the inbox: one mail when it fails, one when it is over, none lost."""
    place = free_port()
    port = place.getsockname()[1]
    by_mail(port)
    warehouse.execute(FAIL, role="auditor")
    code, printed = command("alerts")
    assert code == 0
    assert "open since" in printed
    assert "run failed: trade\n    trade, started" in printed
    warning = f"alerts: No mail to 127.0.0.1:{port}: connection refused."
    assert printed.count(warning) == 1

    with mail_server(place) as inbox:
        assert "alerts: " not in command("alerts")[1]
        command("alerts")
        warehouse.execute(SUCCEED, role="auditor")
        code, printed = command("alerts")
        assert (code, printed) == (0, "over: run failed: trade\nNo incident is open.\n")
    assert [mail["Subject"] for mail in inbox.mails] == [
        "[waybill] run failed: trade",
        "[waybill] over: run failed: trade",
    ]
    assert "failed at dbt:build: model x" in inbox.mails[0].get_content()


@pytest.mark.usefixtures("warehouse")
def test_the_end_of_a_failed_run_of_airflow_tells_of_it(
    command: Command,
    by_mail: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its teardown says that nothing is tried again; the mail leads to the failed step's own log."""
    monkeypatch.setenv("WAYBILL_RUN_ID", str(uuid.uuid4()))
    monkeypatch.setenv("WAYBILL_STARTED_BY", "airflow")
    monkeypatch.setenv("WAYBILL_SCHEDULE", "trade-hourly")
    auditor = connections.warehouse("auditor")
    monkeypatch.setenv("WAYBILL_LOG_URL", "http://airflow/log/1")
    with ledger.step(auditor, "waybill:begin-trade"):
        pass
    monkeypatch.setenv("WAYBILL_LOG_URL", "http://airflow/log/2")
    with ledger.step(auditor, "validate:raw") as step:
        step |= {"succeeded": False, "data_quality": True, "cause": "3 of 9 rows lack a price"}
    with mail_server() as inbox:
        by_mail(inbox.port)
        assert "No incident is open" in command("alerts")[1], "it may be tried again"
        code, printed = command("end")
    assert code == 0, printed
    assert "alerts: opened: run failed: trade-hourly" in printed
    (mail,) = inbox.mails
    assert mail["Subject"] == "[waybill] run failed: trade-hourly"
    assert "failed at validate:raw: 3 of 9 rows lack a price" in mail.get_content()
    assert "Log: http://airflow/log/2" in mail.get_content()


def test_a_receipt_that_does_not_balance_is_told_at_the_end_of_its_run(
    shop: Any, receipt: Command
) -> None:
    """Whoever was not there sees it; the exit code of the receipt stays its own."""
    shop.database.execute("delete from raw_olist.orders where order_id = 'a'", role="loader")
    code, printed = receipt("olist")
    assert code == 1
    assert "alerts: opened: receipt does not balance: olist\n" in printed
    assert (
        "alert: What happened: The receipt of olist does not balance: raw_olist.orders" in printed
    )
    assert "alerts:" not in receipt("olist")[1]

    shop.database.execute(
        "insert into raw_olist.orders values ('a', 10.10, 'orders.csv')", role="loader"
    )
    code, printed = receipt("olist")
    assert code == 0, printed
    assert "alerts: over: receipt does not balance: olist\n" in printed
    query = "select kind, closed_at is not null from waybill.incident"
    assert shop.database.rows(query) == [("unbalanced", True)]


def test_without_a_channel_the_log_is_told_once(
    command: Command, warehouse: ScratchDatabase
) -> None:
    """A laptop has no mail server; its log and waybill.incident say the same."""
    warehouse.execute(FAIL, role="auditor")
    assert "alert: [waybill] run failed: trade\nalert: What happened: " in command("alerts")[1]
    assert "alert:" not in command("alerts")[1]
    assert warehouse.rows("select notified_at is not null from waybill.incident") == [(True,)]


def test_a_warehouse_that_does_not_answer_is_told_once_and_when_it_does_again(
    command: Command,
    warehouse: ScratchDatabase,
    by_mail: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No ledger can keep that the ledger is gone; the one alert that must not depend on it."""
    right = warehouse.url("auditor")
    gone = right.replace(warehouse.name, "no_such_database")
    with mail_server() as inbox:
        by_mail(inbox.port)
        monkeypatch.setenv("WAREHOUSE_AUDITOR_URL", gone)
        for _ in range(2):
            code, printed = command("alerts")
            assert code == 1
            assert "error: WAREHOUSE_AUDITOR_URL: cannot connect" in printed
        monkeypatch.setenv("WAREHOUSE_AUDITOR_URL", right)
        for _ in range(2):
            assert command("alerts")[0] == 0
    assert [mail["Subject"] for mail in inbox.mails] == [
        "[waybill] the warehouse does not answer",
        "[waybill] over: the warehouse does not answer",
    ]
    password = warehouse.connection("auditor").password
    assert password not in "".join(mail.get_content() for mail in inbox.mails)


def test_an_outage_is_told_by_each_channel_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A mail server on the machine that is down cannot be told of it: it is when it is back."""
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    down, up = Recorder("mail"), Recorder("webhook")
    down.is_down = True
    what = messages.WAREHOUSE_DOWN
    assert len(trouble.begun(what, "cannot connect", [down, up])) == 1
    down.is_down = False
    assert trouble.begun(what, "cannot connect", [down, up]) == []
    up.is_down = True
    assert len(trouble.over(what, [down, up])) == 1
    up.is_down = False
    for _ in range(2):
        assert trouble.over(what, [down, up]) == []
    assert [message.identifier[-6:] for message in down.taken] == ["opened", "closed"]
    assert [message.identifier for message in up.taken] == [m.identifier for m in down.taken]


def test_what_hinders_the_alerts_is_told_and_the_rest_still_found(
    command: Command, shop: Any, by_mail: Callable[[int], None]
) -> None:
    """Protects from alerts that nobody gets because one file cannot be read."""
    contract = shop.root / "extract" / "contracts" / "totesys.yml"
    text = contract.read_text()
    with mail_server() as inbox:
        by_mail(inbox.port)
        contract.write_text("a: [")
        shop.database.execute(
            FAIL.replace("'trade'", "'shop'").replace("shell", "airflow"), role="loader"
        )
        shop.database.execute("update waybill.run set status = 'lost'", role="loader")
        for _ in range(2):
            code, printed = command("alerts")
            assert code == 1
            assert "run failed: shop" in printed
            assert "error: " in printed
            assert "totesys.yml is not valid YAML" in printed
        contract.write_text(text)
        assert command("alerts")[0] == 0
    assert [mail["Subject"] for mail in inbox.mails] == [
        "[waybill] run failed: shop",
        "[waybill] not every alert can be found",
        "[waybill] over: not every alert can be found",
    ]
    assert "totesys.yml is not valid YAML" in inbox.mails[1].get_content()


def test_an_older_ledger_is_told_as_well(
    command: Command,
    warehouse: ScratchDatabase,
    by_mail: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Protects from alerts that stop with an upgrade that nobody has finished."""
    warehouse.execute("drop table waybill.freshness cascade", role="loader")
    with mail_server() as inbox:
        by_mail(inbox.port)
        assert command("alerts")[0] == 1
        assert inbox.mails == [], "a server that is started anew is no reason to wake anybody"
        monkeypatch.setattr(alerting, "_PATIENCE", dt.timedelta())
        assert command("alerts")[0] == 1
    (mail,) = inbox.mails
    assert "no ledger of incidents" in mail.get_content()


def test_an_embedded_warehouse_that_nobody_has_started_yet_is_no_outage(
    command: Command,
    waybill_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    by_mail: Callable[[int], None],
) -> None:
    """Protects from a mail after each start of the machine, and a red schedule in a fresh clone."""
    cluster = waybill_home / "postgres" / "cluster.json"
    text = cluster.read_text()
    with free_port() as closed, mail_server() as inbox:
        by_mail(inbox.port)
        cluster.unlink()
        code, printed = command("alerts")
        assert (code, "has no login 'auditor' yet" in printed) == (0, True), printed
        address = json.loads(text) | {"port": closed.getsockname()[1]}
        cluster.write_text(json.dumps(address))
        code, printed = command("alerts")
        assert (code, "does not answer" in printed) == (0, True), printed
        assert inbox.mails == []

        monkeypatch.setattr(alerting, "_PATIENCE", dt.timedelta())
        code, printed = command("alerts")
        assert (code, "error: The embedded Postgres does not answer" in printed) == (1, True)
    assert [mail["Subject"] for mail in inbox.mails] == ["[waybill] the warehouse does not answer"]


def test_the_test_message_reaches_a_mail_server(
    command: Command, by_mail: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sets the channels up sees that they work before something is wrong."""
    with mail_server() as inbox:
        by_mail(inbox.port)
        monkeypatch.setenv("WAYBILL_RUNBOOKS_URL", "https://docs.shop.example/runbooks/")
        assert command("alerts-test") == (0, "mail: sent.\n")
    (received,) = inbox.mails
    assert received["Subject"] == "[waybill] test message"
    assert "https://docs.shop.example/runbooks\r\n" in received.get_content()


def test_a_channel_that_fails_is_named_and_the_other_still_tried(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1 and a line for each: half a set-up must not look whole."""
    monkeypatch.setenv("WAYBILL_ALERTS_TO", "ops@shop.example")
    monkeypatch.setenv("WAYBILL_ALERTS_WEBHOOK", "http://hooks.example.com/very-secret")
    code, printed = command("alerts-test")
    assert code == 1
    assert "mail: failed: WAYBILL_ALERTS_TO is set, but WAYBILL_SMTP_HOST is not." in printed
    assert "webhook: failed: WAYBILL_ALERTS_WEBHOOK is no https URL." in printed
    assert "secret" not in printed


def test_without_a_channel_the_settings_are_named(command: Command) -> None:
    """The message then stands in the log alone, and the exit code says that nobody was told."""
    code, printed = command("alerts-test")
    assert code == 1
    assert "alert: [waybill] test message" in printed
    assert "Set WAYBILL_ALERTS_TO or WAYBILL_ALERTS_WEBHOOK" in printed
