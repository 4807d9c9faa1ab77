"""A whole Airflow over a project of its own, and what a person sees of it through its API."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Project

ROOT = Path(__file__).parents[1]
_PATIENCE = 300.0


@dataclass
class Stack:
    """Airflow's processes of a project."""

    project: Project
    port: int
    supervisor: subprocess.Popen[bytes]
    _token: str = field(default="", repr=False)

    @property
    def output(self) -> str:
        """What `airflow:up` has printed."""
        return (self.project.root / "up.log").read_text()

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait for something to become true; returns it.

        Raises:
            AssertionError: It never did; shows what the stack has printed.
        """
        begun = time.monotonic()
        while not (found := condition()):
            assert self.supervisor.poll() is None, f"{what}: airflow:up ended:\n{self.output}"
            assert time.monotonic() - begun < _PATIENCE, f"{what}:\n{self.output}"
            time.sleep(0.5)
        return found

    def ask(self, path: str, body: object = None, *, token: str | None = None) -> tuple[int, Any]:
        """A request, by default as the logged in user; returns status and JSON."""
        headers = {"Content-Type": "application/json"}
        if sent := self._token if token is None else token:
            headers["Authorization"] = f"Bearer {sent}"
        method, data = ("GET", None) if body is None else ("POST", json.dumps(body))
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            client.request(method, path, data, headers)
            answer = client.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            client.close()

    def log_in(self, password: str) -> int:
        """Log in as the UI does; returns the status."""
        login = {"username": "admin", "password": password}
        status, said = self.ask("/auth/token", login, token="")
        self._token = said.get("access_token", "")
        return status

    def services(self) -> dict[str, psutil.Process]:
        """Airflow's processes by name, as the supervisor has noted them."""
        noted = self.project.root / ".waybill" / "airflow" / "running.json"
        return {
            each["name"]: psutil.Process(each["session"])
            for each in json.loads(noted.read_text())
            if psutil.pid_exists(each["session"])
        }


def write_plan(project: Project, *schedules: dict[str, Any], jobs: dict[str, str]) -> None:
    """Give a project the schedules that a test needs, and jobs beside its own."""
    folder = project.root / "orchestrate"
    (folder / "schedules.meltano.yml").write_text(yaml.safe_dump({"schedules": [*schedules]}))
    path = folder / "jobs.meltano.yml"
    document = yaml.safe_load(path.read_text())
    known = {job["name"] for job in document["jobs"]}
    document["jobs"] += [
        {"name": name, "tasks": [task]} for name, task in jobs.items() if name not in known
    ]
    path.write_text(yaml.safe_dump(document))


@contextmanager
def running(project: Project, **settings: str) -> Iterator[Stack]:
    """`airflow:up` on a port of its own; it is stopped as a person stops it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with (project.root / "up.log").open("wb") as output:
        supervisor = subprocess.Popen(
            [ROOT / ".venv" / "bin" / "meltano", "invoke", "--no-install", "airflow:up"],
            cwd=project.root,
            env=project.environment | {"WAYBILL_AIRFLOW_PORT": str(port)} | settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    stack = Stack(project, port, supervisor)
    try:
        stack.until(lambda: f"airflow: http://127.0.0.1:{port}\n" in stack.output, "no UI")
        yield stack
    finally:
        if supervisor.poll() is None:
            os.kill(supervisor.pid, signal.SIGTERM)
            supervisor.wait(_PATIENCE)
