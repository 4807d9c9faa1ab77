"""Waybill's lane: tap and target in a pipe, bare or under `meltano run`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import project
from benchmarks.processes import Command

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.processes import Measurement
    from benchmarks.server import Server

_SUFFIX = "--bench"
_BLOCK_DONE = "Block run completed"
_TAP, _TARGET = "tap-idle", "target-idle"


@dataclass(frozen=True)
class Source:
    """What a tap reads.

    Attributes:
        name: Names state and schemas of what is made of it.
        tap: `tap-csv` or `tap-postgres`.
        settings: The tap's.
    """

    name: str
    tap: str
    settings: dict[str, Any]

    @property
    def extractor(self) -> str:
        """Its name in the Meltano project."""
        return f"{self.tap}{_SUFFIX}-{self.name}"


@dataclass(frozen=True)
class Lane:
    """The lane into one server.

    Args:
        server: Holds the warehouse.
        program: Meltano's.
        folder: For settings, states and logs.
    """

    server: Server
    program: Path
    folder: Path

    def make_project(self, sources: list[Source]) -> None:
        """Make the Meltano project that `meltano` runs in, and let Meltano set itself up there."""
        extractors = [
            {
                "name": source.extractor,
                "inherit_from": source.tap,
                "load_schema": self.schema(source, is_bare=False),
                "config": source.settings,
            }
            for source in sources
        ]
        idle = {"namespace": "idle", "executable": "true"}
        project.make(
            self._project,
            {
                "extractors": [*extractors, idle | {"name": _TAP}],
                "loaders": [idle | {"name": _TARGET}],
            },
        )
        self._run_meltano("state", "list")

    def schema(self, source: Source, *, is_bare: bool) -> str:
        """Where rows land."""
        return f"raw_{source.name}_{'pipe' if is_bare else 'meltano'}"

    def pipe(self, source: Source, *, with_state: bool = False) -> Measurement:
        """Run `tap | target` as Meltano would, without it.

        Args:
            source: What is read.
            with_state: Whether to go on from where the last run ended, rather than from the start.
        """
        work = self.folder / source.name
        work.mkdir(parents=True, exist_ok=True)
        state = work / "state.json"
        if not with_state:
            state.unlink(missing_ok=True)
        target = {"default_target_schema": self.schema(source, is_bare=True)}
        (work / "tap.json").write_text(json.dumps(source.settings))
        (work / "target.json").write_text(json.dumps(target))
        environment = {
            "WAYBILL_HOME": str(self.server.home),
            "MELTANO_PROJECT_ROOT": str(self._project),
        }
        tap: list[str | Path] = [project.executable("extractors", source.tap)]
        tap += ["--config", work / "tap.json"]
        if state.exists():
            tap += ["--state", state]
        loader = project.executable("loaders", "target-postgres")
        done = self.server.measure(
            [
                Command("tap", tap, environment),
                Command("target", [loader, "--config", work / "target.json"], environment),
            ],
            work,
        )
        if states := (work / "output").read_text().splitlines():
            state.write_text(states[-1])
        return done

    def meltano(self, source: Source, *, with_state: bool = False) -> Measurement:
        """Run the same by `meltano run`."""
        anew = [] if with_state else ["--full-refresh"]
        return self._run_meltano("run", "--no-install", *anew, source.extractor, "target-postgres")

    def meltano_alone(self) -> Measurement:
        """Run Meltano around a tap and a target that do nothing."""
        return self._run_meltano("run", "--no-install", _TAP, _TARGET)

    @property
    def _project(self) -> Path:
        return self.folder / "project"

    def job(self, name: str, settings: dict[str, str]) -> tuple[list[float], float]:
        """Run a job.

        Args:
            name: Its name.
            settings: Added to the environment.

        Returns:
            The seconds that Meltano says each block took, in order, and those of the whole run.
        """
        log = ["--log-config=none", "--log-format=json"]
        done = self._run_meltano(*log, "run", "--no-install", name, **settings)
        lines = (self.folder / "meltano" / "meltano.log").read_text().splitlines()
        said = [json.loads(line) for line in lines if line.startswith("{")]
        blocks = [each for each in said if each["event"] == _BLOCK_DONE]
        return [each["duration_seconds"] for each in blocks], done.seconds

    def _run_meltano(self, *arguments: str, **settings: str) -> Measurement:
        environment = settings | {
            "WAYBILL_HOME": str(self.server.home),
            "XDG_STATE_HOME": str(self.folder / "xdg"),
        }
        command = Command("meltano", [self.program, *arguments], environment, folder=self._project)
        return self.server.measure([command], self.folder / "meltano")
