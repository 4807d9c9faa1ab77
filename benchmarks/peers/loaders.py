"""How each peer is called, in the way that is its fastest here."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from benchmarks.peers.peer import Peer
from benchmarks.peers.stock import Stock
from benchmarks.processes import Command
from benchmarks.workload import KEY, STREAM, UPDATED_AT

_DECIMAL = "decimal(10,2)"
_CSV_TYPES = {
    "order_item_id": "int",
    "shipping_limit_date": "timestamp_ntz",
    "price": _DECIMAL,
    "freight_value": _DECIMAL,
}


class Dlt(Peer):
    """Parquet files made through Arrow, which go to PostgreSQL through ADBC."""

    name = "dlt"
    requirements = ("dlt",)
    package = "dlt"
    what: ClassVar = {
        "append": "Parquet through Arrow, append, no key",
        "merge": "Parquet through Arrow, merge",
    }

    def csv(self, file: Path, way: str) -> list[Command]:
        """The commands that load a file."""
        return self._load("csv", str(file), way)

    def table(self, table: str, way: str, since: str | None) -> list[Command]:
        """The commands that load a table; where it stopped before, it knows itself."""
        kind = "postgres" if since is None else "postgres-on"
        return self._load(kind, f"{self.source}#{table.partition('.')[0]}", way)

    def _load(self, kind: str, source: str, way: str) -> list[Command]:
        self.work(way).mkdir(parents=True, exist_ok=True)
        python = self.environment / "bin" / "python"
        script = Path(__file__).with_name("dlt_load.py")
        disposition = "merge" if way.endswith("merge") else "append"
        arguments = [kind, disposition, source, self.target, self.schema(way)]
        return [Command(self.name, [python, script, *arguments], folder=self.work(way))]


class Sling(Peer):
    """The command line, with its own defaults."""

    name = "sling"
    requirements = ("sling",)
    package = "sling-linux-amd64"
    what: ClassVar = {"append": "full-refresh, no key", "merge": "incremental with primary key"}

    def csv(self, file: Path, way: str) -> list[Command]:
        """The commands that load a file."""
        return self._load(["--src-stream", f"file://{file}"], [], way)

    def table(self, table: str, way: str, since: str | None) -> list[Command]:
        """The commands that load a table; where it stopped before, it asks the target."""
        source = ["--src-conn", f"{self.source}?sslmode=disable", "--src-stream", table]
        return self._load(source, [] if since is None else ["--update-key", UPDATED_AT], way)

    def _load(self, source: list[str], increment: list[str], way: str) -> list[Command]:
        program = next(self.environment.glob("lib/*/site-packages/*/bin/sling-linux-amd64"))
        program.chmod(0o755)
        merge = ["--mode", "incremental", "--primary-key", KEY.replace(" ", ""), *increment]
        mode = merge if way.endswith("merge") else ["--mode", "full-refresh"]
        goal = ["--tgt-conn", f"{self.target}?sslmode=disable"]
        goal += ["--tgt-object", f"{self.schema(way)}.{STREAM}"]
        return [
            Command(
                self.name,
                [program, "run", *source, *goal, *mode],
                {"SLING_DISABLE_TELEMETRY": "TRUE", "SLING_HOME_DIR": str(self.folder / "home")},
            )
        ]


class Ingestr(Peer):
    """The command line, with its own defaults; types of a file's columns are given."""

    name = "ingestr"
    requirements = ("ingestr",)
    package = "ingestr"
    what: ClassVar = {"append": "replace", "merge": "merge"}

    def csv(self, file: Path, way: str) -> list[Command]:
        """The commands that load a file."""
        types = ",".join(f"{name}:{sql_type}" for name, sql_type in _CSV_TYPES.items())
        source = ["--source-uri", f"csv://{file}", "--source-table", STREAM, "--columns", types]
        return self._load(source, [], way)

    def table(self, table: str, way: str, since: str | None) -> list[Command]:
        """The commands that load a table."""
        source = ["--source-uri", f"{self.source}?sslmode=disable", "--source-table", table]
        increment = [] if since is None else ["--incremental-key", UPDATED_AT]
        increment += ["--interval-start", since] if since else []
        return self._load(source, increment, way)

    def _load(self, source: list[str], increment: list[str], way: str) -> list[Command]:
        keys = [part for name in KEY.split(", ") for part in ("--primary-key", name)]
        merge = ["--incremental-strategy", "merge", *keys, *increment]
        goal = ["--dest-uri", f"{self.target}?sslmode=disable"]
        goal += ["--dest-table", f"{self.schema(way)}.{STREAM}"]
        program = self.environment / "bin" / "ingestr"
        options = ["--yes", "--progress", "log", *(merge if way.endswith("merge") else [])]
        environment = {"INGESTR_DISABLE_TELEMETRY": "true"}
        return [Command(self.name, [program, "ingest", *source, *goal, *options], environment)]


ALL: dict[str, type[Peer]] = {kind.name: kind for kind in (Dlt, Sling, Ingestr, Stock)}
