"""A real SMTP server for tests, on a free port, and what it has received."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


@dataclass
class Inbox:
    """What a server has received; it refuses recipients of the domain gone.example.

    Attributes:
        envelopes: One for each mail: `mail_from`, `rcpt_tos`, `content`.
        login: The only user and password that it takes.
    """

    port: int = 0
    envelopes: list[Any] = field(default_factory=list)
    login: tuple[str, str] = ("", "")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.endswith("@gone.example"):
            return f"550 no such user {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 OK"

    def authenticate(self, *arguments: Any) -> AuthResult:
        data = arguments[-1]
        assert isinstance(data, LoginPassword)
        is_right = (data.login.decode(), data.password.decode()) == self.login
        return AuthResult(success=is_right, handled=False)

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails, parsed."""
        parsed = (
            email.message_from_bytes(each.content, policy=email.policy.default)
            for each in self.envelopes
        )
        return [mail for mail in parsed if isinstance(mail, EmailMessage)]


def settings_for(inbox: Inbox) -> dict[str, str]:
    """What sends alerts to a server without TLS."""
    return {
        "WAYBILL_ALERTS_TO": "ops@shop.example",
        "WAYBILL_ALERTS_FROM": "waybill@shop.example",
        "WAYBILL_SMTP_HOST": "127.0.0.1",
        "WAYBILL_SMTP_PORT": str(inbox.port),
        "WAYBILL_SMTP_SECURITY": "none",
    }


def free_port() -> socket.socket:
    """A port of this machine that is taken but refuses connections until a server is started at it."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    return taken


@contextmanager
def mail_server(
    at: socket.socket | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
) -> Iterator[Inbox]:
    """Serve in a thread.

    Args:
        at: A socket of `free_port`; without it, any free port.
        tls: Speak TLS from the first byte.
        starttls: Offer STARTTLS, and logins after it.
    """
    inbox = Inbox()
    loop = asyncio.new_event_loop()

    def protocol() -> SMTP:
        options = {"tls_context": starttls, "authenticator": inbox.authenticate}
        return SMTP(inbox, hostname="test", loop=loop, **options)

    listening = at or free_port()
    server = loop.run_until_complete(loop.create_server(protocol, sock=listening, ssl=tls))
    inbox.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield inbox
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await server.wait_closed()
