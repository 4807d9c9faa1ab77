"""What hinders the evaluation itself, which no ledger may keep: a file of this machine does."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from waybill.alerts import messages
from waybill_common import private_files, project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from waybill.alerts.channels import Channel
    from waybill.alerts.messages import Message, Trouble


def lasting(trouble: Trouble) -> dt.timedelta:
    """Note that there is a trouble, without a word to anybody.

    Returns:
        For how long it is known.
    """
    with _locked():
        state = _noted(trouble)
    return dt.datetime.now(tz=dt.UTC) - dt.datetime.fromisoformat(state["since"])


def begun(trouble: Trouble, cause: str, channels: Sequence[Channel]) -> list[str]:
    """Tell each channel of a trouble, unless it knows.

    Args:
        trouble: Which.
        cause: Why it is, without a password.
        channels: Those to tell.

    Returns:
        What went wrong with telling, a line each.
    """
    with _locked():
        state = _noted(trouble)
        since = dt.datetime.fromisoformat(state["since"])
        waiting = [channel for channel in channels if channel.name not in state["told"]]
        told, remarks = _send(messages.of_trouble(trouble, since, cause), waiting)
        _keep(trouble, state | {"told": state["told"] + told})
    return remarks


def over(trouble: Trouble, channels: Sequence[Channel]) -> list[str]:
    """Tell each channel that knows of a trouble that it is over.

    Returns:
        What went wrong with telling, a line each; who was not told is at the next evaluation.
    """
    if not _file(trouble).exists():
        return []
    with _locked():
        state = _read(trouble) or {"told": []}
        waiting = [channel for channel in channels if channel.name in state["told"]]
        told: list[str] = []
        remarks: list[str] = []
        if waiting:
            since = dt.datetime.fromisoformat(state["since"])
            told, remarks = _send(messages.of_trouble_over(trouble, since), waiting)
        left = [channel.name for channel in waiting if channel.name not in told]
        if left:
            _keep(trouble, state | {"told": left})
        else:
            _file(trouble).unlink(missing_ok=True)
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


def _locked() -> AbstractContextManager[None]:
    folder = project.home() / "alerts"
    private_files.folder(folder)
    return private_files.locked(folder / "lock")


def _file(trouble: Trouble) -> Path:
    return project.home() / "alerts" / f"{trouble.name}.json"


def _noted(trouble: Trouble) -> dict[str, Any]:
    state = _read(trouble)
    if state is None:
        state = {"since": dt.datetime.now(tz=dt.UTC).isoformat(), "told": []}
        _keep(trouble, state)
    return state


def _keep(trouble: Trouble, state: dict[str, Any]) -> None:
    private_files.write(_file(trouble), json.dumps(state))


def _read(trouble: Trouble) -> dict[str, Any] | None:
    """What is kept of it; a file that is torn says no more than none, and it is told anew."""
    try:
        state: dict[str, Any] = json.loads(_file(trouble).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return state
