"""The benchmark in its quick form: every case that needs no peer, on a few thousand rows."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks import cases, project, results, server
from benchmarks.processes import BenchmarkError
from benchmarks.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = 2000
MADE = "8fbde076a753182e7ee72fa98a53237875a0f8e595f05a1d4e151957baa8ef6d"
"""SHA-256 of the file."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    with server.running(tmp_path_factory.mktemp("bench") / "home") as one:
        yield one


CASES = (
    *("csv-first", "csv-same", "csv-changed", "csv-all", "postgres-first", "postgres-changed"),
    *("postgres-same", "meltano-alone", "csv-first-2", "postgres-first-2"),
)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(("csv-first", "csv-first-2", "postgres-changed", "meltano-alone"), id="some"),
        pytest.param(CASES, id="all", marks=pytest.mark.wide),
    ],
)
def test_the_quick_form_runs_the_cases_of_the_lane(asked: tuple[str, ...], tmp_path: Path) -> None:
    """`make bench` is not found broken on the day it is needed, and all it times has landed."""
    output = tmp_path / "results.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "run", "--quick", "--rows", str(ROWS)),
            *("--repeat", "1", "--folder", tmp_path, "--output", output),
            *("--cases", ",".join(asked)),
        ],
        cwd=project.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = results.read(output)
    assert set(found.cases) == set(asked)
    assert found.cases.pop("meltano-alone").has("meltano-alone")
    for name, case in found.cases.items():
        assert case.has("waybill"), name
        assert all(used.peak_mib > 1 for used in case.entries["waybill"].runs[0].processes[:2])
        landed = case.entries["waybill"].types
        assert landed["price"] == "numeric"
        assert landed["shipping_limit_date"] == "timestamp without time zone"
    assert found.cases["csv-first-2"].rows == 2 * ROWS
    assert "| first load of a CSV file" in done.stdout


def test_input_is_the_same_wherever_it_is_made(running: server.Server, tmp_path: Path) -> None:
    """Two machines measure the same rows; the file holds them in the shape of Olist's."""
    made = Workload(running, tmp_path, ROWS).file("base").read_bytes()
    header, first, *further = made.decode().splitlines()
    assert header.startswith('"order_id","order_item_id","product_id"')
    assert (
        first
        == '"00351d71c662423c2a4dc5df28571b53",1,"168a0b72d59528b00fb22cd19154bd8c","7ab9d5d663c6d963864e56cc353e5da1",2016-10-01 19:57:40,126.25,1.20'
    )
    assert len(further) == ROWS - 1
    assert hashlib.sha256(made).hexdigest() == MADE


@pytest.mark.parametrize(
    "damage",
    [
        "delete from copied where ctid = (select min(ctid) from copied)",
        "update copied set price = price + 0.01 where ctid = (select min(ctid) from copied)",
        "insert into copied select * from copied limit 1",
        "update copied set product_id = seller_id where ctid = (select min(ctid) from copied)",
    ],
)
def test_a_contender_that_lands_something_else_is_caught(
    running: server.Server, tmp_path: Path, damage: str
) -> None:
    """No time counts for a load that lost, doubled or changed one row of many."""
    workload = Workload(running, tmp_path, ROWS)
    file, expected = workload.file("base"), workload.expected("base")
    columns = "order_id text, order_item_id int, product_id text, seller_id text"
    running.execute(
        "drop table if exists copied",
        f"create table copied ({columns}, shipping_limit_date timestamp, price numeric, freight_value numeric)",
    )
    with (
        running.admin().connect() as session,
        session.cursor() as cursor,
        cursor.copy("copy copied from stdin (format csv, header)") as copy,
    ):
        copy.write(file.read_bytes())
    cases.check(running, "copied", expected)
    running.execute(damage)
    with pytest.raises(BenchmarkError, match="copied holds"):
        cases.check(running, "copied", expected)
