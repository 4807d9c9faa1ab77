from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from waybill_common.errors import WaybillError
from waybill_sources import cli, olist, prepare, settings
from waybill_sources.prepare import OLIST
from waybill_sources.settings import Settings

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_SAMPLES_ORDERS", "60")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nine files in a folder of the user's own."""
    folder = tmp_path_factory.mktemp("mine") / "olist"
    olist.generate(folder, orders=30)
    (folder / olist.MANIFEST).unlink()
    return folder


def test_without_a_server_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the order of check and act: samples of one source, and none of the other, is half-done."""
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    with pytest.raises(WaybillError, match="warehouse:up"):
        prepare.prepare(["olist", "totesys"])
    assert list(tmp_path.iterdir()) == []


def test_the_command_ends_in_one_line_and_exit_code_1(tmp_path: Path) -> None:
    """Protects what a person sees of a bad setting, through the installed command."""
    command = [str(Path(sys.executable).with_name("waybill-sources")), "prepare", "olist"]
    settings = {"WAYBILL_HOME": str(tmp_path), "WAYBILL_OLIST": "no/such/folder", "MELTANO_PROJECT_ROOT": str(tmp_path)}  # fmt: skip
    shutil.copytree(Path(__file__).parents[4] / "extract", tmp_path / "extract")
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"error: WAYBILL_OLIST: there is no {tmp_path}/no/such/folder. "
        "Name an existing folder, zip, file, glob or URL in WAYBILL_OLIST.\n"
    )


def test_next_day_appends_to_both_samples_and_says_what(
    source_database: ScratchDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    """Protects the demonstration: one command, one table for each source."""
    cli.main(["prepare"])
    cli.main(["next-day"])
    said = capsys.readouterr().out
    assert "olist 2018-09-04" in said
    assert "totesys 2024-11-18" in said
    assert any(line.split() == ["transaction", "30", "0"] for line in said.splitlines())
    assert source_database.rows("select count(*) from transaction") == [(90,)]


def test_next_day_refuses_a_source_that_is_not_the_samples(
    source_database: ScratchDatabase,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Protects a user's own data from made-up rows, and the other source from half a day."""
    cli.main(["prepare"])
    monkeypatch.setenv(OLIST, str(folder))
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        cli.main(["next-day"])
    assert caught.value.code == 1
    assert (
        "WAYBILL_OLIST is set: a next day can only be appended to the samples"
        in capsys.readouterr().err
    )
    assert source_database.rows("select count(*) from transaction") == [(60,)]
    cli.main(["next-day", "totesys"])
    assert source_database.rows("select count(*) from transaction") == [(90,)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("orders: many", "orders is 'many'. Set .* to a whole number, 1 or more"),
        ("orders: 0", "orders is 0"),
        ("olist_day: {movers: -1}", "olist_day: movers is -1"),
        (
            "scale: 3",
            "unknown setting 'scale'. Use one of: olist_day, orders, seed, storefront_day, totesys_day",
        ),
        ("- 1", "a mapping is expected"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_bad_settings_of_the_samples_are_named(tmp_path: Path, text: str, message: str) -> None:
    """Protects whoever edits samples.yml from a traceback."""
    path = tmp_path / "samples.yml"
    path.write_text(text)
    with pytest.raises(WaybillError, match=message):
        settings.load(path)


def test_the_projects_settings_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the Python API's defaults from drifting from samples.yml."""
    monkeypatch.delenv("WAYBILL_SAMPLES_ORDERS")
    assert settings.load() == Settings()
