"""Common operations as the runbooks have them: windows loaded once more, and each page's commands.

The tests of this module run in order on one project: each goes on where the one before it ended.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import runbooks

from waybill_common import connections

if TYPE_CHECKING:
    from conftest import Project

ROOT = Path(__file__).parents[1]

WINDOW = (
    "totesys",
    "--streams",
    "payment,sales_order",
    "--from",
    "2022-11-03",
    "--to",
    "2023-02-01",
)
MEANWHILE = """
    update payment set payment_amount = payment_amount + 1, last_updated = now()
    where payment_id = (select min(payment_id) from payment where last_updated < '2023-01-01');
    delete from payment
    where payment_id = (select max(payment_id) from payment where last_updated < '2023-01-01');
    update payment set payment_amount = payment_amount + 2
    where payment_id = (select max(payment_id) from payment where last_updated < '2023-01-01');
"""
"""A row leaves the window, one goes, and one changes without a new time stamp."""
LOADS = """
    select coalesce(sum(rows_received), 0)::int, coalesce(sum(rows_inserted), 0)::int,
        coalesce(sum(rows_updated), 0)::int, coalesce(sum(rows_deleted), 0)::int
    from waybill.load
    where load_id > {} and stream = any('{{{}}}')
"""
PAYMENTS = "select payment_id, payment_amount, last_updated from {} order by payment_id"
WAITS = "select count(*) from pg_locks where not granted and relation = 'raw_totesys.sales_order'::regclass"
_PATIENCE = 600

LETTER = """
    insert into waybill.dead_letter
        (load_id, invocation_id, target_schema, stream, source_file, source_line, reason, found_by, payload)
    select load.load_id, load.invocation_id, 'raw_olist', 'orders', sample._sdc_source_file, 2, 'a test', 'tap',
        (
            select jsonb_object_agg(field.key, field.value)
            from jsonb_each_text(to_jsonb(sample)) as field where field.key not like '\\_sdc%'
        )
    from waybill.load, (select * from raw_olist.orders order by order_id limit 1) as sample
    where load.target_schema = 'raw_olist' and load.stream = 'orders' and load.rows_inserted > 0
"""
PAGES = [page for page in runbooks.PAGES if "# Alert: " not in page.read_text(encoding="utf-8")]
"""Those of operations: test_runbooks.py runs the commands of the alerts' pages."""
COMMANDS = list(dict.fromkeys(typed for page in PAGES for typed in runbooks.commands(page)))
RUNS = [shlex.split(typed)[1:] for typed in COMMANDS if typed.startswith("run ")]
INVOKED = sorted(
    # test_airflow_operations.py runs those of Airflow.
    (typed for typed in COMMANDS if re.match("invoke (?!airflow)", typed)),
    key=lambda typed: "--role loader" in typed,  # what they forget, others look at before
)


@pytest.fixture(scope="module")
def landed(project_after_first_run: Project) -> Project:
    """The samples, landed, one of the sources over the lake."""
    over_lake = ["tap-csv--online-retail", "target-landing"]
    over_lake += ["tap-landing--online-retail", "target-postgres"]
    done = project_after_first_run.meltano("run", *over_lake)
    assert done.returncode == 0, done.stdout[-4000:]
    return project_after_first_run


