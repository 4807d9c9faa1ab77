"""Meltano's part: a tap piped into a target, with each STATE that the target prints kept."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from threading import Lock
from typing import IO, TYPE_CHECKING, Any

from crash import process
from crash.blows import SOURCE_LINE, WAREHOUSE_LINE, Blow, Timing
from crash.proxy import Proxy, Trap
from crash.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable

    from crash.process import Process
    from crash.server import Server

SCHEMA = "raw_crash"
State = dict[str, Any]
_PATIENCE = 120
_PIPE_BYTES = 4096


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        codes: Exit codes of tap and target.
        state: The last state that the target printed, or the one the run began with.
        has_fallen: Whether the blow fell before both processes had ended.
        timing: How long it took.
        log: What both said.
    """

    codes: tuple[int | None, int | None]
    state: State
    has_fallen: bool
    timing: Timing
    log: str

    @property
    def is_success(self) -> bool:
        """Whether Meltano would call it one."""
        return self.codes == (0, 0)


class Pipeline:
    """Runs of one tap into one warehouse.

    Args:
        server: Where warehouse and source are.
        folder: Holds the settings and output of these runs.
        home: The project's home, which pipelines may share.
        load_method: The target's.

    Attributes:
        prefix: A command under which tap and target are run.
    """

    def __init__(self, server: Server, folder: Path, home: Path, load_method: str) -> None:
        self._server = server
        self._folder = folder
        self._load_method = load_method
        self.home = home
        self.prefix: tuple[str, ...] = ()
        self.lines = {name: Proxy(lambda: server.port) for name in (WAREHOUSE_LINE, SOURCE_LINE)}
        self._processes: list[Process] = []

    def close(self) -> None:
        """End what still runs."""
        for each in self._processes:
            each.send_signal(SIGKILL)
            each.wait()
        for line in self.lines.values():
            line.close()

    def run(
        self, tap: str, settings: State, database: str, state: State, blow: Blow | None = None
    ) -> Outcome:
        """Run once.

        Args:
            tap: The tap's executable.
            settings: Its configuration.
            database: The warehouse.
            state: Where the run before it ended.
            blow: What is done to it.
        """
        place = self._folder / uuid.uuid4().hex
        place.mkdir(parents=True)
        fallen: list[bool] = []
        lock = Lock()

        def strike() -> None:
            with lock:
                if blow and not fallen:
                    fallen.append(self._strike(blow))

        def look(message: int) -> None:
            if blow and message == blow.message:
                strike()

        is_on_line = blow and (blow.commit or blow.piece)

        def look_at_last() -> None:
            # The target may be far from having done what it was sent: a COMMIT is waited for.
            if not is_on_line:
                strike()

        trap = (
            Trap(strike, blow.commit, blow.is_before, blow.piece) if blow and is_on_line else None
        )
        for name, line in self.lines.items():
            line.watch(trap if blow and name == blow.line else None)
        relay = Relay(*self._start(place, tap, settings, database, state), look, look_at_last)
        seconds = self._wait(blow.seconds if blow else 0, strike)
        relay.join()
        if blow and blow.victim == "postmaster" and fallen:
            self._server.restart()
        pieces = {name: line.pieces_done for name, line in self.lines.items() if line.pieces_done}
        commits = self.lines[WAREHOUSE_LINE].commits
        codes = [each.wait() for each in self._processes]
        return Outcome(
            codes=(codes[0], codes[1]),
            state=last_state((place / "states").read_text(), state),
            has_fallen=any(fallen),
            timing=Timing(seconds, relay.messages, pieces, commits),
            log=(place / "log").read_text(),
        )

    def _wait(self, moment: float, strike: Callable[[], None]) -> float:
        """Wait for both processes, and strike after `moment` seconds if it is not 0.

        Returns:
            After how many seconds the tap had ended.
        """
        started = now = time.monotonic()
        tap_ended = 0.0
        while any(each.poll() is None for each in self._processes):
            now = time.monotonic()
            assert now < started + _PATIENCE, "a process hangs"
            if not tap_ended and self._processes[0].poll() is not None:
                tap_ended = now
            if moment and now >= started + moment:
                strike()
            time.sleep(0.002)
        return (tap_ended or now) - started

    def _start(
        self, place: Path, tap: str, settings: State, database: str, state: State
    ) -> tuple[IO[bytes], IO[bytes]]:
        """Start both; gives what the tap writes and what the target reads."""
        for name, content in (
            ("tap.json", settings),
            ("target.json", {"default_target_schema": SCHEMA, "load_method": self._load_method}),
            ("state.json", state),
        ):
            (place / name).write_text(json.dumps(content))
        loader = self._server.login(database, "loader", self.lines[WAREHOUSE_LINE].port)
        environment = os.environ | {"WAREHOUSE_LOADER_URL": loader, "WAYBILL_HOME": str(self.home)}
        with (
            (place / "log").open("ab") as log,
            (place / "states").open("wb") as states,
            Path(os.devnull).open("rb") as nothing,
        ):
            from_tap, to_relay = os.pipe()
            to_target, from_relay = os.pipe()
            # A small pipe: what the tap has sent is not far ahead of what is passed on.
            if sys.platform == "linux":
                fcntl.fcntl(from_tap, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            producer = process.start(
                self.prefix,
                [tap, "--config", str(place / "tap.json"), "--state", str(place / "state.json")],
                (nothing.fileno(), to_relay, log.fileno()),
                environment,
            )
            consumer = process.start(
                self.prefix,
                ["target-postgres", "--config", str(place / "target.json")],
                (to_target, states.fileno(), log.fileno()),
                environment,
            )
            os.close(to_relay)
            os.close(to_target)
        self._processes = [producer, consumer]
        return os.fdopen(from_tap, "rb"), os.fdopen(from_relay, "wb", buffering=0)

    def _strike(self, blow: Blow) -> bool:
        tap, target = self._processes
        if blow.signal is None:
            return self.lines[blow.victim].cut()
        if blow.victim == "postmaster":
            self._server.kill(blow.signal)
            return True
        chosen = {"tap": [tap], "target": [target], "both": [tap, target]}[blow.victim]
        alive = [each for each in chosen if each.poll() is None]
        for each in alive:
            each.send_signal(blow.signal)
        return bool(alive)


def last_state(text: str, before: State) -> State:
    """The last whole line; a process that died may leave half of one."""
    whole = text.split("\n")[:-1]
    state: State = json.loads(whole[-1]) if whole else before
    return state
