from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any, cast

import psycopg.errors
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

TYPES = {"id": "integer", "name": "text"}


@pytest.fixture
def process(wire: Any, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"default_target_schema": "raw_test"}))
    with subprocess.Popen(
        [wire.executable, "--config", config],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"WAYBILL_DEBUG": "1"},
    ) as running:
        yield running
        running.kill()


def send(process: subprocess.Popen[str], *messages: dict[str, Any]) -> None:
    assert process.stdin
    process.stdin.write("".join(json.dumps(message) + "\n" for message in messages))
    process.stdin.flush()


def wait_for_staged_rows(warehouse: ScratchDatabase) -> None:
    """Until the target has rows in a transaction that is still open."""
    staged = "select from pg_class where relname like 'waybill_stage%'"
    idle = "select from pg_stat_activity where datname = current_database() and state = 'idle in transaction'"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        # The catalog rows of an open transaction cannot be seen; its session can.
        if warehouse.rows(idle) and not warehouse.rows(staged):
            return
        time.sleep(0.02)
    pytest.fail("the target has staged nothing")


def read_state(process: subprocess.Popen[str]) -> Any:
    assert process.stdout
    return json.loads(process.stdout.readline())


def test_state_follows_each_commit_at_once(
    wire: Any, warehouse: ScratchDatabase, process: subprocess.Popen[str]
) -> None:
    # A STATE is out as soon as its rows are in, while the tap is still running, and never before.
    send(process, wire.schema("s", TYPES, ["id"]))
    for n in range(3):
        send(process, wire.record("s", id=n), wire.state(s={"n": n}))
        assert read_state(process) == {"bookmarks": {"s": {"n": n}}}
        assert warehouse.rows("select count(*) from raw_test.s") == [(n + 1,)]


@pytest.mark.parametrize("key", [["id"], []])
def test_killed_between_batches_converges(
    wire: Any, warehouse: ScratchDatabase, process: subprocess.Popen[str], key: list[str]
) -> None:
    # After SIGKILL only whole transactions are there, and the tap's next run from that state completes them.
    schema = wire.schema("s", TYPES, key)
    columns = list(TYPES)
    first = wire.batch("s", columns, [(1, "a"), (2, "b")])
    second = wire.batch("s", columns, [(3, "c")])
    send(process, schema, first, wire.state(s={"at": 1}))
    state = read_state(process)
    send(process, second)
    wait_for_staged_rows(warehouse)
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert state == {"bookmarks": {"s": {"at": 1}}}
    assert warehouse.rows("select id from raw_test.s order by id") == [(1,), (2,)]
    wire.load(schema, second, wire.state(s={"at": 2}))
    assert warehouse.rows("select id from raw_test.s order by id") == [(1,), (2,), (3,)]


def test_sigterm_is_no_success(
    wire: Any, warehouse: ScratchDatabase, process: subprocess.Popen[str]
) -> None:
    # SIGTERM rolls the open transaction back, writes no STATE and ends with 143.
    send(process, wire.schema("s", TYPES, ["id"]), wire.batch("s", list(TYPES), [(1, "a")]))
    wait_for_staged_rows(warehouse)
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=30) == 143
    assert process.stdout
    assert process.stdout.read() == ""
    assert warehouse.rows("select to_regclass('raw_test.s') is null") == [(True,)]


def test_end_without_state_commits(wire: Any, warehouse: ScratchDatabase) -> None:
    # A tap that sends no STATE loses nothing; its ledger row has no bookmark.
    done = wire.run(wire.schema("s", TYPES, ["id"]), wire.record("s", id=1))

    assert (done.returncode, done.stdout) == (0, "")
    assert warehouse.rows("select rows_inserted, bookmark from waybill.load") == [(1, None)]


@pytest.mark.parametrize("mark", ["x-source-partition", "x-whole-table", "x-ends-with-state"])
def test_tap_that_died_leaves_no_half_file(
    wire: Any, warehouse: ScratchDatabase, mark: str
) -> None:
    # Where a tap says that its rows need the STATE after them, an early end of input lands none of them.
    types = TYPES | {"_sdc_source_file": "text"}
    schema = wire.schema("s", types, ["id"], **{mark: "_sdc_source_file"})
    wire.load(schema, wire.record("s", id=1, _sdc_source_file="a"), wire.state())
    done = wire.run(schema, wire.record("s", id=2, _sdc_source_file="a"))

    assert done.returncode == 1
    assert "error: Stream s: the input ended before the STATE" in done.stderr
    assert warehouse.rows("select id from raw_test.s") == [(1,)]


def test_tap_that_died_before_its_first_row_empties_nothing(
    wire: Any, warehouse: ScratchDatabase
) -> None:
    # A table that is to be replaced stays as it is when the input ends after the SCHEMA alone.
    schema = wire.schema("s", TYPES, **{"x-whole-table": True})
    wire.load(schema, wire.record("s", id=1), wire.state(s={"at": 1}))
    done = wire.run(schema)

    assert done.returncode == 1
    assert "error: Stream s: the input ended before the STATE" in done.stderr
    assert warehouse.rows("select id from raw_test.s") == [(1,)]
    wire.load(schema, wire.state(s={"at": 2}))
    assert warehouse.rows("select id from raw_test.s") == []


