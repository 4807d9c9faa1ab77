"""What the tests of tap-exchange-rates share: an API on this machine, and runs of the tap."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tap_exchange_rates.tap import TapExchangeRates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTRACT = Path(__file__).parents[4] / "extract" / "contracts" / "exchange_rates.yml"


@dataclass
class Output:
    """The messages of one run."""

    messages: list[dict[str, Any]]

    def of(self, kind: str, stream: str = "rates") -> list[dict[str, Any]]:
        return [
            each
            for each in self.messages
            if each["type"] == kind and each.get("stream", stream) == stream
        ]

    @property
    def rates(self) -> list[tuple[str, str, str]]:
        """Day, currency and the digits of the rate, as they went over the wire."""
        rows = [each["record"] for each in self.of("RECORD")]
        return [(row["date"], row["currency"], row["rate"]) for row in rows]

    @property
    def letters(self) -> list[dict[str, Any]]:
        return [each["record"] for each in self.of("RECORD", "dead_letter")]

    @property
    def state(self) -> dict[str, Any]:
        return self.of("STATE")[-1]["value"]

    @property
    def bookmark(self) -> dict[str, Any]:
        return self.state["bookmarks"]["rates"]


@dataclass
class StubApi:
    """An API like Frankfurter's.

    Attributes:
        days: JSON of the rates of each day.
        answers: Status, headers and body of the next answers, before it answers by `days` again.
        asked: Path and parameters of each request.
    """

    url: str = ""
    days: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    asked_at: list[float] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, dict[str, str], str]:
        if self.answers:
            return self.answers.pop(0)
        first, last = (dt.date.fromisoformat(day) for day in path.rsplit("/", 1)[-1].split(".."))
        # As the API does: the last working day before the window is among its answer.
        before = [day for day in sorted(self.days) if day < str(first)][-1:]
        found = before + [day for day in sorted(self.days) if str(first) <= day <= str(last)]
        rates = ",".join(f'"{day}":{self.days[day]}' for day in found)
        return 200, {}, f'{{"amount":1.0,"base":"EUR","rates":{{{rates}}}}}'


@pytest.fixture
def api() -> Iterator[StubApi]:
    """A server of this test on a port of its own."""
    stub = StubApi()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            stub.asked.append((parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()}))
            status, headers, body = stub.answer(parts.path)
            content = body.encode()
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(content))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield stub
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Output]:
    """Runs the tap in this process; `state` goes on from a run before."""

    def run(state: dict[str, Any] | None = None, **config: Any) -> Output:
        given = {"contract": str(CONTRACT), "backoff_seconds": 0.01, "start_date": "2024-01-01"}
        tap = TapExchangeRates(
            config=given | config, state=json.loads(json.dumps(state)) if state else None
        )
        capsys.readouterr()
        tap.sync_all()
        lines = capsys.readouterr().out.splitlines()
        return Output([json.loads(line, parse_float=str) for line in lines])

    return run
