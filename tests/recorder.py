"""A channel of alerts that keeps what it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill.alerts.messages import Message


@dataclass
class Recorder:
    """A channel that keeps what it is sent, unless it is down."""

    name: str
    is_down: bool = False
    taken: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> str:
        if self.is_down:
            msg = f"No message by {self.name}: connection refused."
            raise WaybillError(msg)
        self.taken.append(message)
        return ""

    @property
    def subjects(self) -> list[str]:
        return [message.subject for message in self.taken]
