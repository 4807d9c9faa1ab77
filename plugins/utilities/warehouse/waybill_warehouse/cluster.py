"""The embedded server: made, started, stopped."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_common import connections, private_files
from waybill_common.connections import SUPERUSER
from waybill_common.errors import WaybillError
from waybill_common.ports import is_free
from waybill_warehouse import (
    address,
    binaries,
    commands,
    initialize,
    passwords,
    ports,
    postmaster,
    server_settings,
    unprivileged,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from waybill_common.connections import Connection
    from waybill_warehouse.binaries import Binaries

_MAINTENANCE_DATABASE = "postgres"
_START_SECONDS = 600
"""How long a start may take: the recovery from a crash in the middle of a large load is slow."""
_STOP_SECONDS = 120
_PATIENCE_SECONDS = 5
_PORT_ATTEMPTS = 5
_PASSING = ("starting up", "shutting down", "not yet accepting", "recovery")
"""What a server says that will soon answer, or soon be gone."""


@dataclass(frozen=True)
class Cluster:
    """An embedded server in a folder of its own.

    Attributes:
        folder: Holds data/, log/, cluster.json and passwords.json.
        is_durable: Whether a commit survives a power failure; False for tests only.
    """

    folder: Path
    is_durable: bool = True

    @property
    def data(self) -> Path:
        """The server's data directory."""
        return self.folder / "data"

    def up(self) -> tuple[str, bool]:
        """Make the server if there is none, and start it if it does not answer.

        Returns:
            Its version, such as `18.4`, and whether it was started by this call.

        Raises:
            WaybillError: It cannot be made or started; names the cause.
        """
        with self._explains_refusals():
            if version := self.version():
                return version, False
            private_files.folder(self.folder)
            with private_files.locked(self.folder / "lock"):
                if version := self.version():
                    return version, False
                self._start()
        return self._answer(), True

    def down(self) -> bool:
        """Stop the server: sessions end, what they committed is kept.

        Returns:
            Whether it was running.

        Raises:
            WaybillError: It does not stop.
        """
        with self._explains_refusals():
            if not self.data.exists():
                return False
            with private_files.locked(self.folder / "lock"):
                return self._stop()

    def version(self) -> str | None:
        """The version of the server that answers, or None if none does."""
        if self.data.exists() and postmaster.running(self.data) is None:
            # Whoever listens on the port now is somebody else, and may never answer.
            return None
        try:
            return self._answer()
        except WaybillError:
            return None

    def admin(self, dbname: str = _MAINTENANCE_DATABASE) -> Connection:
        """The superuser's connection.

        Raises:
            WaybillError: The server was never started here.
        """
        return connections.embedded(SUPERUSER, dbname, folder=self.folder)

    @property
    def _log(self) -> Path:
        return self.folder / server_settings.LOG_FOLDER

    @property
    def _start_log(self) -> Path:
        return self._log / "start.log"

    @contextmanager
    def _explains_refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            msg = f"The embedded Postgres cannot be kept in {self.folder}: {error.strerror}"
            msg += f" ({error.filename})." if error.filename else "."
            raise WaybillError(msg, "Set WAYBILL_HOME to a folder of yours.") from error

    def _answer(self) -> str:
        with self.admin().connect(autocommit=True) as session:
            return session.info.parameter_status("server_version") or ""

    def _start(self) -> None:
        server = binaries.find()
        self._make(server)
        if (pid := postmaster.running(self.data)) and self._comes_up(pid):
            return
        postmaster.end_orphans(self.data)
        postmaster.disown(self.data)
        self._prune_log()
        for attempt in range(_PORT_ATTEMPTS):
            port = ports.assign(address.port(self.folder) if attempt == 0 else None)
            address.write(self.folder, port)
            if self._launch(server, port):
                return
            if ports.fixed() or is_free(port):
                break
        msg = f"The embedded Postgres did not start: {self._last_words()}."
        raise WaybillError(msg, f"See the newest file in {self._log}.")

    def _stop(self) -> bool:
        pid = postmaster.running(self.data)
        if pid is None:
            return False
        mode = "fast" if self.is_durable else "immediate"
        arguments = ["stop", f"--mode={mode}", f"--timeout={_STOP_SECONDS}"]
        if self._pg_ctl(binaries.find(), *arguments) != 0:
            msg = f"The embedded Postgres (process {pid}) did not stop in {_STOP_SECONDS} s."
            raise WaybillError(msg, f"See the newest file in {self._log}, then try again.")
        return True

    def _make(self, server: Binaries) -> None:
        secrets = self.folder / passwords.FILE
        if self.data.exists():
            initialize.check_version(self.data, server)
            if SUPERUSER not in passwords.load(secrets):
                msg = f"{secrets} is gone or incomplete, and with it the way into {self.data}."
                remedy = f"Restore it, or move {self.data} away and load everything anew."
                raise WaybillError(msg, remedy)
        else:
            password = passwords.complete(secrets)[SUPERUSER]
            initialize.initialize(self.data, server, password=password, is_durable=self.is_durable)
        passwords.complete(secrets)

    def _launch(self, server: Binaries, port: int) -> bool:
        settings = server_settings.text(port, is_durable=self.is_durable)
        private_files.write(self.data / server_settings.FILE, settings)
        private_files.folder(self._log)
        runner = unprivileged.runner(self.data)
        runner.give(self.data)
        runner.give(self._log)
        arguments = ["start", "--wait", f"--timeout={_START_SECONDS}", f"--log={self._start_log}"]
        return self._pg_ctl(server, *arguments) == 0

    def _pg_ctl(self, server: Binaries, *arguments: str) -> int:
        # No pipes: the server inherits what pg_ctl has, and would keep a caller's pipe open.
        process = subprocess.Popen(  # noqa: S603 - a list of our own making, no shell
            [
                *unprivileged.runner(self.data).prefix,
                server.program("pg_ctl"),
                f"--pgdata={self.data}",
                "--silent",
                *arguments,
            ],
            env=commands.environment(),
            cwd=self.data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            sys.stderr.write(f"warehouse: waiting for the embedded Postgres to {arguments[0]}…\n")
            return process.wait()

    def _comes_up(self, pid: int) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while postmaster.running(self.data) == pid and time.monotonic() < deadline:
            try:
                self._answer()
            except WaybillError as error:
                if not any(phase in error.cause for phase in _PASSING):
                    msg = f"The embedded Postgres runs as process {pid}, but: {error.cause}"
                    remedy = "Stop it with `meltano invoke warehouse:down`, then start it again."
                    raise WaybillError(msg, remedy) from error
            else:
                return True
            time.sleep(0.05)
        if postmaster.running(self.data) is None:
            return False
        msg = f"The embedded Postgres (process {pid}) was not ready after {_START_SECONDS} s."
        raise WaybillError(msg, f"See the newest file in {self._log}, and start it again later.")

    def _prune_log(self) -> None:
        # The server begins a day's file anew at midnight only, not when it starts on that day.
        oldest = time.time() - (server_settings.LOG_DAYS - 1) * 86_400
        for path in self._log.glob("*.log"):
            if path == self._start_log or path.stat().st_mtime < oldest:
                path.unlink()

    def _last_words(self) -> str:
        logs = sorted(self._log.glob("*.log"), key=lambda path: path.stat().st_mtime)
        lines = [line for path in logs for line in path.read_text(errors="replace").splitlines()]
        reasons = [line.split("FATAL:")[-1].strip() for line in lines if "FATAL:" in line]
        return (reasons or lines or [f"nothing in {self._log}"])[-1].rstrip(".")
