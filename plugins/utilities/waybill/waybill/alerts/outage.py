"""The one incident that the warehouse cannot keep: that it does not answer. A file of this machine does."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from waybill.alerts import messages
from waybill_common import private_files, project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from waybill.alerts.channels import Channel
    from waybill.alerts.messages import Message


def begun(cause: str, channels: Sequence[Channel]) -> list[str]:
    """Tell each channel that the warehouse does not answer, unless it knows.

    Args:
        cause: Why it does not, without a password.
        channels: Those to tell.

    Returns:
        What went wrong with telling, a line each.
    """
    with private_files.locked(_folder() / "lock"):
        state = _read() or {"since": dt.datetime.now(tz=dt.UTC).isoformat(), "told": []}
        message = messages.of_outage(dt.datetime.fromisoformat(state["since"]), cause)
        waiting = [channel for channel in channels if channel.name not in state["told"]]
        told, remarks = _send(message, waiting)
        private_files.write(_file(), json.dumps(state | {"told": state["told"] + told}))
    return remarks


def over(channels: Sequence[Channel]) -> list[str]:
    """Tell each channel that knows of an outage that it is over.

    Returns:
        What went wrong with telling, a line each; who was not told is at the next evaluation.
    """
    if not _file().exists():
        return []
    with private_files.locked(_folder() / "lock"):
        state = _read()
        if state is None:
            return []
        message = messages.of_outage_over(dt.datetime.fromisoformat(state["since"]))
        waiting = [channel for channel in channels if channel.name in state["told"]]
        told, remarks = _send(message, waiting)
        left = [channel.name for channel in waiting if channel.name not in told]
        if left:
            private_files.write(_file(), json.dumps(state | {"told": left}))
        else:
            _file().unlink()
    return remarks


def _send(message: Message, channels: Sequence[Channel]) -> tuple[list[str], list[str]]:
    told: list[str] = []
    remarks: list[str] = []
    for channel in channels:
        try:
            remark = channel.send(message)
        except WaybillError as error:
            remark = f"{error} The message is sent at the next evaluation."
        else:
            told.append(channel.name)
        if remark:
            remarks.append(remark)
    return told, remarks


def _folder() -> Path:
    folder = project.home() / "alerts"
    private_files.folder(folder)
    return folder


def _file() -> Path:
    return project.home() / "alerts" / "outage.json"


def _read() -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return state