@pytest.fixture
def login(landed: Project, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Opens the project's databases."""
    monkeypatch.setenv("WAYBILL_HOME", landed.environment["WAYBILL_HOME"])
    return connections.embedded


def _states(project: Project) -> dict[str, str]:
    """Meltano's own states."""
    with closing(sqlite3.connect(project.root / ".meltano" / "meltano.db")) as known:
        rows = known.execute(
            "select state_id, coalesce(completed_state, '') || coalesce(partial_state, '') from state"
        )
        return dict(rows.fetchall())


def _rows(login: Any, query: str, database: str = connections.WAREHOUSE_DATABASE) -> list[Any]:
    with login(connections.SUPERUSER, database).connect() as session:
        return list(session.execute(query).fetchall())


def _run_and_kill(project: Project, login: Any) -> None:
    """Begin the backfill, and kill it once its first stream is through."""
    command = [ROOT / ".venv" / "bin" / "meltano", "invoke", "--no-install", "waybill:backfill"]
    warehouse = connections.WAREHOUSE_DATABASE
    with (
        login("loader", warehouse).connect() as holding,
        login(connections.SUPERUSER, warehouse).connect(autocommit=True) as looking,
    ):
        holding.execute("lock table raw_totesys.sales_order in share mode")
        process = subprocess.Popen(
            [*command, *WINDOW],
            cwd=project.root,
            env=project.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        deadline = time.monotonic() + _PATIENCE
        while not (looking.execute(WAITS).fetchone()[0] and _is_half_done(project)):
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        _kill(process)


def _is_half_done(project: Project) -> bool:
    """Whether Meltano knows that a stream has its window."""
    return any(
        ":backfill-" in name and '"window"' in state for name, state in _states(project).items()
    )


def _kill(process: subprocess.Popen[str]) -> None:
    """End a process and all that it has started, as a power cut does."""
    family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    for each in family:
        each.suspend()
    for each in family:
        each.kill()
    process.communicate()


def test_a_backfill_that_is_killed_goes_on_and_leaves_the_bookmark_alone(
    landed: Project, login: Any
) -> None:
    """What it had loaded is not sent again; changed, moved and deleted rows are as at the source; the job's state stays."""
    before = _states(landed)
    ((last, window),) = _rows(
        login,
        "select (select max(load_id) from waybill.load), (select count(*) from raw_totesys.payment"
        " where last_updated >= '2022-11-03' and last_updated < '2023-02-01')",
    )
    with login(connections.SUPERUSER, connections.SOURCE_DATABASE).connect() as source:
        source.execute(MEANWHILE)
    _run_and_kill(landed, login)
    ((received, _, updated, deleted),) = _rows(login, LOADS.format(last, "payment"))
    assert (received, updated, deleted) == (window - 1, 2, 1)
    ((cut_off,),) = _rows(login, "select max(load_id) from waybill.load")

    done = landed.meltano("invoke", "waybill:backfill", *WINDOW)

    assert done.returncode == 0, done.stdout
    assert "which was cut off" in done.stdout
    assert "balanced" in done.stdout
    ((again, *_),) = _rows(login, LOADS.format(cut_off, "payment"))
    assert again <= 2
    assert _rows(login, PAYMENTS.format("raw_totesys.payment where _sdc_deleted_at is null")) == (
        _rows(login, PAYMENTS.format("payment"), connections.SOURCE_DATABASE)
    )
    assert _rows(
        login,
        "select is_balanced, backfill.ended_at is not null, cardinality(run_ids)"
        " from waybill.backfill join waybill.receipt using (receipt_id)",
    ) == [(True, True, 2)]
    assert _states(landed) == before


def test_the_next_run_reads_on_from_its_own_bookmark(landed: Project, login: Any) -> None:
    """What the backfill has brought comes once more and changes nothing: no row is lost, none is doubled."""
    ((last,),) = _rows(login, "select max(load_id) from waybill.load")
    done = landed.meltano("run", "tap-postgres--totesys", "target-postgres")
    assert done.returncode == 0, done.stdout
    ((received, *changed),) = _rows(login, LOADS.format(last, "payment,sales_order"))
    assert received >= 2
    assert changed == [0, 0, 0]


def test_files_are_sent_once_more(landed: Project, login: Any) -> None:
    """A window of a source of files is its files: rows are compared, and the bookmark does not hear of it."""
    before = _states(landed)
    ((last, rows),) = _rows(
        login,
        "select (select max(load_id) from waybill.load), (select count(*) from raw_olist.orders)",
    )
    done = landed.meltano("invoke", "waybill:backfill", "olist", "--streams", "orders")
    assert done.returncode == 0, done.stdout
    assert f"orders: in the window {rows:,} rows at the source, {rows:,} landed" in done.stdout
    assert _rows(login, LOADS.format(last, "orders")) == [(rows, 0, 0, 0)]
    assert _states(landed) == before


def test_what_the_warehouse_has_lost_comes_again_from_the_lake(landed: Project, login: Any) -> None:
    """The line of the page, where the files are gone: rows are mended, and the bookmark does not hear of it."""
    before = _states(landed)
    every_row = "select md5(string_agg(to_jsonb(line)::text, ',' order by to_jsonb(line)::text)) from (select invoice_no, stock_code, quantity, unit_price, country from raw_online_retail.invoice_lines) as line"
    whole = _rows(login, every_row)
    landed.execute("update raw_online_retail.invoice_lines set country = 'lost'", role="loader")
    assert _rows(login, every_row) != whole
    ((last,),) = _rows(login, "select max(load_id) from waybill.load")
    (line,) = [typed for typed in COMMANDS if "--from-lake" in typed]
    done = landed.meltano(*shlex.split(line), WAYBILL_ONLINE_RETAIL="/nowhere")
    assert done.returncode == 0, done.stdout
    assert "what has come into the lake since" in done.stdout
    assert _rows(login, every_row) == whole
    ((received, *_),) = _rows(login, LOADS.format(last, "invoice_lines"))
    assert received > 100
    assert _states(landed) == before


@pytest.fixture(scope="module")
def with_letter(landed: Project) -> Project:
    """The project with a dead letter whose row can land, as its order stands in the table."""
    landed.execute(LETTER, "admin")
    return landed


@pytest.mark.parametrize("typed", INVOKED)
def test_a_command_of_an_operation_does_what_its_page_says(
    with_letter: Project, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    """It is run without the seconds that Meltano takes to start; a backfill only says what it would do."""
    program, *arguments = runbooks.plugin_command(typed)
    for name, value in with_letter.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(with_letter.root))
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "dev")
    monkeypatch.chdir(with_letter.root)
    if arguments[0] == "backfill":
        arguments.append("--dry-run")
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / program, *(each.replace("/tmp", ".") for each in arguments)],  # noqa: S108 - of a page
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_runs_of_operations_are_known_to_meltano(landed: Project) -> None:
    """Jobs, pairs and options of every `meltano run` exist; what a run does, other tests show."""
    options = {word for words in RUNS for word in words if word.startswith("-")}
    runs = {tuple(word for word in words if not word.startswith("-")) for words in RUNS}
    assert {("elt",), ("trade",), ("tap-csv--olist", "target-postgres")} <= runs
    done = landed.meltano("run", "--dry-run", *options, *itertools.chain(*runs))
    assert done.returncode == 0, done.stdout


