"""Every command of a runbook exists, and those of the alerts' pages run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest
import runbooks
import yaml

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

BLOCKS = {
    named["name"]
    for path in runbooks.ROOT.glob("*/*.meltano.yml")
    for document in [yaml.safe_load(path.read_text(encoding="utf-8"))]
    for kind in ("extractors", "loaders")
    for named in [*document.get("jobs", ()), *document.get("plugins", {}).get(kind, ())]
}
"""What `meltano run` may be asked for: jobs, extractors and loaders."""


@pytest.mark.parametrize("page", runbooks.PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_runbook_exists(page: Path) -> None:
    """Who is woken at night types what stands there."""
    for command in runbooks.commands(page):
        words = [word for word in shlex.split(command) if not word.startswith("--")]
        match words:
            case ["invoke", *_]:
                assert runbooks.plugin_command(command)
            case ["run", *blocks]:
                assert set(blocks) <= BLOCKS, command
            case _:
                assert words[:2] in (["schedule", "list"], ["state", "list"]), command


@pytest.mark.parametrize("page", runbooks.PAGES, ids=lambda page: page.stem)
def test_every_link_of_a_runbook_leads_somewhere(page: Path) -> None:
    """A page that sends its reader on must not send them nowhere."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_commands_of_the_alerts_pages_run(
    warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are run as Meltano runs them, on a warehouse without a row; jobs are run by test_elt.py."""
    monkeypatch.setenv("WAREHOUSE_URL", warehouse.url())
    pages = [page for page in runbooks.PAGES if "# Alert: " in page.read_text(encoding="utf-8")]
    typed = {command for page in pages for command in runbooks.commands(page)}
    # Those of the letters' file need the letters: test_dead_letters.py exports, mends and replays.
    tried = sorted(
        each for each in typed if each.startswith("invoke") and "letters.csv" not in each
    )
    assert {"invoke waybill:alerts", "invoke waybill:history"} <= set(tried)
    for command in tried:
        program, *arguments = runbooks.plugin_command(command)
        done = subprocess.run(
            [runbooks.ROOT / ".venv" / "bin" / program, *arguments],
            env=os.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        # Nothing has landed here, and the receipt says so.
        expected = 1 if command == "invoke waybill:receipt" else 0
        assert done.returncode == expected, (command, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
