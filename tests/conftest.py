"""A copy of the project to run whole jobs in, with databases, ports, state and logs of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
REAL_DATA = ROOT.parent / "shared" / "data"
_INVOKE = ("invoke", "--no-install")
SETTINGS = (
    "WAYBILL_",
    "WAREHOUSE_",
    "LANDING_",
    "PROCESSED_",
    "MELTANO_",
    "DBT_",
    "TAP_",
    "TARGET_",
    "KAGGLE_",
)


@dataclass(frozen=True)
class Project:
    """A copy of the tracked files; only the installed plugins are shared with the original."""

    root: Path
    environment: dict[str, str]
    urls: dict[str, str] = field(default_factory=dict)
    """By role; they last as long as the warehouse, and Meltano takes seconds to give one."""

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
        if role not in self.urls:
            self.urls[role] = self._printed_url(role)
        return self.urls[role]

    def _printed_url(self, role: str) -> str:
        done = subprocess.run(
            [ROOT / ".venv" / "bin" / "meltano", *_INVOKE, "warehouse:url", "--role", role],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

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


def make_project(root: Path) -> Project:
    """Copy the project to `root`, with the plugins that are installed in the original."""
    _copy_tracked_files(root)
    (root / ".meltano").mkdir()
    for kind in ("extractors", "loaders", "utilities"):
        (root / ".meltano" / kind).symlink_to(ROOT / ".meltano" / kind, target_is_directory=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return Project(
        root=root,
        environment=inherited
        | {
            "WAYBILL_HOME": str(root / ".waybill"),
            "XDG_STATE_HOME": str(root / ".state"),
        },
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One project for all tests of a module; its embedded Postgres is stopped at the end."""
    made = make_project(tmp_path_factory.mktemp("project") / "waybill")
    yield made
    made.meltano("invoke", "warehouse:down")


@pytest.fixture(scope="module")
def other_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A second project, for what must be equal in both."""
    made = make_project(tmp_path_factory.mktemp("other") / "waybill")
    yield made
    made.meltano("invoke", "warehouse:down")


@pytest.fixture(scope="session")
def real_archives() -> Path:
    """The folder of the real archives; tests that use it are marked `real_data`."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"the real archives are not in {REAL_DATA}")
    return REAL_DATA
