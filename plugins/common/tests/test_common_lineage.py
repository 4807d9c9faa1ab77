from __future__ import annotations

import json
import re
import subprocess
import threading
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import ledger, lineage, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase


@contextmanager
def listening(
    status: int = 201, heard: Callable[[Any], None] = lambda _: None
) -> Iterator[tuple[str, list[Any]]]:
    """A server's URL, and what it has been sent; `heard` is called before it answers."""
    received: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.append((self.path, self.headers["Authorization"], body))
            heard(body)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()


@pytest.fixture
def listener() -> Iterator[tuple[str, list[Any]]]:
    """A server that takes all events: its URL, and what it has been sent."""
    with listening() as opened:
        yield opened


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    """What the file of the events has by now."""
    file = tmp_path / "events.jsonl"
    monkeypatch.setenv(lineage.FILE_VARIABLE, str(file))
    return lambda: [json.loads(line) for line in file.read_text().splitlines()]


# From the specification's own schemas, spec/OpenLineage.json and spec/facets/.
FACETS = {
    "parent": ("ParentRunFacet", {"run", "job"}),
    "errorMessage": ("ErrorMessageRunFacet", {"message", "programmingLanguage"}),
    "outputStatistics": ("OutputStatisticsOutputDatasetFacet", {"rowCount"}),
    "dataQualityAssertions": ("DataQualityAssertionsDatasetFacet", {"assertions"}),
}


def _check_facets(facets: dict[str, Any]) -> None:
    for key, facet in facets.items():
        name, required = FACETS[key]
        assert required | {"_producer", "_schemaURL"} == facet.keys()
        address = rf"https://openlineage\.io/spec/facets/\d-\d-\d/{name}\.json#/\$defs/{name}"
        assert re.fullmatch(address, facet["_schemaURL"])


def test_events_are_as_the_specification_has_them(
    warehouse: ScratchDatabase, events: Callable[[], list[Any]]
) -> None:
    """Protects catalogues that look up the schema of each facet, or refuse an event without one."""
    with ledger.step(warehouse.connection("auditor"), "validate:raw") as step:
        step.datasets.rows["raw_olist.orders"] = 3
        step.datasets.checks["raw_olist.orders"] = [("status is known", "status", False)]
        step |= {"succeeded": False, "cause": "1 row"}
    seen: set[str] = set()
    for event in events():
        required = {"eventType", "eventTime", "producer", "schemaURL", "run", "job"}
        assert event.keys() - {"inputs", "outputs"} == required
        assert (
            event["schemaURL"]
            == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
        )
        places = [*event.get("inputs", ()), *event.get("outputs", ())]
        of_places = [
            place.get("inputFacets", {}) | place.get("outputFacets", {}) for place in places
        ]
        for facets in (event["run"]["facets"], *of_places):
            _check_facets(facets)
            seen |= facets.keys()
    assert seen == FACETS.keys()


def test_a_run_and_its_step_are_told_from_begin_to_end(
    warehouse: ScratchDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    listener: tuple[str, list[Any]],
) -> None:
    """A catalogue such as Marquez sees what was read, written and checked, in its own words."""
    url, received = listener
    monkeypatch.setenv(lineage.FILE_VARIABLE, str(tmp_path / "events.jsonl"))
    monkeypatch.setenv(lineage.URL_VARIABLE, url)
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "key")
    with ledger.step(warehouse.connection("auditor"), "validate:raw") as step:
        step.datasets.rows["raw_olist.orders"] = 3
        step.datasets.checks["raw_olist.orders"] = [("status is known", "status", False)]
        step |= {"succeeded": False, "cause": "1 row"}
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [(path, key) for path, key, _ in received] == [("/api/v1/lineage", "Bearer key")] * 4
    assert [event for _, _, event in received] == events
    assert [event["eventType"] for event in events] == ["START", "START", "FAIL", "FAIL"]
    of_run, of_step, end, end_of_run = events
    assert of_run["run"]["runId"] == end_of_run["run"]["runId"] == str(runs.current().run_id)
    assert of_step["run"]["runId"] == end["run"]["runId"] != of_run["run"]["runId"]
    assert end["run"]["facets"]["parent"]["run"] == {"runId": of_run["run"]["runId"]}
    assert end["run"]["facets"]["errorMessage"]["message"] == "1 row"
    (written,) = end["outputs"]
    assert written["name"] == f"{warehouse.name}.raw_olist.orders"
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 3
    (checked,) = end["inputs"]
    assert checked["inputFacets"]["dataQualityAssertions"]["assertions"] == [
        {"assertion": "status is known", "success": False, "column": "status"}
    ]


