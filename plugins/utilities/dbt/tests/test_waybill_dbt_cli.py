"""`waybill-dbt` as a process: exit codes, the ledger, and what works without a warehouse."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Dbt
    from waybill_warehouse.scratch import ScratchDatabase

_STEPS = "select step, status = 'succeeded', detail from waybill.step order by step_id"


def test_a_build_is_recorded_with_its_counts(
    warehouse: ScratchDatabase, small_project: Dbt
) -> None:
    """The receipt prints what the ledger holds of the models."""
    small_project.succeed("build", "--select", "sound")
    ((step, succeeded, detail),) = warehouse.rows(_STEPS)
    assert (step, succeeded) == ("dbt:build", True)
    assert detail["nodes"] == {"success": 1}
    assert detail["failed"] == []
    assert detail["elapsed_seconds"] > 0
    assert (small_project.target / "manifest.json").is_file()
    assert not (small_project.root / "transform" / "target").exists()


def test_a_failing_test_fails_the_step(warehouse: ScratchDatabase, small_project: Dbt) -> None:
    """Exit code 1 is what stops the job before its next step."""
    code, _ = small_project.run("build", "--select", "flawed")
    assert code == 1
    ((step, succeeded, detail),) = warehouse.rows(_STEPS)
    assert (step, succeeded) == ("dbt:build", False)
    assert detail["nodes"] == {"fail": 1, "success": 1}
    assert detail["failed"] == ["not_null_flawed_id"]
    assert detail["data_quality"], "a retry would find the same rows"
    assert warehouse.rows("select status, failed_step, cause from waybill.run") == [
        ("failed", "dbt:build", "1 of 2 nodes failed: not_null_flawed_id")
    ]
    assert warehouse.rows(
        "select resource_type, status, seconds > 0, message from waybill.dbt_result order by 1"
    ) == [
        ("model", "success", True, None),
        ("test", "fail", True, "Got 1 result, configured to fail if != 0"),
    ]


def test_a_quiet_build_says_how_far_it_has_come(
    warehouse: ScratchDatabase, small_project: Dbt
) -> None:
    """A job leaves dbt's hundreds of lines out, and its reader still sees that it goes on."""
    code, output = small_project.run("build", "--log-level", "warn", "--select", "flawed")
    assert code == 1
    assert warehouse.rows("select status = 'succeeded' from waybill.step") == [(False,)]
    assert "dbt:build: 1 of 2 models, snapshots and tests" in output
    assert "dbt:build: 2 of 2 models, snapshots and tests" in output
    assert "dbt:build: 1 fail, 1 success in " in output
    assert "not_null_flawed_id" in output
    assert "START" not in output


def test_wrong_usage_says_so(warehouse: ScratchDatabase, small_project: Dbt) -> None:
    """dbt's runner keeps usage errors to itself; a silent exit code 2 helps nobody."""
    code, output = small_project.run("build", "--no-such-option")
    assert code == 2
    assert "--no-such-option" in output
    assert warehouse.rows("select status, cause from waybill.step") == [
        ("failed", "dbt left with exit code 2; its log has the reason")
    ]


def test_the_project_can_be_read_before_there_is_a_warehouse(small_project: Dbt) -> None:
    """`parse`, `ls` and `--version` belong to checks that run where no database is up."""
    small_project.succeed("parse")
    assert "small.sound" in small_project.succeed("ls")
    assert "1.11" in small_project.succeed("--version")


def test_without_a_warehouse_a_build_ends_in_one_line(small_project: Dbt) -> None:
    """dbt's own report of a refused connection is twenty lines long and names no remedy."""
    environment = {"WAREHOUSE_TRANSFORMER_URL": "postgresql://transformer:x@127.0.0.1:1/none"}
    with small_project.start("build", **environment) as process:
        output, _ = process.communicate()
    assert process.returncode == 1
    assert output.startswith("error: WAREHOUSE_TRANSFORMER_URL: cannot connect")
    assert len(output.splitlines()) == 1


def test_termination_cancels_the_query(warehouse: ScratchDatabase, small_project: Dbt) -> None:
    """A terminated job must not go on in the server, and must not end with exit code 0."""
    running = (
        "select count(*) from pg_stat_activity where query like %s and state = 'active'"
        " and pid <> pg_backend_pid() and datname = current_database()"
    )
    with small_project.start("build", "--select", "sound", "slow") as process:
        deadline = time.monotonic() + 240
        made = "select to_regclass('staging.sound') is not null"
        while warehouse.rows(running, ["%pg_sleep(60)%"]) == [(0,)] or warehouse.rows(made) == [
            (False,)
        ]:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 143
    assert warehouse.rows("select status, cause from waybill.step") == [
        ("failed", "dbt left with exit code 143; its log has the reason")
    ]
    assert warehouse.rows(running, ["%pg_sleep(60)%"]) == [(0,)]
    # What it had done by then is known.
    done = "select unique_id, status from waybill.dbt_result where status = 'success'"
    assert warehouse.rows(done) == [("model.small.sound", "success")]
