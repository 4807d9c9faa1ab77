"""Notebooks without a warehouse: how JupyterLab is started, what a failing cell says, what is escaped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from waybill_analyze.formats import Column
from waybill_analyze.notebooks import lab, pages, running, showing
from waybill_analyze.report import printing, receipts
from waybill_common import contracts
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from sqlalchemy import Engine


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path / "home"))


def _notebook(tmp_path: Path, *cells: str) -> running.Notebook:
    path = tmp_path / "10_small.py"
    path.write_text(
        "# %% [markdown]\n# # Small\n\n" + "".join(f"# %%\n{cell}\n\n" for cell in cells)
    )
    return running.Notebook(path, "Small", None)


def test_jupyterlab_listens_on_this_machine_and_keeps_its_token(tmp_path: Path) -> None:
    """A server for everybody, or without a token, would hand the machine to whoever finds it."""
    command = lab.command(["--no-browser"])
    assert "--ServerApp.ip=127.0.0.1" in command
    assert command[-1] == "--no-browser"
    assert not any("token" in each or "password" in each for each in command)
    home = tmp_path / "jupyter"
    home.mkdir()
    variables = lab.environment(home)
    folders = [variables[name] for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")]
    assert all(each.startswith(str(home)) for each in folders)
    settings = Path(folders[0]) / "labconfig" / "default_setting_overrides.json"
    assert (
        json.loads(settings.read_text())["@jupyterlab/docmanager-extension:plugin"]["autosave"]
        is False
    )
    assert settings.stat().st_mode & 0o077 == 0


def test_a_notebook_that_is_not_there_is_named_with_those_that_are() -> None:
    """Protects who types a name from a silent run of nothing."""
    assert [each.name for each in running.known(["01_sales.py"])] == ["01_sales"]
    with pytest.raises(WaybillError, match=r"no notebook 98_absent.*01_sales, 02_customers"):
        running.known(["98_absent"])


def test_a_notebook_runs_and_becomes_a_page_without_scripts(tmp_path: Path) -> None:
    """What a cell shows is on the page; what comes from a warehouse is text there."""
    shown = (
        "import pandas as pd\n"
        "from waybill_analyze.formats import Column\n"
        "from waybill_analyze.notebooks.showing import table\n"
        "table(pd.DataFrame({'name': ['<script>x</script>']}), [Column('name', 'Name')])"
    )
    notebook = _notebook(tmp_path, "print(6 * 7)", shown)
    page = pages.render(running.run(notebook), notebook.title)
    assert "42" in page
    assert "<script" not in page.replace("&lt;script", "")
    assert "&lt;script&gt;x" in page


def test_the_cell_that_fails_is_named(tmp_path: Path) -> None:
    """A notebook has many cells, and an error on its own says of none."""
    notebook = _notebook(tmp_path, "one = 1", "raise ValueError('no such\\nmonth')", "never = 2")
    with pytest.raises(
        WaybillError, match=r"10_small.py, code cell 2 of 3 \(`raise .*ValueError: no such"
    ):
        running.run(notebook)


def test_words_and_numbers_of_a_table_are_told_apart() -> None:
    """Numbers are compared from the right, words read from the left."""
    frame = pd.DataFrame({"name": ["a & b"], "count": [1234]})
    shown = str(
        showing.table(frame, [Column("name", "Name"), Column("count", "Orders", "count")]).data
    )
    assert '<td class="text">a &amp; b</td><td>1,234</td>' in shown
    assert "too few rows" in str(showing.conclusions([]).data)
    assert "\\*wild\\*" in str(showing.conclusions([], ["*wild*"]).data)


def test_a_chromium_that_fails_is_told_in_one_sentence(tmp_path: Path) -> None:
    """Chromium's own words are a page of hints about graphics."""
    program = shutil.which("false")
    assert program
    with pytest.raises(WaybillError, match=r"printed no PDF \(exit code 1\): no reason given"):
        printing.to_pdf(program, "<p>x</p>", tmp_path / "x.pdf", "2018-10-17")


def test_no_receipt_is_no_answer(reader: Engine) -> None:
    """A warehouse that nothing was loaded into yet balances nothing."""
    assert receipts.latest(reader, contracts.load_all()) == []
