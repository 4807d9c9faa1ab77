"""OpenLineage events of runs and steps, to a file, a URL or both, where the environment asks for it.

`OPENLINEAGE_URL` (with `OPENLINEAGE_ENDPOINT`, `OPENLINEAGE_API_KEY`) is the official clients' own
variable; `WAYBILL_LINEAGE_FILE` gets one JSON object a line. The events are written by hand, as the
official client would bring fifteen packages into the environment of every plugin.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
import urllib.request
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin, urlsplit

from waybill_common import project

if TYPE_CHECKING:
    from waybill_common.connections import Connection
    from waybill_common.ledger import Step

FILE_VARIABLE = "WAYBILL_LINEAGE_FILE"
URL_VARIABLE = "OPENLINEAGE_URL"

NO_CAUSE = "no cause is known"

EventType = Literal["START", "COMPLETE", "FAIL", "ABORT"]
Event = dict[str, Any]

_PRODUCER = "https://github.com/waybill/waybill"
_SCHEMAS = "https://openlineage.io/spec"
_EVENT = f"{_SCHEMAS}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_TIMEOUT_SECONDS = 3
_PAUSE_SECONDS = 60
"""How long nothing is posted after a URL did not take an event: it must not slow each step down."""


@dataclass
class Datasets:
    """Tables by name, such as `trade.fact_payment`, with what is known of each.

    Attributes:
        rows: Of those that were written, how many rows; None where that is not known.
        checks: Of those that were checked, each check in words, its column and whether it held.
    """

    inputs: set[str] = field(default_factory=set)
    rows: dict[str, int | None] = field(default_factory=dict)
    checks: dict[str, list[tuple[str, str | None, bool]]] = field(default_factory=dict)


def of_run(kind: EventType, run_id: uuid.UUID, job: str, cause: str | None = None) -> Event:
    """The event that a run begins or ends."""
    return _event(kind, run_id, job, _failure(cause))


def of_step(kind: EventType, step: Step, connection: Connection, cause: str | None = None) -> Event:
    """The event that a step begins or ends, and what it has read and written."""
    run, datasets = step.run, step.datasets
    places = {
        "inputs": [
            _dataset(connection, name, inputFacets=_checks(datasets.checks.get(name)))
            for name in sorted(datasets.inputs | datasets.checks.keys())
        ],
        "outputs": [
            _dataset(connection, name, outputFacets=_statistics(rows))
            for name, rows in sorted(datasets.rows.items())
        ],
    }
    known = (step.step_id, step.name)
    return cut_off(kind, run.run_id, run.job, known, cause) | places


def cut_off(
    kind: EventType, run_id: uuid.UUID, job: str, step: tuple[int, str], cause: str | None
) -> Event:
    """The event of a step of which no more is known than its number and name in the ledger."""
    parent = {"run": {"runId": str(run_id)}, "job": {"namespace": _namespace(), "name": job}}
    facets = {"parent": _facet("1-0-1/ParentRunFacet.json", parent)} | _failure(cause)
    number, name = step
    return _event(kind, uuid.uuid5(run_id, str(number)), f"{job}.{name}", facets)


def emit(*events: Event) -> None:
    """Tell who listens; after the transaction that made it true, which a slow listener would hold open."""
    path, url = os.environ.get(FILE_VARIABLE), os.environ.get(URL_VARIABLE)
    for text in map(json.dumps, events):
        try:
            if path:
                # One write, so that steps side by side do not tear each other's lines.
                with Path(path).open("a", encoding="utf-8") as file:
                    file.write(f"{text}\n")
            if url and not _is_paused():
                _post(url, text)
        except (OSError, ValueError) as error:
            # A run must not fail for want of somebody who listens.
            sys.stderr.write(f"lineage: an event is lost: {type(error).__name__}\n")


def _namespace() -> str:
    return os.environ.get("OPENLINEAGE_NAMESPACE") or "waybill"


def _event(kind: EventType, run_id: uuid.UUID, job: str, facets: dict[str, Any]) -> Event:
    return {
        "eventType": kind,
        "eventTime": dt.datetime.now(tz=dt.UTC).isoformat(),
        "producer": _PRODUCER,
        "schemaURL": _EVENT,
        "run": {"runId": str(run_id), "facets": facets},
        "job": {"namespace": _namespace(), "name": job},
    }


def _is_paused() -> bool:
    try:
        return time.time() - _mark().stat().st_mtime < _PAUSE_SECONDS
    except OSError:
        return False


def _mark() -> Path:
    return project.home() / "lineage-does-not-answer"


def _post(url: str, text: str) -> None:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(url)
    endpoint = os.environ.get("OPENLINEAGE_ENDPOINT") or "api/v1/lineage"
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("OPENLINEAGE_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    address = urljoin(f"{url.rstrip('/')}/", endpoint.lstrip("/"))
    request = urllib.request.Request(address, text.encode(), headers)  # noqa: S310 - http(s) only
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310 # nosec B310 - http(s) only
            pass
    except OSError:
        with suppress(OSError):
            _mark().parent.mkdir(parents=True, exist_ok=True)
            _mark().touch()
        raise


def _facet(schema: str, content: dict[str, Any]) -> dict[str, Any]:
    name = schema.rpartition("/")[2].removesuffix(".json")
    url = f"{_SCHEMAS}/facets/{schema}#/$defs/{name}"
    return {"_producer": _PRODUCER, "_schemaURL": url, **content}


def _failure(cause: str | None) -> dict[str, Any]:
    if cause is None:
        return {}
    content = {"message": cause, "programmingLanguage": "python"}
    return {"errorMessage": _facet("1-0-0/ErrorMessageRunFacet.json", content)}


def _dataset(connection: Connection, name: str, **facets: dict[str, Any]) -> dict[str, Any]:
    return {
        "namespace": f"postgres://{connection.host}:{connection.port}",
        "name": f"{connection.dbname}.{name}",
        **{kind: content for kind, content in facets.items() if content},
    }


def _statistics(rows: int | None) -> dict[str, Any]:
    if rows is None:
        return {}
    schema = "1-0-1/OutputStatisticsOutputDatasetFacet.json"
    return {"outputStatistics": _facet(schema, {"rowCount": rows})}


def _checks(checks: list[tuple[str, str | None, bool]] | None) -> dict[str, Any]:
    if not checks:
        return {}
    assertions = [
        {"assertion": rule, "success": succeeded} | ({"column": column} if column else {})
        for rule, column, succeeded in checks
    ]
    schema = "1-0-0/DataQualityAssertionsDatasetFacet.json"
    return {"dataQualityAssertions": _facet(schema, {"assertions": assertions})}
