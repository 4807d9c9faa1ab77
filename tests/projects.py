"""Copies of the project to run whole jobs in, each with databases, a port, state and logs of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from waybill_common import connections, private_files
from waybill_warehouse.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SETTINGS = (
    *(
        "WAYBILL_",
        "WAREHOUSE_",
        "LANDING_",
        "PROCESSED_",
        "MELTANO_",
        "DBT_",
        "TAP_",
        "TARGET_",
        "KAGGLE_",
    ),
)


@dataclass(frozen=True)
class Project:
    """A copy of the tracked files; only the installed plugins are shared with the original.

    Attributes:
        root: Its folder.
        environment: What its commands find in theirs.
    """

    root: Path
    environment: dict[str, str]

    @property
    def postgres(self) -> Path:
        """The folder of its embedded Postgres."""
        return self.root / ".waybill" / "postgres"

    def meltano(
        self, command: str, *arguments: str, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `meltano`, with settings added to its environment.

        It must not install: the copy's path differs, so it would make the environments anew that
        other copies are running from. The setting `auto_install` has no effect in Meltano 4.4.1.
        """
        no_install = ["--no-install"] if command in {"invoke", "run"} else []
        return subprocess.run(
            [ROOT / ".venv" / "bin" / "meltano", command, *no_install, *arguments],
            cwd=self.root,
            env=self.environment | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def run(self, job: str, **settings: str) -> str:
        """Run a job that must succeed; returns what it printed."""
        done = self.meltano("run", job, **settings)
        assert done.returncode == 0, done.stdout[-8000:]
        return done.stdout

    def url(self, role: str = "auditor") -> str:
        """The URL of the project's warehouse, as `warehouse:url` prints it."""
        login = connections.SUPERUSER if role == "admin" else role
        return connections.embedded(login, connections.WAREHOUSE_DATABASE, folder=self.postgres).url

    def rows(self, query: str, role: str = "auditor") -> list[tuple[Any, ...]]:
        """The rows of a query on the project's warehouse."""
        with psycopg.connect(self.url(role)) as session:
            return session.execute(query).fetchall()  # type: ignore[arg-type]

    def execute(self, statement: str, role: str) -> None:
        """Change the project's warehouse behind its back."""
        with psycopg.connect(self.url(role)) as session:
            session.execute(statement)  # type: ignore[arg-type]


def _copy_tracked_files(target: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listing.stdout.split("\0")):
        if not (ROOT / name).is_file():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)


def _project(root: Path) -> Project:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    own = {"WAYBILL_HOME": str(root / ".waybill"), "XDG_STATE_HOME": str(root / ".state")}
    return Project(root, inherited | own)


@contextmanager
def new_project(root: Path) -> Iterator[Project]:
    """A copy of the project in which nothing was run, with the plugins that are installed in the original.

    Args:
        root: Where; its embedded Postgres, if it has one by then, is stopped at the end.
    """
    _copy_tracked_files(root)
    (root / ".meltano").mkdir()
    for kind in ("extractors", "loaders", "utilities"):
        (root / ".meltano" / kind).symlink_to(ROOT / ".meltano" / kind, target_is_directory=True)
    with _stopped_at_the_end(_project(root)) as project:
        yield project


@contextmanager
def _stopped_at_the_end(project: Project) -> Iterator[Project]:
    try:
        yield project
    finally:
        # Nobody reads what it holds any more, so it need not write it down.
        Cluster(project.postgres, is_durable=False).down()


@dataclass(frozen=True)
class FirstRun:
    """A project after `meltano run elt` on the samples, at rest: nobody may change it.

    Attributes:
        root: Its folder.
        output: What the run has printed.
    """

    root: Path
    output: str

    @classmethod
    def of(cls, folder: Path) -> FirstRun:
        """The one in a folder; the first process that asks for it makes it, and others wait for that."""
        root, printed = folder / "waybill", folder / "printed.txt"
        private_files.folder(folder)
        with private_files.locked(folder / "lock"):
            if not printed.exists():
                shutil.rmtree(root, ignore_errors=True)
                with new_project(root) as project:
                    output = project.run("elt")
                    Cluster(project.postgres).down()
                printed.write_text(output, encoding="utf-8")
        return cls(root, printed.read_text(encoding="utf-8"))

    @contextmanager
    def copy(self, root: Path) -> Iterator[Project]:
        """A project that goes on from here, with a running Postgres, a port, state and logs of its own.

        Args:
            root: Where; its Postgres is stopped at the end.
        """
        shutil.copytree(self.root, root, symlinks=True)
        project = _project(root)
        # Another port than that of any other copy: their passwords are the same ones.
        (project.postgres / "cluster.json").unlink()
        with _stopped_at_the_end(project):
            Cluster(project.postgres).up()
            yield project
