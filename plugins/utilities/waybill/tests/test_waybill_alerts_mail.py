"""Mail to a real SMTP server: with TLS, with a login, to several people, and when it refuses."""

from __future__ import annotations

import ssl
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
import trustme
from mail_server import Inbox, mail_server

from waybill.alerts import mail
from waybill.alerts.messages import Message
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve = Callable[[str], Inbox]

MESSAGE = Message("waybill.1.opened", "[waybill] run failed: café", "What happened: café\n")
PASSWORD = "corr&ct horse/battery"  # noqa: S105 - made up


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def serve(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, tmp_path: Path
) -> Iterator[Serve]:
    """Starts a server of a kind of security and sets the environment to it."""
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    with ExitStack() as running:

        def start(security: str) -> Inbox:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert("127.0.0.1").configure_cert(context)
            options = {} if security == "none" else {security: context}
            inbox = running.enter_context(mail_server(**options))
            settings = {
                "WAYBILL_SMTP_HOST": "127.0.0.1",
                "WAYBILL_SMTP_PORT": str(inbox.port),
                "WAYBILL_SMTP_SECURITY": security,
                "WAYBILL_SMTP_CA_FILE": str(ca_file),
                "WAYBILL_ALERTS_FROM": "waybill@shop.example",
                "WAYBILL_ALERTS_TO": "a@shop.example, b@shop.example",
            }
            for name, value in settings.items():
                monkeypatch.setenv(name, value)
            return inbox

        yield start


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_one_mail_goes_to_all_recipients(serve: Serve, security: str) -> None:
    """Who is on call changes; each of them gets the same mail, by whichever way the server speaks."""
    inbox = serve(security)
    assert mail.Mail().send(MESSAGE) == ""
    assert inbox.envelopes[0].rcpt_tos == ["a@shop.example", "b@shop.example"]
    (received,) = inbox.mails
    assert received["Subject"] == MESSAGE.subject
    assert received["From"] == "waybill@shop.example"
    assert received["Message-ID"] == "<waybill.1.opened@shop.example>"
    assert received.get_content().splitlines() == MESSAGE.text.splitlines()


def test_the_mail_that_it_is_over_stands_below_the_one_that_it_began(
    serve: Serve,
) -> None:
    """Two mails of one incident are one thread, also with ten incidents in the inbox."""
    inbox = serve("none")
    mail.Mail().send(Message("waybill.1.closed", "over", "over\n", answers="waybill.1.opened"))
    assert inbox.mails[0]["In-Reply-To"] == "<waybill.1.opened@shop.example>"


def test_a_login_goes_out_encrypted_and_a_refused_one_shows_no_password(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password is for the server alone: not for the wire, not for the log."""
    inbox = serve("starttls")
    inbox.login = ("waybill", PASSWORD)
    monkeypatch.setenv("WAYBILL_SMTP_USER", "waybill")
    monkeypatch.setenv("WAYBILL_SMTP_PASSWORD", PASSWORD)
    mail.Mail().send(MESSAGE)
    assert len(inbox.envelopes) == 1

    monkeypatch.setenv("WAYBILL_SMTP_PASSWORD", "wr0ng-secret")
    with pytest.raises(
        WaybillError, match=r"refused the login \(535\).*WAYBILL_SMTP_USER"
    ) as refused:
        mail.Mail().send(MESSAGE)
    assert "wr0ng" not in str(refused.value)

    monkeypatch.setenv("WAYBILL_SMTP_SECURITY", "none")
    with pytest.raises(WaybillError, match="would go out in clear"):
        mail.Mail().send(MESSAGE)


def test_an_untrusted_server_gets_no_mail(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who stands between and shows a certificate of their own learns nothing."""
    for security in ("starttls", "tls"):
        inbox = serve(security)
        monkeypatch.delenv("WAYBILL_SMTP_CA_FILE")
        with pytest.raises(WaybillError, match="certificate is not trusted"):
            mail.Mail().send(MESSAGE)
        assert inbox.envelopes == []


def test_a_server_without_starttls_gets_no_mail_in_clear(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stripped STARTTLS must not turn an encrypted channel into an open one."""
    inbox = serve("none")
    monkeypatch.setenv("WAYBILL_SMTP_SECURITY", "starttls")
    with pytest.raises(WaybillError, match="does not offer what is needed"):
        mail.Mail().send(MESSAGE)
    assert inbox.envelopes == []


def test_one_bad_recipient_does_not_silence_the_others(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colleague who left must not cost the rest their alert, nor their address stand in a log."""
    inbox = serve("none")
    monkeypatch.setenv("WAYBILL_ALERTS_TO", "a@shop.example,left@gone.example")
    assert mail.Mail().send(MESSAGE) == "127.0.0.1 refused 1 of 2 recipients."
    assert inbox.envelopes[0].rcpt_tos == ["a@shop.example"]

    monkeypatch.setenv("WAYBILL_ALERTS_TO", "left@gone.example")
    with pytest.raises(WaybillError, match="refused all 1 recipients") as refused:
        mail.Mail().send(MESSAGE)
    assert "gone.example" not in str(refused.value)


@pytest.mark.parametrize(
    ("setting", "value", "cause"),
    [
        ("WAYBILL_SMTP_HOST", "", "WAYBILL_SMTP_HOST is not"),
        ("WAYBILL_SMTP_PORT", "smtp", "WAYBILL_SMTP_PORT is no port"),
        ("WAYBILL_SMTP_PORT", "1", "127.0.0.1:1: connection refused"),
        ("WAYBILL_SMTP_SECURITY", "ssl", "WAYBILL_SMTP_SECURITY is 'ssl'"),
        ("WAYBILL_ALERTS_TO", "ops", "WAYBILL_ALERTS_TO holds something else"),
        ("WAYBILL_ALERTS_TO", "a@shop.example\nBcc: c@d.example", "WAYBILL_ALERTS_TO holds"),
        ("WAYBILL_ALERTS_FROM", "Waybill", "WAYBILL_ALERTS_FROM holds something else"),
        ("WAYBILL_SMTP_CA_FILE", "/no/such/file", "no such file"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str,
    cause: str,
) -> None:
    """Nobody notices mail that is not configured rightly, unless it says so in one line."""
    serve("none")
    if setting == "WAYBILL_SMTP_CA_FILE":
        monkeypatch.setenv("WAYBILL_SMTP_SECURITY", "starttls")
    monkeypatch.setenv(setting, value)
    with pytest.raises(WaybillError, match=cause):
        mail.Mail().send(MESSAGE)


@pytest.mark.parametrize("setting", ["WAYBILL_SMTP_PASSWORD", "WAYBILL_SMTP_USER"])
def test_what_smtp_cannot_send_is_an_error_in_one_line(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    """Protects the other messages and channels from a login that the protocol has no letters for."""
    inbox = serve("starttls")
    inbox.login = ("waybill", PASSWORD)
    monkeypatch.setenv("WAYBILL_SMTP_USER", "waybill")
    monkeypatch.setenv("WAYBILL_SMTP_PASSWORD", PASSWORD)
    monkeypatch.setenv(setting, "schlüssel@shop.example")
    with pytest.raises(WaybillError, match=r"has a character that SMTP cannot send") as error:
        mail.Mail().send(MESSAGE)
    assert setting in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__context__ is None