def test_a_torn_record_is_not_quoted(wire: Any) -> None:
    # A tap that dies in record mode leaves half a row, which may be somebody's name.
    done = wire.run('{"type":"RECORD","stream":"people","record":{"name":"CANARY", "bo')

    assert 'not Singer: \'{"type":"RECORD","stream":"people",' in done.stderr
    assert "CANARY" not in done.stderr


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (['{"type": "RECORD", "stre'], "error: The input is not Singer: "),
        (['{"type": "RECORD", "stream": "x", "record": {}}'], "error: A record for stream 'x'"),
        (["[1]"], "error: The input is not Singer: "),
    ],
)
def test_broken_input_ends_in_one_line(wire: Any, messages: list[str], expected: str) -> None:
    # Bad input is told in one line, cause first, with exit code 1.
    done = wire.run(*messages)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith(expected)
    assert "Traceback" not in done.stderr


def test_error_keeps_what_was_committed(wire: Any, warehouse: ScratchDatabase) -> None:
    # An error takes with it the open transaction and nothing else; the last STATE stands.
    done = wire.run(
        wire.schema("s", TYPES, ["id"], **{"x-dead-letter-limit": {"rows": 0}}),
        wire.record("s", id=1),
        wire.state(s={"at": 1}),
        wire.record("s", id="two"),
        wire.state(s={"at": 2}),
    )

    assert done.returncode == 1
    assert done.stdout.splitlines() == ['{"bookmarks":{"s":{"at":1}}}']
    assert warehouse.rows("select id from raw_test.s") == [(1,)]


def test_missing_ledger_names_the_remedy(wire: Any, warehouse: ScratchDatabase) -> None:
    # A warehouse that was never set up is told from one that is empty.
    warehouse.execute("drop table waybill.load cascade")
    done = wire.run(wire.schema("s", TYPES, ["id"]))

    assert done.returncode == 1
    assert (
        "has no ledger (table waybill.load). Create it with `meltano invoke warehouse:up`"
        in done.stderr
    )


def test_password_is_never_shown(wire: Any, warehouse: ScratchDatabase) -> None:
    # Neither a refused login nor the about text repeats the URL's password.
    login = warehouse.connection("loader")
    url = login.url.replace(login.password, "s3cret-hunter2")
    done = wire.run(wire.schema("s", TYPES), sqlalchemy_url=url)

    assert done.returncode == 1
    assert "error: sqlalchemy_url: cannot connect to loader@" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_batch_files_go_after_the_commit(wire: Any, tmp_path: Path) -> None:
    # A batch file is there until its rows are committed, and gone afterwards.
    schema = wire.schema("s", TYPES, ["id"], **{"x-dead-letter-limit": {"rows": 0}})
    bad = wire.batch("s", list(TYPES), [("x", "a")])
    good = wire.batch("s", list(TYPES), [(1, "a")])
    assert wire.run(schema, good, bad, wire.state()).returncode == 1
    assert len(list(tmp_path.glob("batches/*.copy"))) == 2

    assert wire.run(schema, good, wire.state()).returncode == 0
    assert len(list(tmp_path.glob("batches/*.copy"))) == 1


def test_ledger_refuses_what_does_not_add_up(warehouse: ScratchDatabase) -> None:
    # The database itself checks that each row received has one outcome.
    with pytest.raises(psycopg.errors.CheckViolation):
        warehouse.execute(
            "insert into waybill.load (invocation_id, target_schema, stream, target_table, started_at,"
            " rows_received, rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted)"
            " values (gen_random_uuid(), 'a', 'b', 'c', now(), 3, 1, 0, 1, 0, 1)"
        )


def test_batches_that_another_run_lands_meanwhile_are_not_appended_twice(
    wire: Any, warehouse: ScratchDatabase, process: subprocess.Popen[str]
) -> None:
    # Of two runs that append the same batches at once, the one that is later lands none of them.
    schema = wire.schema("s", TYPES)

    def batch(number: int) -> dict[str, Any]:
        rows = [(number, f"row {number}")]
        return cast("dict[str, Any]", wire.batch("s", list(TYPES), rows, batch_id=f"id {number}"))

    wire.load(schema, batch(0), wire.state(s={"at": 0}))
    send(process, schema, batch(1))
    wait_for_staged_rows(warehouse)
    wire.load(schema, batch(1), batch(2), wire.state(s={"at": 2}))
    send(process, batch(2), wire.state(s={"at": 2}))

    assert process.wait(timeout=30) == 1
    assert process.stdout
    assert process.stdout.read() == ""
    assert warehouse.rows("select id from raw_test.s order by id") == [(0,), (1,), (2,)]
