"""Which of Airflow's processes run here: each under one supervisor, which may have one or all of them."""

from __future__ import annotations

import fcntl
import json
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any

import psutil

from waybill_airflow import kin, places
from waybill_common import private_files
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_PATIENCE_SECONDS = 15.0
_STATE = "running.json"


@contextmanager
def held(names: Collection[str]) -> Iterator[None]:
    """Be the one who runs processes, and end what a killed supervisor has left of them.

    Args:
        names: Of the processes; others run beside them under supervisors of their own.

    Raises:
        WaybillError: One of them runs here already.
    """
    with ExitStack() as locks:
        for name in names:
            path = places.make_home() / f"running.{name}.lock"
            _take(locks.enter_context(path.open("w")), name)
        for kept in _kept():
            if kept["name"] in names and _started(kept["session"]) in {kept["started"], None}:
                end(kept["session"], _PATIENCE_SECONDS)
        try:
            yield
        finally:
            note(names, {})


def note(names: Collection[str], sessions: Mapping[str, int]) -> None:
    """Keep the sessions of processes, for who comes after a supervisor that was killed.

    Args:
        names: All that the supervisor has.
        sessions: Of those that run now.
    """
    state = places.home() / _STATE
    with private_files.locked(places.home() / "running.lock"):
        kept = [each for each in _kept() if each["name"] not in names]
        kept += [
            {"name": name, "session": session, "started": started}
            for name, session in sessions.items()
            if (started := _started(session))
        ]
        if kept:
            private_files.write(state, json.dumps(kept) + "\n")
        else:
            state.unlink(missing_ok=True)


def end(session: int, patience: float) -> None:
    """End all processes of a session."""
    kin.end(lambda: kin.of_session(session), patience)


def _kept() -> list[dict[str, Any]]:
    state = places.home() / _STATE
    return json.loads(state.read_text()) if state.exists() else []


def _take(lock: IO[str], name: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        msg = f"Airflow's {name} runs already for {places.home()}."
        raise WaybillError(msg, "Stop it first, or set WAYBILL_HOME to another folder.") from error


def _started(session: int) -> float | None:
    try:
        return psutil.Process(session).create_time()
    except psutil.NoSuchProcess:
        return None
