from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project

HERE = Path(__file__).parent


@pytest.fixture
def marts(empty_project: Project) -> Project:
    """The project's own suites for marts, over marts that break none of their rules."""
    suites = empty_project.root / "validate" / "suites"
    suites.mkdir(parents=True)
    (suites / "marts").symlink_to(HERE.parents[3] / "validate" / "suites" / "marts")
    for rows in sorted(HERE.glob("marts_good*.sql")):
        empty_project.database.execute(rows.read_text())
    empty_project.database.execute(
        "grant select on all tables in schema common, marketplace, trade, attribution, storefront,"
        " raw_olist, raw_totesys to auditor"
    )
    return empty_project


def outcomes(project: Project) -> dict[tuple[str, str, str], bool]:
    summary = json.loads((project.home / "validate" / "marts.json").read_text())
    return {
        (suite["suite"], table["table"], f"{check['expectation']}: {check['description']}"): check[
            "success"
        ]
        for suite in summary["suites"]
        for table in suite["tables"]
        for check in table["checks"]
    }


def test_good_marts_break_no_rule(marts: Project) -> None:
    """The rules for marts let good rows pass, known exceptions among them."""
    ended = marts.run("marts")

    assert ended.code == 0, ended.text
    assert not [line for line in ended.output.splitlines() if line.startswith("warning")]
    assert len(outcomes(marts)) > 150


def test_every_rule_for_marts_can_fail(marts: Project) -> None:
    """No rule is vacuous: rows that break each of them are found by each of them."""
    for rows in sorted(HERE.glob("marts_bad*.sql")):
        marts.database.execute(rows.read_text())

    ended = marts.run("marts")

    assert ended.code == 1, ended.text
    assert "could not be checked" not in ended.output
    assert [check for check, success in outcomes(marts).items() if success] == []
