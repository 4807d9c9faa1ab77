"""The pages that `waybill-dbt` writes for people: where they are, and what is said where they cannot be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from waybill_common.errors import WaybillError
from waybill_dbt import documents

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Dbt
    from waybill_warehouse.scratch import ScratchDatabase


@pytest.mark.usefixtures("warehouse")
def test_lineage_writes_both_pages_into_the_home(small_project: Dbt, waybill_home: Path) -> None:
    """Protects the links of the dashboard: both pages stand where it looks, each of one parse."""
    small_project.succeed("run", "--select", "sound", "flawed")
    output = small_project.succeed("lineage")
    pages = [waybill_home / "dbt" / name / "index.html" for name in ("docs", "lineage")]
    assert [str(path) in output for path in pages] == [True, True]
    assert "model.small.sound" in pages[0].read_text(encoding="utf-8")
    assert "window.colibriTelemetry = false" in pages[1].read_text(encoding="utf-8")
    assert not list(waybill_home.glob("dbt/*/*.new"))


def test_a_page_that_cannot_be_made_names_what_is_missing(
    small_project: Dbt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects who reads the message from a traceback of a library."""
    for name, value in small_project.environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WaybillError, match=r"static_index\.html is not there"):
        documents.publish_dictionary()
    with pytest.raises(WaybillError, match=r"manifest\.json is not there"):
        documents.write_lineage()


def test_metrics_know_their_commands(warehouse: ScratchDatabase, small_project: Dbt) -> None:
    """Protects `dbt:metrics` from going to PyPI for news, and its exit code from being lost."""
    code, output = small_project.run("metrics", "no-such-command")
    assert code == 2
    assert "No such command 'no-such-command'" in output
    code, output = small_project.run("metrics", "--help")
    assert code == 0
    assert "tutorial" not in output
    assert warehouse.rows("select count(*) from waybill.step") == [(0,)]
