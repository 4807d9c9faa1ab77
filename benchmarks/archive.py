"""The real Olist archive: its nine files next to nine COPY, and the whole job step by step."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from benchmarks import project
from benchmarks.lane import Source
from benchmarks.processes import BenchmarkError
from benchmarks.results import FLOOR, CaseResult, Entry
from waybill_common import contracts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.lane import Lane
    from benchmarks.processes import Measurement
    from benchmarks.server import Server

ARCHIVE = project.ROOT.parent / "shared" / "data" / "brazilian-ecommerce.zip"
JOB = "marketplace"
_SCHEMA = "floor"
_MOST = 3
_CONTRACT = project.ROOT / "extract" / "contracts" / "olist.yml"


@dataclass(frozen=True)
class Archive:
    """The archive, and where it lands.

    Attributes:
        server: Where rows land.
        lane: Waybill's.
        folder: For its files.
    """

    server: Server
    lane: Lane
    folder: Path

    def measure_landing(self, repeat: int) -> CaseResult:
        r"""All nine files by nine `\copy` and by the lane, in turns."""
        self._extract()
        entries = {
            FLOOR: Entry(r"nine `\copy` in one psql, typed tables without keys"),
            "waybill": Entry("tap-csv and target-postgres in a pipe, from the folder, with keys"),
            "waybill-meltano": Entry("the same by `meltano run`"),
        }
        ways: dict[str, tuple[str, Callable[[], Measurement]]] = {
            FLOOR: (_SCHEMA, self._copy),
            "waybill": (
                self.lane.schema(source(self.folder), is_bare=True),
                lambda: self.lane.pipe(source(self.folder)),
            ),
            "waybill-meltano": (
                self.lane.schema(source(self.folder), is_bare=False),
                lambda: self.lane.meltano(source(self.folder)),
            ),
        }
        expected: dict[str, int] = {}
        for _ in range(min(repeat, _MOST)):
            for name, (schema, run) in ways.items():
                self.server.execute(f"drop schema if exists {schema} cascade")
                done = run()
                landed = self._rows(schema)
                expected = expected or landed
                if landed != expected:
                    msg = f"{schema} holds {landed}, not {expected}"
                    raise BenchmarkError(msg)
                entries[name].runs.append(done)
        title = "The nine files of the real Olist archive into new tables"
        return CaseResult(title, sum(expected.values()), entries)

    def measure_job(self) -> dict[str, float]:
        """The whole job from the archive to the receipt, in seconds by step and in all."""
        # dbt's queries need statistics, which the embedded server gathers by itself elsewhere.
        self.server.execute("alter system reset autovacuum", "select pg_reload_conf()")
        words = iter(_job().split())
        durations, seconds = self.lane.job(JOB, {"WAYBILL_OLIST": str(ARCHIVE)})
        steps = {}
        for duration in durations:
            word = next(words)
            step = f"{word} {next(words)}" if word.startswith("tap-") else word
            steps[step] = duration
        return steps | {"in all": seconds}

    def _extract(self) -> None:
        with zipfile.ZipFile(ARCHIVE) as archive:
            archive.extractall(self.folder)

    def _copy(self) -> Measurement:
        statements = [f"create schema {_SCHEMA}"]
        for stream in contracts.load(_CONTRACT).streams:
            columns = ", ".join(f"{each.name} {each.sql_type}" for each in stream.columns)
            statements.append(f"create table {_SCHEMA}.{stream.name} ({columns})")
            (file,) = self.folder.glob(stream.files or "")
            copy = rf"\copy {_SCHEMA}.{stream.name} from '{file}' (format csv, header)"
            statements.append(copy)
        return self.server.measure([self.server.psql("psql", *statements)], self.folder / "work")

    def _rows(self, schema: str) -> dict[str, int]:
        names = [stream.name for stream in contracts.load(_CONTRACT).streams]
        query = " union all ".join(
            f"select '{each}', count(*) from {schema}.{each}" for each in names
        )
        return {str(name): int(count) for name, count in self.server.rows(query)}


def source(folder: Path) -> Source:
    """The archive's files in a folder, as the lane reads them."""
    settings = {"path": str(folder), "contract": str(_CONTRACT), "mode": "batch"}
    return Source("olist", "tap-csv", settings)


def _job() -> str:
    """The job's steps as its definition writes them."""
    jobs = yaml.safe_load((project.ROOT / "orchestrate" / "jobs.meltano.yml").read_text())["jobs"]
    return str(next(job for job in jobs if job["name"] == JOB)["tasks"][0])
