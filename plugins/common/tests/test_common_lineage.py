from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import ledger, lineage, runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase


@pytest.fixture
def listener() -> Iterator[tuple[str, list[Any]]]:
    """A server's URL, and what it has been sent."""
    received: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, self.headers["Authorization"], json.loads(body)))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()


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
