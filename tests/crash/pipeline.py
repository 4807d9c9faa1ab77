"""Meltano's part: a tap piped into a target, with each STATE that the target prints kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crash.blows import SOURCE_LINE, WAREHOUSE_LINE, Blow, Timing
from crash.proxy import Proxy, Trap

if TYPE_CHECKING:
    from collections.abc import Callable

    from crash.server import Server

SCHEMA = "raw_crash"
State = dict[str, Any]
_BIN = Path(sys.executable).parent
_PATIENCE = 120


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

    codes: tuple[int, int]
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
        folder: Holds the home of these runs, their settings and output.
    """

    def __init__(self, server: Server, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self.home = folder / "home"
        self.lines = {name: Proxy(lambda: server.port) for name in (WAREHOUSE_LINE, SOURCE_LINE)}
        self._processes: list[subprocess.Popen[bytes]] = []

    def close(self) -> None:
        """End what still runs."""
        for process in self._processes:
            process.kill()
            process.wait()
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
        place.mkdir()
        fallen: list[bool] = []

        def strike() -> None:
            if blow and not fallen:
                fallen.append(self._strike(blow))

        trap = Trap(strike, blow.commit, blow.is_before, blow.piece) if blow else None
        for name, line in self.lines.items():
            line.watch(trap if blow and name == blow.line else None)
        self._start(place, tap, settings, database, state)
        timing = self._wait(blow.seconds if blow else 0, strike)
        if blow and blow.victim == "postmaster" and fallen:
            self._server.restart()
        producer, consumer = self._processes
        return Outcome(
            codes=(producer.returncode, consumer.returncode),
            state=_last_state((place / "states").read_text(), state),
            has_fallen=any(fallen),
            timing=timing,
            log=(place / "log").read_text(),
        )

    def _wait(self, moment: float, strike: Callable[[], None]) -> Timing:
        """Wait for both processes, and strike after `moment` seconds if it is not 0."""
        started = now = time.monotonic()
        tap_ended = 0.0
        while self._is_running:
            now = time.monotonic()
            assert now < started + _PATIENCE, "a process hangs"
            if not tap_ended and self._processes[0].poll() is not None:
                tap_ended = now
            if moment and now >= started + moment:
                strike()
            time.sleep(0.002)
        pieces = {name: line.pieces_done for name, line in self.lines.items() if line.pieces_done}
        commits = self.lines[WAREHOUSE_LINE].commits
        return Timing(now - started, (tap_ended or now) - started, pieces, commits)

    @property
    def _is_running(self) -> bool:
        return any(process.poll() is None for process in self._processes)

    def _start(self, place: Path, tap: str, settings: State, database: str, state: State) -> None:
        for name, content in (
            ("tap.json", settings),
            ("target.json", {"default_target_schema": SCHEMA}),
            ("state.json", state),
        ):
            (place / name).write_text(json.dumps(content))
        loader = self._server.login(database, "loader", self.lines[WAREHOUSE_LINE].port)
        environment = os.environ | {"WAREHOUSE_LOADER_URL": loader, "WAYBILL_HOME": str(self.home)}
        with (place / "log").open("ab") as log, (place / "states").open("wb") as states:
            options: dict[str, Any] = {"stderr": log, "env": environment}
            producer = subprocess.Popen(
                [_BIN / tap, "--config", place / "tap.json", "--state", place / "state.json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                **options,
            )
            consumer = subprocess.Popen(
                [_BIN / "target-postgres", "--config", place / "target.json"],
                stdin=producer.stdout,
                stdout=states,
                **options,
            )
        assert producer.stdout
        # The target alone reads: the tap must notice when it dies.
        producer.stdout.close()
        self._processes = [producer, consumer]

    def _strike(self, blow: Blow) -> bool:
        tap, target = self._processes
        if blow.signal is None:
            return self.lines[blow.victim].cut()
        if blow.victim == "postmaster":
            self._server.kill(blow.signal)
            return True
        chosen = {"tap": [tap], "target": [target], "both": [tap, target]}[blow.victim]
        alive = [process for process in chosen if process.poll() is None]
        for process in alive:
            process.send_signal(blow.signal)
        return bool(alive)


def _last_state(text: str, before: State) -> State:
    """The last whole line; a process that died may leave half of one."""
    whole = text.split("\n")[:-1]
    state: State = json.loads(whole[-1]) if whole else before
    return state
