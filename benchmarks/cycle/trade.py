"""The job `trade` on samples, in a project of its own, with writes on its source in between."""

from __future__ import annotations

import shlex
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks import processes, project
from benchmarks.cycle import watching
from benchmarks.soak.writers import CHANGES, NEW_ORDER
from waybill_common import connections
from waybill_warehouse import postmaster

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from benchmarks.cycle.watching import Seen, Watched

JOB = "trade"
ITSELF = "Meltano itself"
ALL = "all processes"
SERVER = "the server"
_FIRST_ORDER = 500_000
_STEADY = 2
"""Runs before the measured ones: the first of them makes everything, the second settles it."""

Costs = dict[str, dict[str, float]]
"""CPU seconds and, where it says something, wall seconds, by step."""


@dataclass(frozen=True)
class Trade:
    """The project.

    Attributes:
        folder: Where it is made.
    """

    folder: Path

    def prepare(self) -> None:
        """Make it, and run the job until it has settled."""
        project.make(self.folder, {})
        for _ in range(_STEADY):
            self._run()

    def stop(self) -> None:
        """Stop its Postgres, if it was started."""
        if (self.folder / ".waybill" / "postgres").is_dir():
            self._meltano("invoke", "--no-install", "warehouse:down")

    def version(self) -> str:
        """The server's version."""
        with self._admin() as session:
            return session.info.parameter_status("server_version") or ""

    def measure(self, orders: int, repeat: int) -> dict[str, Costs]:
        """Run the job with nothing new at the source and with a few orders, in turns.

        Args:
            orders: How many orders are new for each run that is to have some.
            repeat: How many runs of each kind, of which the median counts.
        """
        runs: dict[str, list[Costs]] = {"empty": [], "changed": []}
        for number in range(repeat):
            runs["empty"].append(self._costs())
            self._write(_FIRST_ORDER + number * orders, orders)
            runs["changed"].append(self._costs())
        return {kind: _median(costs) for kind, costs in runs.items()}

    def _write(self, first: int, orders: int) -> None:
        """New orders with their transactions and payments, a changed dimension and a changed payment."""
        with self._admin(connections.SOURCE_DATABASE) as session, session.transaction():
            for number in range(first, first + orders):
                session.execute(NEW_ORDER.encode(), {"id": number})
            for change in CHANGES:
                session.execute(change.encode(), {"any": first})

    def _costs(self) -> Costs:
        # Otherwise what a run before has left in memory is written out in the middle of this one.
        with self._admin() as session:
            session.execute("checkpoint")
        before = self._server()
        done = self._run()
        costs = dict(by_step(done))
        costs[SERVER] = {"cpu": self._server() - before}
        return costs

    def _admin(
        self, database: str = connections.WAREHOUSE_DATABASE
    ) -> psycopg.Connection[tuple[Any, ...]]:
        folder = self.folder / ".waybill" / "postgres"
        login = connections.embedded(connections.SUPERUSER, database, folder=folder)
        return login.connect(autocommit=True)

    def _run(self) -> Watched:
        return self._meltano("run", "--no-install", JOB)

    def _meltano(self, *arguments: str) -> Watched:
        environment = processes.environment() | {
            "WAYBILL_HOME": str(self.folder / ".waybill"),
            "XDG_STATE_HOME": str(self.folder / ".state"),
        }
        return watching.watch([project.meltano(), *arguments], self.folder, environment)

    def _server(self) -> float:
        """What the server has used: its postmaster, the sessions that have ended and those that go on."""
        pid = postmaster.running(self.folder / ".waybill" / "postgres" / "data")
        if pid is None:
            return 0.0
        children = Path("/proc", str(pid), "task", str(pid), "children").read_text().split()
        return sum(watching.cpu_seconds(each) or 0.0 for each in (pid, *map(int, children)))


def by_step(done: Watched) -> Iterator[tuple[str, dict[str, float]]]:
    """What each step of a run has cost, what Meltano has taken itself, and the sum."""
    named = names()
    children = [seen for seen in done.children if seen.cpu_seconds or seen.words]
    steps: dict[str, list[Seen]] = {}
    for seen in children:
        steps.setdefault(_name(seen, named), []).append(seen)
    own = done.cpu_seconds - sum(seen.cpu_seconds for seen in children)
    yield ITSELF, {"cpu": own, "wall": done.seconds - _covered(children)}
    for name, parts in steps.items():
        yield name, {"cpu": sum(part.cpu_seconds for part in parts), "wall": _covered(parts)}
    yield ALL, {"cpu": done.cpu_seconds, "wall": done.seconds}


def _covered(parts: list[Seen]) -> float:
    """For how long at least one of them was there."""
    seconds = reached = 0.0
    for part in sorted(parts, key=lambda part: part.begun):
        seconds += max(0.0, part.ended - max(part.begun, reached))
        reached = max(reached, part.ended)
    return seconds


def _name(seen: Seen, named: dict[tuple[str, ...], str]) -> str:
    words = (Path(seen.words[0]).name, *seen.words[1:]) if seen.words else ("unknown",)
    discovery = " (discovery)" if "--discover" in words else ""
    return named.get(words, f"{words[0]}{discovery}")


def names() -> dict[tuple[str, ...], str]:
    """What the job calls each command of a utility."""
    found = {}
    for path in project.ROOT.glob("*/*.meltano.yml"):
        document: dict[str, Any] = yaml.safe_load(path.read_text())
        for plugin in document.get("plugins", {}).get("utilities", ()):
            for name, command in plugin.get("commands", {}).items():
                words = (plugin["executable"], *shlex.split(command["args"]))
                found[words] = f"{plugin['name']}:{name}"
    return found


def _median(costs: list[Costs]) -> Costs:
    return {
        step: {
            what: statistics.median(each[step][what] for each in costs if step in each)
            for what in costs[0][step]
        }
        for step in costs[0]
    }
