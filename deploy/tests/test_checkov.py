"""checkov finds nothing, or says beside the resource why that is as it is meant to be."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from deployed import DEPLOY, ROOT

from deploy.tests.machine import lacks

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = ROOT / ".venv" / "deploy" / "bin" / "checkov"
_HOW = ("--skip-download", "--compact", "--output", "json")
_SKIP = re.compile(r"#checkov:skip=(\w+):(.*)")


@pytest.mark.parametrize(
    ("framework", "folder"),
    [
        ("terraform", DEPLOY / "terraform" / "aws"),
        ("terraform", DEPLOY / "terraform" / "gcp"),
        ("dockerfile", DEPLOY),
        ("github_actions", ROOT / ".github"),
        ("secrets", DEPLOY),
    ],
    ids=["aws", "gcp", "dockerfile", "actions", "secrets"],
)
def test_nothing_is_found(framework: str, folder: Path) -> None:
    """Protects from what others have learnt the hard way."""
    if not _PROGRAM.exists():
        lacks("checkov is not installed: `make .venv/.deploy`")
    done = subprocess.run(
        [_PROGRAM, "--directory", folder, "--framework", framework, *_HOW],
        env={name: value for name, value in os.environ.items() if not name.startswith("BC_")},
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    found = report.get("results", {}).get("failed_checks", [])
    assert [f"{each['check_id']} {each['check_name']}: {each['resource']}" for each in found] == []
    assert done.returncode == 0, done.stderr
    counts = report.get("summary", report)
    assert counts.get("parsing_errors", 0) == 0
    # Of secrets it counts nothing where it finds none.
    assert framework == "secrets" or counts["passed"] > 0


def test_each_exception_says_why() -> None:
    """Protects reviewers from exceptions that nobody remembers the reason of."""
    found = [
        (path.name, *match.groups())
        for path in DEPLOY.glob("terraform/*/*.tf")
        for match in _SKIP.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found
    assert [each for each in found if len(each[2].split()) < 6] == []
