"""No value of a column that lands hashed is found anywhere after it left its source."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import canaries
import psycopg
import pytest
from canaries import CLEAR, HASHED, LANDED

if TYPE_CHECKING:
    from conftest import Project

BIN = Path(__file__).parents[1] / ".venv" / "bin"
MODES = ("batch", "record")
_PEOPLE = ("tap-csv--people", "target-postgres", "tap-postgres--people", "target-postgres")


class Planted:
    """A project whose sources hold canaries, and all that was printed in it."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self.folder = folder
        self.printed: list[str] = []
        self.admin = ""

    def meltano(self, *arguments: str, **settings: str) -> str:
        """Run a command that must succeed."""
        done = self.project.meltano(*arguments, **settings)
        self.printed.append(done.stdout)
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout

    def plant(self) -> None:
        """Fill the sources, and let the server log each statement from then on."""
        self.meltano("invoke", "warehouse:up")
        self.meltano("invoke", "sources:prepare-totesys")
        self.admin = self.project.url("admin")
        source = self.admin.replace("/warehouse", "/source")
        canaries.plant(source)
        root = self.project.root
        (root / "extract/contracts/people.yml").write_text(canaries.contract())
        canaries.write_csv(self.folder / "people", canaries.BAD_ROWS)
        (root / "extract/people.meltano.yml").write_text(
            canaries.extractors(self.folder / "people", source)
        )
        self.meltano("invoke", "waybill:render")
        with psycopg.connect(self.admin, autocommit=True) as session:
            session.execute("alter system set log_statement = 'all'")
            session.execute("select pg_reload_conf()")

    def files(self) -> list[Path]:
        """All that runs leave behind as files, but for the server's own."""
        root = self.project.root
        left = [path for path in (root / ".waybill").iterdir() if path.name != "postgres"]
        made = [root / name for name in (".meltano", ".state", "transform", "validate", "docs")]
        return [*left, *made]


