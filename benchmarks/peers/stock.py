"""MeltanoLabs' tap-postgres and target-postgres; their tap-csv is not on PyPI."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks import environments
from benchmarks.peers.peer import Peer
from benchmarks.processes import BenchmarkError, Command, environment
from benchmarks.workload import UPDATED_AT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.processes import Measurement


class Stock(Peer):
    """They; `use_copy`, large batches and no validation are what makes them fastest."""

    name = "stock"
    requirements = ("stock-tap", "stock-target")
    package = "meltanolabs-target-postgres"
    what: ClassVar = {"append": "append-only with use_copy", "merge": "upsert with use_copy"}
    reads_csv = False
    most = 1
    merges_whole_tables = False

    def schema(self, way: str) -> str:  # noqa: ARG002 - a first load of its takes minutes: both ways share it
        """Where rows land."""
        return self.name

    def work(self, way: str) -> Path:  # noqa: ARG002 - as schema
        """A folder that stays from one load to the next."""
        return self.folder / self.name

    def table(self, table: str, way: str, since: str | None) -> list[Command]:  # noqa: ARG002 - it has a state
        """The commands that load a table."""
        work = self.work(way)
        work.mkdir(parents=True, exist_ok=True)
        schema = table.partition(".")[0]
        _write(
            work / "tap.json",
            {"sqlalchemy_url": _with_driver(self.source, "psycopg2"), "filter_schemas": [schema]},
        )
        target = {
            "sqlalchemy_url": _with_driver(self.target, "psycopg"),
            "default_target_schema": self.schema(way),
            "load_method": "upsert" if way.endswith("merge") else "append-only",
            "use_copy": True,
            "validate_records": False,
            "batch_size_rows": 50_000,
        }
        _write(work / "target.json", target)
        tap: list[str | Path] = [self.environment / "bin" / "tap-postgres"]
        tap += ["--config", work / "tap.json"]
        if not (work / "catalog.json").exists():
            _write(work / "catalog.json", _catalog(tap))
        state = work / "state.json"
        tap += ["--catalog", work / "catalog.json"]
        if state.exists():
            tap += ["--state", state]
        loader = self._target_environment / "bin" / "target-postgres"
        return [
            Command("tap", tap),
            Command("target", [loader, "--config", work / "target.json"]),
        ]

    def start(self, load: Callable[[str], Measurement], way: str) -> None:
        """Bring the table to where a merge into it starts; what was appended will do."""
        super().start(lambda way: load(way.replace("merge", "append")), way)

    def run(self, commands: Sequence[Command], way: str) -> Measurement:
        """Run its commands, measured, and keep the state they end with."""
        done = super().run(commands, way)
        if states := (self.work(way) / "output").read_text().splitlines():
            (self.work(way) / "state.json").write_text(states[-1])
        return done

    @property
    def _target_environment(self) -> Path:
        return self.environment.with_name(environments.folder_name(self.requirements[-1]))


def _with_driver(url: str, driver: str) -> str:
    return url.replace("postgresql:", f"postgresql+{driver}:", 1)


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content))


def _catalog(tap: list[Any]) -> Any:
    """What the tap discovers, to be read by `updated_at`.

    Raises:
        BenchmarkError: It cannot be had.
    """
    done = subprocess.run(  # noqa: S603 - a fixed program
        [*tap, "--discover"], env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BenchmarkError(done.stderr[-2000:])
    catalog = json.loads(done.stdout)
    for stream in catalog["streams"]:
        stream |= {"replication_method": "INCREMENTAL", "replication_key": UPDATED_AT}
        (root,) = (each["metadata"] for each in stream["metadata"] if not each["breadcrumb"])
        root |= {
            "selected": True,
            "replication-method": "INCREMENTAL",
            "replication-key": UPDATED_AT,
        }
    return catalog