def test_a_stream_is_loaded_from_its_start_and_the_others_keep_their_bookmarks(
    landed: Project, login: Any
) -> None:
    """The line of the page as it stands there, with the setting before it."""
    page = runbooks.ROOT / "docs" / "runbooks" / "reset-a-stream.md"
    (line,) = [each for each in page.read_text("utf-8").splitlines() if "TAP_POSTGRES__" in each]
    setting, program, *words = shlex.split(line)
    name, _, stream = setting.partition("=")
    assert (program, stream) == (".venv/bin/meltano", '["payment"]')
    before = _bookmarks(landed)
    ((last,),) = _rows(login, "select max(load_id) from waybill.load")
    ((rows,),) = _rows(login, "select count(*) from payment", connections.SOURCE_DATABASE)
    done = landed.meltano(*words, **{name: stream})
    assert done.returncode == 0, done.stdout
    received = (
        "select stream, sum(rows_received)::int from waybill.load where load_id > {} group by 1"
    )
    assert _rows(login, received.format(last)) == [("payment", rows)]
    assert rows > 100
    assert _rows(login, PAYMENTS.format("raw_totesys.payment where _sdc_deleted_at is null")) == (
        _rows(login, PAYMENTS.format("payment"), connections.SOURCE_DATABASE)
    )
    after = _bookmarks(landed)
    assert after.keys() == before.keys()
    assert {each for each in after if after[each] != before[each]} <= {"payment"}


def _bookmarks(project: Project) -> dict[str, Any]:
    """What Meltano keeps of each stream of totesys for the job."""
    with closing(sqlite3.connect(project.root / ".meltano" / "meltano.db")) as known:
        ((completed, partial),) = known.execute(
            "select completed_state, partial_state from state"
            " where state_id like '%totesys-to-target-postgres'"
        ).fetchall()
    found: dict[str, Any] = {}
    for text in filter(None, (completed, partial)):
        found |= json.loads(text).get("singer_state", {}).get("bookmarks", {})
    return found


def test_maintenance_runs_and_logs_as_json(landed: Project) -> None:
    """The weekly job, with the log that a program reads: an object a line."""
    page = runbooks.ROOT / "docs" / "runbooks" / "recovery.md"
    assert "`.venv/bin/meltano --log-config=none --log-format=json run elt`" in page.read_text(
        "utf-8"
    )
    done = landed.meltano(
        "--log-config=none", "--log-format=json", "run", "--no-install", "maintenance"
    )
    assert done.returncode == 0, done.stdout
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert any("Run completed" in each["event"] for each in told)
    assert any("vacuum" in each["event"] for each in told)


def test_commands_that_are_not_meltanos_are_there() -> None:
    """They are few, and looked at one by one."""
    others = {
        typed.strip()
        for page in runbooks.PAGES
        for line in page.read_text(encoding="utf-8").splitlines()
        for typed in ([line] if line.startswith("    ") else line.split("`")[1::2])
        if re.match(r"\s*(make|openssl|kill|git) ", typed)
    }
    makes = {typed for typed in others if typed.startswith("make ")}
    assert others - makes == {
        "kill -TERM <process_id>",
        "openssl rand -hex 32",
        "git pull",
        "git diff",
    }
    assert {"make .meltano/.installed", "make next-day", "make reset"} <= makes
    for typed in makes:
        subprocess.run(
            ["make", "-n", *typed.split()[1:]], cwd=ROOT, capture_output=True, check=True
        )
    subprocess.run(["openssl", "rand", "-hex", "32"], capture_output=True, check=True)
