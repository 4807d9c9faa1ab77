"""Messages to a real HTTP server, by a URL that is a secret."""

from __future__ import annotations

import json
import threading
import traceback
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from waybill.alerts.messages import Message
from waybill.alerts.webhook import Webhook
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "T024-B17/very-secret"  # noqa: S105 - made up
MESSAGE = Message("waybill.1.opened", "[waybill] run failed: trade", "What happened: it broke\n")


@contextmanager
def chat(status: int = 200, location: str = "") -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A chat service that gives one answer; yields its base URL and what was posted."""
    posted: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            posted.append({"path": self.path, **json.loads(self.rfile.read(length))})
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - http.server's name

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", posted
        finally:
            server.shutdown()
            thread.join()


def test_a_message_is_posted_as_slack_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack, Mattermost and others take the same JSON."""
    with chat() as (base, posted):
        monkeypatch.setenv("WAYBILL_ALERTS_WEBHOOK", f"{base}/services/{SECRET}")
        assert Webhook().send(MESSAGE) == ""
    assert posted == [{"path": f"/services/{SECRET}", "text": f"{MESSAGE.subject}\n{MESSAGE.text}"}]


def test_text_from_a_source_cannot_call_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file named `<!channel>` stands in a cause; it must stay a name."""
    with chat() as (base, posted):
        monkeypatch.setenv("WAYBILL_ALERTS_WEBHOOK", base)
        Webhook().send(Message("1", "failed", "<!channel> & more\n"))
    assert posted[0]["text"] == "failed\n&lt;!channel&gt; &amp; more\n"


@pytest.mark.parametrize(("status", "cause"), [(404, "answered 404"), (302, "answered 302")])
def test_a_refusal_names_the_host_and_nothing_of_the_secret(
    monkeypatch: pytest.MonkeyPatch, status: int, cause: str
) -> None:
    """Whoever reads the URL in a log can post in the team's name; a redirect is another such reader."""
    with chat() as (elsewhere, seen), chat(status, elsewhere) as (base, posted):
        monkeypatch.setenv("WAYBILL_ALERTS_WEBHOOK", f"{base}/services/{SECRET}")
        with pytest.raises(WaybillError, match=f"webhook at 127.0.0.1: it {cause}") as refused:
            Webhook().send(MESSAGE)
    assert len(posted) == 1
    assert seen == []
    assert SECRET not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "url",
    [
        f"http://hooks.example.com/{SECRET}",
        f"hooks.example.com/{SECRET}",
        f"file:///etc/{SECRET}",
        f"https://[hooks/{SECRET}",
        f"https:///{SECRET}",
        f"https://hooks.example.com/{SECRET}\n",
    ],
)
def test_only_https_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Over http anybody on the way reads the URL."""
    monkeypatch.setenv("WAYBILL_ALERTS_WEBHOOK", url)
    with pytest.raises(WaybillError, match="WAYBILL_ALERTS_WEBHOOK is no https URL") as refused:
        Webhook().send(MESSAGE)
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_a_server_that_is_gone_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run that ends goes on, and its log says why nobody was told."""
    with chat() as (base, _):
        monkeypatch.setenv("WAYBILL_ALERTS_WEBHOOK", f"{base}/{SECRET}")
    with pytest.raises(WaybillError, match="connection refused") as refused:
        Webhook().send(MESSAGE)
    assert SECRET not in str(refused.value)


def test_a_host_that_no_network_knows_is_an_error_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Protects the mail from a URL that is refused before anybody is asked."""
    monkeypatch.setenv("WAYBILL_ALERTS_WEBHOOK", f"https://{'a' * 64}.example/{SECRET}")
    with pytest.raises(
        WaybillError, match=r"No message to the webhook at a+\.example: UnicodeError"
    ):
        Webhook().send(MESSAGE)