def test_a_step_goes_on_where_nobody_listens(
    warehouse: ScratchDatabase,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A catalogue that is down must not stop the warehouse from being filled."""
    monkeypatch.setenv(lineage.URL_VARIABLE, "http://user:s3cret@127.0.0.1:1")
    with ledger.step(warehouse.connection("auditor"), "validate:raw"):
        pass
    assert warehouse.rows("select status from waybill.run") == [("succeeded",)]
    told = capsys.readouterr().err
    assert "lineage: an event is lost: URLError" in told
    assert "s3cret" not in told


def test_what_is_told_is_in_the_ledger_by_then(
    warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the ledger from a slow listener, for whom no transaction and no step stays open."""
    state = "select run.status, step.status from waybill.run left join waybill.step using (run_id)"
    seen: list[Any] = []
    with listening(
        heard=lambda event: seen.append((event["eventType"], *warehouse.rows(state)))
    ) as (
        url,
        _,
    ):
        monkeypatch.setenv(lineage.URL_VARIABLE, url)
        with ledger.step(warehouse.connection("auditor"), "validate:raw"):
            pass
    begun, ended = ("START", ("running", "running")), ("COMPLETE", ("succeeded", "succeeded"))
    assert seen == [begun, begun, ended, ended]


def test_a_url_that_does_not_take_events_is_left_alone_for_a_while(
    warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Protects each step of a run from waiting for the same listener in vain."""
    with listening(status=503) as (url, received):
        monkeypatch.setenv(lineage.URL_VARIABLE, url)
        with ledger.step(warehouse.connection("auditor"), "validate:raw"):
            pass
        assert len(received) == 1
        assert capsys.readouterr().err.count("lineage: an event is lost: HTTPError") == 1
        monkeypatch.setattr(lineage, "_PAUSE_SECONDS", 0)
        with ledger.step(warehouse.connection("auditor"), "validate:marts"):
            pass
        assert len(received) > 1


def test_a_run_that_was_killed_ends_for_who_follows_it_too(
    warehouse: ScratchDatabase, events: Callable[[], list[Any]]
) -> None:
    """Protects the catalogue from runs and steps that seem to go on for ever."""
    with subprocess.Popen(["true"]) as gone:
        pass
    killed = str(uuid.uuid4())
    warehouse.execute(
        "insert into waybill.run (run_id, job, started_by, host, process_id, started_at)"
        " values (%s, 'trade', 'shell', %s, %s, now())",
        (killed, runs.host(), gone.pid),
        role="loader",
    )
    warehouse.execute(
        "insert into waybill.step (run_id, step) values (%s, 'dbt:build')", (killed,), role="loader"
    )
    with ledger.step(warehouse.connection("auditor"), "validate:raw"):
        pass
    ends = [
        (each["eventType"], each["job"]["name"])
        for each in events()
        if "trade" in each["job"]["name"]
    ]
    assert ends == [("ABORT", "trade.dbt:build"), ("ABORT", "trade")]
    assert [each["run"]["runId"] for each in events()].count(killed) == 1


def test_a_step_that_is_tried_again_does_not_end_its_run(
    warehouse: ScratchDatabase,
    events: Callable[[], list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Protects from a run that ends twice: under an orchestrator a failed step may come once more."""
    run_id = str(uuid.uuid4())
    monkeypatch.setenv(runs.RUN_ID_VARIABLE, run_id)
    auditor = warehouse.connection("auditor")
    for succeeded in (False, False, True):
        with ledger.step(auditor, "validate:raw") as step:
            step["succeeded"] = succeeded
    ledger.end_run(auditor, runs.current())
    of_run = [each["eventType"] for each in events() if each["run"]["runId"] == run_id]
    assert of_run == ["START", "COMPLETE"]
    of_steps = [each["eventType"] for each in events() if each["run"]["runId"] != run_id]
    assert of_steps == ["START", "FAIL", "START", "FAIL", "START", "COMPLETE"]