@pytest.fixture(scope="module")
def planted(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """Everything was run in both modes; each test looks for what it left behind."""
    made = Planted(project, tmp_path_factory.mktemp("people"))
    made.plant()
    made.meltano("run", *_PEOPLE)
    made.meltano("run", "trade")
    made.meltano("invoke", "validate", "raw", "people")
    made.meltano("invoke", "dbt:docs")
    modes = {"TAP_CSV__PEOPLE_MODE": "record", "TAP_POSTGRES__PEOPLE_MODE": "record"}
    again = ("--full-refresh", *_PEOPLE, "tap-postgres--totesys", "target-postgres")
    made.meltano("run", *again, TAP_POSTGRES__TOTESYS_MODE="record", **modes)
    return made


def test_both_sources_have_landed(planted: Planted) -> None:
    """What is looked for below was there to be found, and one value has one hash from both sources."""
    assert LANDED in canaries.found_in_database(planted.admin, [LANDED])["raw_people.people"]
    query = (
        "select id, name, born, salary, phone, note from {}.people where id < 900000 order by id"
    )
    from_csv = planted.project.rows(query.format("raw_people"), "loader")
    from_table = planted.project.rows(query.format("raw_people_db"), "loader")
    assert len(from_csv) == canaries.ROWS
    assert from_csv == from_table
    letters = "select count(*) from waybill.dead_letter where stream = 'people'"
    assert planted.project.rows(letters) == [(len(MODES) * 2 * len(canaries.BAD_ROWS),)]
    assert all(canaries.is_hash(value) for row in from_csv for value in row[1:4])
    assert len({row[1] for row in from_csv}) == 500


def test_no_table_holds_what_is_hashed(planted: Planted) -> None:
    """Raw, staging, marts, ledger, receipts and dead letters; those in the clear are found by the same look."""
    assert canaries.found_in_database(planted.admin, HASHED) == {}
    clear = canaries.found_in_database(planted.admin, CLEAR)
    assert {"raw_people.people", "raw_totesys.staff", "trade.dim_staff"} <= set(clear)
    assert not {"waybill.load", "waybill.receipt", "waybill.run", "waybill.step"} & set(clear)


def test_no_file_holds_personal_data(planted: Planted) -> None:
    """State, Meltano's and dbt's logs, Data Docs, dbt's docs and batch files."""
    assert (planted.project.root / "transform" / "target" / "static_index.html").is_file()
    assert canaries.found_in_files(planted.files(), [*HASHED, *CLEAR]) == {}


def test_the_servers_log_holds_nothing_that_is_hashed(planted: Planted) -> None:
    """It has each statement here, with the values that are bound to it."""
    log = [planted.project.root / ".waybill/postgres/log"]
    assert canaries.found_in_files(log, HASHED) == {}
    assert canaries.found_in_files(log, ["waybill.dead_letter"])


def test_nothing_printed_holds_personal_data(planted: Planted) -> None:
    """What a scheduler keeps for months and sends by mail."""
    assert canaries.found_in("\n".join(planted.printed).encode(), [*HASHED, *CLEAR]) == set()


@pytest.mark.parametrize("tap", ["tap-csv", "tap-postgres"])
def test_a_killed_tap_leaves_no_personal_data_behind(planted: Planted, tap: str) -> None:
    """Its batch files and its output stay until the next run, or for ever."""
    home = planted.folder / f"home-{tap}"
    config = {
        "contract": str(planted.project.root / "extract/contracts/people.yml"),
        "mode": "batch",
        "path": str(planted.folder / "people"),
        "sqlalchemy_url": planted.admin.replace("/warehouse", "/source"),
    }
    path = planted.folder / f"{tap}.json"
    path.write_text(json.dumps(config))
    with (planted.folder / f"{tap}.log").open("wb") as log:
        process = subprocess.Popen(
            [BIN / tap, "--config", path],
            stdout=log,
            stderr=log,
            env=planted.project.environment
            | {"WAYBILL_HOME": str(home), "MELTANO_PROJECT_ROOT": str(planted.project.root)},
        )
        patience = time.monotonic() + 120
        while not any(file.stat().st_size for file in home.glob("batch/*/*/0*")):
            assert process.poll() is None or any(home.glob("batch/*/*/0*"))
            assert time.monotonic() < patience
            time.sleep(0.002)
        process.kill()
        process.wait()
    assert any(file.stat().st_size for file in home.glob("batch/*/*/0*"))
    assert canaries.found_in_files([home, planted.folder / f"{tap}.log"], HASHED) == {}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "content",
    [
        "1,canaryname,1903-07-31,7391846205,clearphone1,a,1\n",
        'id,name,born,salary,phone,note,n\n1,canaryname,,,clearphone,a\n2,"canaryname"clearphone,,,,,\n',
        'id,name,born,salary,phone,note,n\n1,canaryname,1903-07-31,7391846205,"clearphone,a,1\n',
    ],
    ids=["no header", "text after a quote", "an open quote"],
)
def test_a_fault_is_told_without_the_row(
    planted: Planted, tmp_path: Path, mode: str, content: str
) -> None:
    """The line that names the fault goes into tickets."""
    (tmp_path / "people.csv").write_text(content)
    config = {"path": str(tmp_path), "mode": mode}
    config["contract"] = str(planted.project.root / "extract/contracts/people.yml")
    (tmp_path / "config.json").write_text(json.dumps(config))
    done = subprocess.run(
        [BIN / "tap-csv", "--config", tmp_path / "config.json"],
        capture_output=True,
        env=os.environ | {"WAYBILL_HOME": str(tmp_path / "home")},
        check=False,
    )
    assert b"error: " in done.stderr or b'"reason"' in done.stdout
    assert canaries.found_in(done.stderr, [*HASHED, *CLEAR]) == set()
    assert canaries.found_in(done.stdout, HASHED) == set()
