"""`waybill alerts-test` with real servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mail_server import mail_server

from waybill.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_the_test_message_reaches_a_mail_server(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sets the channels up sees that they work before something is wrong."""
    with mail_server() as inbox:
        monkeypatch.setenv("WAYBILL_ALERTS_TO", "ops@shop.example")
        monkeypatch.setenv("WAYBILL_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("WAYBILL_SMTP_PORT", str(inbox.port))
        monkeypatch.setenv("WAYBILL_SMTP_SECURITY", "none")
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
