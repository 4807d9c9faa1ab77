"""What a benchmark measured, as it is kept in benchmarks/results and read from there."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.processes import BenchmarkError, Measurement, Used

FOLDER = Path(__file__).parent / "results"
FLOOR = "floor"


@dataclass
class Entry:
    """One contender of a case.

    Attributes:
        what: What it did, in words.
        runs: Each repetition.
        error: Why it counts no further, or "".
        types: The type of each column as it landed.
    """

    what: str
    runs: list[Measurement] = field(default_factory=list)
    error: str = ""
    types: dict[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Median of all repetitions."""
        return statistics.median(run.seconds for run in self.runs)

    def cpu_seconds(self) -> float:
        """Median of the processor time of all its processes and its sessions of the server."""
        return statistics.median(
            sum(used.cpu_seconds for used in run.processes) for run in self.runs
        )

    def peak_mib(self, process: str) -> float:
        """Largest resident set of a process in any repetition, in MiB."""
        return max(
            used.peak_mib for run in self.runs for used in run.processes if used.name == process
        )


@dataclass
class CaseResult:
    """One case.

    Attributes:
        title: What is done.
        rows: How many rows were read, or could have been.
        entries: By contender.
    """

    title: str
    rows: int
    entries: dict[str, Entry] = field(default_factory=dict)

    def ratio(self, contender: str, to: str = FLOOR) -> float:
        """Median of what a contender took over what another one took in the same repetition."""
        pairs = self._pairs(contender, to)
        return statistics.median(mine / theirs for mine, theirs in pairs)

    def difference(self, contender: str, to: str) -> float:
        """Median of the seconds a contender took above another one in the same repetition."""
        return statistics.median(mine - theirs for mine, theirs in self._pairs(contender, to))

    def has(self, *contenders: str) -> bool:
        """Whether all of these were measured, and landed what they should."""
        return all(
            name in self.entries and self.entries[name].runs and not self.entries[name].error
            for name in contenders
        )

    def _pairs(self, contender: str, to: str) -> list[tuple[float, float]]:
        mine, theirs = self.entries[contender].runs, self.entries[to].runs
        # What is slow is repeated less often than what it is compared with.
        return [(a.seconds, b.seconds) for a, b in zip(mine, theirs, strict=False)]


@dataclass
class Results:
    """One benchmark.

    Attributes:
        machine: Processor, memory, system, versions of Python and PostgreSQL, day, commit.
        parameters: What it was asked to do.
        versions: Of each peer.
        cases: By name, in the order they were measured.
        steps: Seconds of each step of the whole job on the real archive, in order.
    """

    machine: dict[str, str]
    parameters: dict[str, Any]
    versions: dict[str, str] = field(default_factory=dict)
    cases: dict[str, CaseResult] = field(default_factory=dict)
    steps: dict[str, float] = field(default_factory=dict)

    def add(self, earlier: Results) -> None:
        """Take over the cases of an earlier benchmark, as far as they are not measured again.

        Raises:
            BenchmarkError: It had another number of rows.
        """
        if earlier.parameters["rows"] != self.parameters["rows"]:
            msg = f"the earlier benchmark had {earlier.parameters['rows']:,} rows"
            raise BenchmarkError(msg)
        self.versions = earlier.versions | self.versions
        self.cases = earlier.cases | self.cases
        self.steps = self.steps or earlier.steps

    def write(self, path: Path) -> None:
        """Keep it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(rounded(asdict(self)), indent=1) + "\n")


def read(path: Path) -> Results:
    """Results as `write` kept them."""
    kept = json.loads(path.read_text())
    cases = kept.pop("cases")
    return Results(**kept, cases={name: _case(case) for name, case in cases.items()})


def newest() -> Results | None:
    """The results that docs/benchmarks.md shows; their names begin with the day."""
    kept = max(FOLDER.glob("*.json"), default=None)
    return read(kept) if kept else None


def keep(found: dict[str, Any], path: Path | None, folder: Path) -> Path:
    """Write results of another kind.

    Args:
        found: They, with the machine they are of.
        path: Where to, or None for where the documents look for it.
        folder: That place.
    """
    path = path or folder / f"{found['machine']['day']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rounded(found), indent=1) + "\n")
    return path


def newest_in(folder: Path) -> dict[str, Any] | None:
    """The newest results of another kind, which a folder has for itself."""
    kept = max(folder.glob("*.json"), default=None)
    found: dict[str, Any] | None = json.loads(kept.read_text()) if kept else None
    return found


def _case(kept: dict[str, Any]) -> CaseResult:
    entries = kept.pop("entries")
    return CaseResult(**kept, entries={name: _entry(each) for name, each in entries.items()})


def _entry(kept: dict[str, Any]) -> Entry:
    runs = [
        Measurement(run["seconds"], tuple(Used(**used) for used in run["processes"]))
        for run in kept.pop("runs")
    ]
    return Entry(**kept, runs=runs)


def rounded(value: Any) -> Any:
    """The value with milliseconds, the precision of what was measured."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return round(value, 3) if isinstance(value, float) else value
