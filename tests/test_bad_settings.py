"""A wrong setting ends in one line that names it and the remedy, and nothing half-done."""

from __future__ import annotations

import re
import shutil
import socket
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Project


def _error(project: Project, **settings: str) -> str:
    done = project.meltano("run", "elt", **settings)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    errors = re.findall(r"^error: .*$", done.stdout, re.MULTILINE)
    assert len(errors) == 1, done.stdout
    return str(errors[0])


def _landed(project: Project) -> int:
    return int(project.rows("select count(*) from waybill.load")[0][0])


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_names_the_setting_for_it(project: Project, taken_port: int) -> None:
    """Somebody else's server must not be taken for the embedded one."""
    error = _error(project, WAYBILL_PG_PORT=str(taken_port))
    assert "WAYBILL_PG_PORT" in error
    assert str(taken_port) in error


@pytest.mark.parametrize("name", ["nowhere", "nowhere.zip"])
def test_a_missing_olist_source_names_the_setting(project: Project, name: str) -> None:
    """A misspelt path must stop the job before anything lands."""
    error = _error(project, WAYBILL_OLIST=name)
    assert "WAYBILL_OLIST" in error
    assert name in error
    assert _landed(project) == 0


def test_a_zip_without_one_of_the_files_names_the_file(project: Project, tmp_path: Path) -> None:
    """Eight of nine files are not a source."""
    archive = tmp_path / "olist.zip"
    samples = project.root / ".waybill" / "samples" / "olist"
    assert project.meltano("invoke", "sources:prepare-olist").returncode == 0
    with zipfile.ZipFile(archive, "w") as made:
        for path in samples.glob("*.csv"):
            if "sellers" not in path.name:
                made.write(path, path.name)
    error = _error(project, WAYBILL_OLIST=str(archive))
    assert "WAYBILL_OLIST" in error
    assert "olist_sellers_dataset" in error
    assert _landed(project) == 0


def test_a_snapshot_without_one_of_the_tables_names_the_table(
    project: Project, tmp_path: Path
) -> None:
    """A snapshot zip must hold all eleven tables before the source database is touched."""
    archive = tmp_path / "totesys.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("readme.txt", "no table in here")
    error = _error(project, WAYBILL_TOTESYS=str(archive))
    assert "WAYBILL_TOTESYS" in error
    assert "address" in error
    assert _landed(project) == 0


def test_a_source_that_is_no_url_and_no_file_names_the_setting(project: Project) -> None:
    """`mysql://` and typing errors are told apart from an outage."""
    error = _error(project, WAYBILL_TOTESYS="mysql://user:secret-word@localhost/totesys")
    assert "WAYBILL_TOTESYS" in error
    assert "secret-word" not in error


def test_a_wrong_password_of_the_source_names_the_setting_and_hides_it(project: Project) -> None:
    """The line must be safe to paste into a ticket."""
    url = project.url().replace("/warehouse", "/source")
    wrong = re.sub(r"//[^@]+@", "//source_reader:wrong-password@", url)
    error = _error(project, WAYBILL_TOTESYS=wrong)
    assert "WAYBILL_TOTESYS" in error
    assert "password" in error
    assert "wrong-password" not in error
    assert _landed(project) == 0


def test_a_wrong_password_of_the_warehouse_names_the_setting_and_hides_it(
    project: Project,
) -> None:
    """The warehouse is asked first, so nothing has been read when it refuses."""
    wrong = re.sub(r"//[^@]+@", "//postgres:wrong-password@", project.url())
    error = _error(project, WAREHOUSE_URL=wrong)
    assert "WAREHOUSE_URL" in error
    assert "wrong-password" not in error


def test_a_warehouse_that_does_not_answer_names_the_setting(project: Project) -> None:
    """A closed port is an outage of the user's warehouse, not a reason to start our own."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = _error(project, WAREHOUSE_URL=f"postgresql://me:secret-word@127.0.0.1:{port}/db")
    assert "WAREHOUSE_URL" in error
    assert str(port) in error
    assert "secret-word" not in error


def test_more_bad_rows_than_the_contract_bears_fail_the_run(
    project: Project, tmp_path: Path
) -> None:
    """What Meltano logs of a failed load must not bury the line that says what to mend.

    The last test of this file: the streams before the bad one do land.
    """
    assert project.meltano("invoke", "sources:prepare-olist").returncode == 0
    samples = shutil.copytree(project.root / ".waybill" / "samples" / "olist", tmp_path / "olist")
    path = samples / "olist_order_items_dataset.csv"
    lines = path.read_text().splitlines(keepends=True)
    for number in range(1, len(lines), 20):
        fields = lines[number].split(",")
        fields[5] = "12x.5"
        lines[number] = ",".join(fields)
    path.write_text("".join(lines))

    done = project.meltano("run", "elt", WAYBILL_OLIST=str(samples))
    assert done.returncode == 1
    assert "Logging error" not in done.stdout
    assert "Traceback" not in done.stdout
    (error,) = re.findall(r"^error: .*$", done.stdout, re.MULTILINE)
    assert error.startswith("error: Stream order_items: 56 of 1,117 rows cannot land;")
    assert "column price: '12x.5' is not a decimal number" in error
    assert f"line 1102 of {path.name}" in error
    assert re.search(r"\[error +\] meltano +Loader failed", done.stdout)
    assert "status=failure" in done.stdout
    assert project.rows("select count(*) from waybill.load where stream = 'order_items'") == [(0,)]
    assert project.rows("select count(*) from waybill.dead_letter") == [(0,)]
