"""The ways by which people are told, as the environment configures them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from waybill.alerts.messages import Message

RECIPIENTS = "WAYBILL_ALERTS_TO"
WEBHOOK = "WAYBILL_ALERTS_WEBHOOK"
SECONDS_TO_ANSWER = 15
"""How long a server may take, so that one that hangs does not hold up the run that has ended."""


class Channel(Protocol):
    """One way to tell people."""

    @property
    def name(self) -> str:
        """What it is called in `waybill.incident_message`."""
        ...

    def send(self, message: Message) -> str:
        """Hand a message over.

        Returns:
            What is worth a line although it was sent; otherwise "".

        Raises:
            WaybillError: It was not taken; names the setting, and no secret.
        """
        ...


class Log:
    """The log of the process: where no other channel is configured."""

    name = "log"

    def send(self, message: Message) -> str:
        """Write it to stderr, each line marked."""
        for line in (message.subject, *message.text.splitlines()):
            sys.stderr.write(f"alert: {line}\n" if line else "")
        return ""


def configured() -> tuple[Channel, ...]:
    """The channels whose settings are given, otherwise the log.

    What the settings say is checked when a channel is used: a slip in one of them must not stop the
    others, nor the evaluation.
    """
    # Mail and TLS take a fifth of a second to import, which most runs have no use for.
    chosen: list[Channel] = []
    if os.environ.get(RECIPIENTS):
        from waybill.alerts.mail import Mail  # noqa: PLC0415

        chosen.append(Mail())
    if os.environ.get(WEBHOOK):
        from waybill.alerts.webhook import Webhook  # noqa: PLC0415

        chosen.append(Webhook())
    return tuple(chosen) or (Log(),)
