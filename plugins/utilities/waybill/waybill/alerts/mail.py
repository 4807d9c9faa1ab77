"""Messages by SMTP."""

from __future__ import annotations

import os
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING, Literal, cast, get_args

from waybill.alerts.channels import RECIPIENTS, SECONDS_TO_ANSWER
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill.alerts.messages import Message

Security = Literal["starttls", "tls", "none"]

HOST, PORT, SECURITY = "WAYBILL_SMTP_HOST", "WAYBILL_SMTP_PORT", "WAYBILL_SMTP_SECURITY"
USER, PASSWORD = "WAYBILL_SMTP_USER", "WAYBILL_SMTP_PASSWORD"
CA_FILE, SENDER = "WAYBILL_SMTP_CA_FILE", "WAYBILL_ALERTS_FROM"

_PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
_HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Settings:
    """Where mail goes and how.

    Attributes:
        security: `starttls` and `tls` check the server's certificate; `none` sends in clear.
        ca_file: Certificates to trust instead of the system's.
    """

    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)
    ca_file: str | None
    sender: str
    recipients: tuple[str, ...]


def settings() -> Settings:
    """Read the settings.

    Raises:
        WaybillError: One is missing or cannot be; names it.
    """
    host = os.environ.get(HOST, "")
    if not host:
        msg = f"{RECIPIENTS} is set, but {HOST} is not."
        raise WaybillError(msg, f"Set {HOST} to the mail server's name.")
    security = os.environ.get(SECURITY, "starttls")
    if security not in get_args(Security):
        msg = f"{SECURITY} is {security!r}."
        raise WaybillError(msg, f"Set it to one of: {', '.join(get_args(Security))}.")
    chosen = cast("Security", security)
    user, password = os.environ.get(USER, ""), os.environ.get(PASSWORD, "")
    if user and chosen == "none":
        msg = f"{SECURITY} is none, so {PASSWORD} would go out in clear."
        raise WaybillError(msg, f"Set {SECURITY} to starttls or tls, or leave {USER} out.")
    recipients = tuple(
        address.strip() for address in os.environ.get(RECIPIENTS, "").split(",") if address.strip()
    )
    sender = os.environ.get(SENDER) or (user if "@" in user else f"waybill@{socket.getfqdn()}")
    for setting, addresses in ((RECIPIENTS, recipients), (SENDER, (sender,))):
        if not addresses or not all(_is_address(address) for address in addresses):
            msg = f"{setting} holds something else than addresses."
            raise WaybillError(msg, f"Set {setting} to addresses such as ops@example.com.")
    return Settings(
        host=host,
        port=_port(chosen),
        security=chosen,
        user=user,
        password=password,
        ca_file=os.environ.get(CA_FILE) or None,
        sender=sender,
        recipients=recipients,
    )


class Mail:
    """SMTP, one message to all recipients."""

    name = "mail"

    def send(self, message: Message) -> str:
        """Hand a message to the mail server.

        Raises:
            WaybillError: The server cannot be reached, is not trusted, or refuses; or a login or an
                address cannot be sent.
        """
        chosen = settings()
        failure: WaybillError | None = None
        try:
            with _connected(chosen) as server:
                if chosen.user:
                    server.login(chosen.user, chosen.password)
                refused = server.send_message(_email(message, chosen))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # What the server says may repeat an address.
            msg = f"No mail to {chosen.host}:{chosen.port}: {_reason(error)}."
            failure = WaybillError(msg, _remedy(error))
        if failure:
            # Outside of the handler: an encoder's error holds the password.
            raise failure
        if refused:
            return f"{chosen.host} refused {len(refused)} of {len(chosen.recipients)} recipients."
        return ""


def _connected(chosen: Settings) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=chosen.ca_file)
    if chosen.security == "tls":
        return smtplib.SMTP_SSL(
            chosen.host, chosen.port, timeout=SECONDS_TO_ANSWER, context=context
        )
    server = smtplib.SMTP(chosen.host, chosen.port, timeout=SECONDS_TO_ANSWER)
    if chosen.security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _email(message: Message, chosen: Settings) -> EmailMessage:
    mail = EmailMessage()
    domain = chosen.sender.rpartition("@")[2]
    mail["Subject"] = message.subject
    mail["From"] = chosen.sender
    mail["To"] = ", ".join(chosen.recipients)
    mail["Date"] = formatdate()
    # The same id when it is sent again after a crash, so that mail programs show it once.
    mail["Message-ID"] = f"<{message.identifier}@{domain}>"
    if message.answers:
        mail["In-Reply-To"] = mail["References"] = f"<{message.answers}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    return mail


def _reason(error: Exception) -> str:
    match error:
        case smtplib.SMTPRecipientsRefused():
            reason = f"it refused all {len(error.recipients)} recipients"
        case smtplib.SMTPAuthenticationError():
            reason = f"it refused the login ({error.smtp_code})"
        case smtplib.SMTPResponseException():
            reason = f"it answered {error.smtp_code}"
        case smtplib.SMTPNotSupportedError():
            reason = "it does not offer what is needed (STARTTLS or a login)"
        case smtplib.SMTPServerDisconnected():
            reason = "it closed the connection"
        case ssl.SSLCertVerificationError():
            reason = f"its certificate is not trusted ({error.verify_message})"
        case TimeoutError():
            reason = f"no answer within {SECONDS_TO_ANSWER} s"
        case UnicodeError():
            reason = "the login or the host has a character that SMTP cannot send"
        case OSError(strerror=str(words)):
            reason = words.lower()
        case _:
            reason = type(error).__name__
    return reason


def _remedy(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"Check {USER} and {PASSWORD}."
    if isinstance(error, UnicodeError):
        return f"Check {USER}, {PASSWORD} and {HOST}: they take ASCII alone."
    if isinstance(error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused)):
        return f"Check {RECIPIENTS} and {SENDER}."
    if isinstance(error, ssl.SSLError):
        return f"Check {HOST}, {PORT}, {SECURITY} and {CA_FILE}."
    return f"Check {HOST}, {PORT} and {SECURITY}."


def _port(security: Security) -> int:
    text = os.environ.get(PORT, "")
    if not text:
        return _PORTS[security]
    if not (text.isdecimal() and 0 < int(text) <= _HIGHEST_PORT):
        msg = f"{PORT} is no port."
        raise WaybillError(msg, f"Set it to a number, such as {_PORTS[security]}.")
    return int(text)


def _is_address(text: str) -> bool:
    name, at, domain = text.partition("@")
    return bool(at and name and domain) and text.isprintable() and not set(text) & set(" <>,;")
