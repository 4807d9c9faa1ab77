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
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from waybill_common.connections import Connection
    from waybill_common.ledger import Step
    from waybill_common.runs import Run

FILE_VARIABLE = "WAYBILL_LINEAGE_FILE"
URL_VARIABLE = "OPENLINEAGE_URL"

NO_CAUSE = "no cause is known"

EventType = Literal["START", "COMPLETE", "FAIL"]

_PRODUCER = "https://github.com/waybill/waybill"
_SCHEMAS = "https://openlineage.io/spec"
_EVENT = f"{_SCHEMAS}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_TIMEOUT_SECONDS = 5


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


def of_run(kind: EventType, run: Run, cause: str | None = None) -> None:
    """Tell that a run begins or ends."""
    if _is_asked():
        _emit(kind, run.run_id, run.job, _failure(cause), {})


def of_step(kind: EventType, step: Step, connection: Connection, cause: str | None = None) -> None:
    """Tell that a step begins or ends, and what it has read and written."""
    if not _is_asked():
        return
    run, datasets = step.run, step.datasets
    parent = {
        "run": {"runId": str(run.run_id)},
        "job": {"namespace": _namespace(), "name": run.job},
    }
    facets = {"parent": _facet("1-0-1/ParentRunFacet.json", parent)} | _failure(cause)
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
    _emit(kind, uuid.uuid5(run.run_id, str(step.step_id)), f"{run.job}.{step.name}", facets, places)


def _is_asked() -> bool:
    return bool(os.environ.get(FILE_VARIABLE) or os.environ.get(URL_VARIABLE))


def _namespace() -> str:
    return os.environ.get("OPENLINEAGE_NAMESPACE") or "waybill"


def _emit(
    kind: EventType, run_id: uuid.UUID, job: str, facets: dict[str, Any], places: dict[str, Any]
) -> None:
    event = {
        "eventType": kind,
        "eventTime": dt.datetime.now(tz=dt.UTC).isoformat(),
        "producer": _PRODUCER,
        "schemaURL": _EVENT,
        "run": {"runId": str(run_id), "facets": facets},
        "job": {"namespace": _namespace(), "name": job},
        **places,
    }
    text = json.dumps(event)
    try:
        if path := os.environ.get(FILE_VARIABLE):
            # One write, so that steps side by side do not tear each other's lines.
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(f"{text}\n")
        if url := os.environ.get(URL_VARIABLE):
            _post(url, text)
    except (OSError, ValueError) as error:
        # A run must not fail for want of somebody who listens.
        sys.stderr.write(f"lineage: an event is lost: {type(error).__name__}\n")


def _post(url: str, text: str) -> None:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(url)
    endpoint = os.environ.get("OPENLINEAGE_ENDPOINT") or "api/v1/lineage"
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("OPENLINEAGE_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    address = urljoin(f"{url.rstrip('/')}/", endpoint.lstrip("/"))
    request = urllib.request.Request(address, text.encode(), headers)  # noqa: S310 - http(s) only
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310 # nosec B310 - http(s) only
        pass


def _facet(schema: str, content: dict[str, Any]) -> dict[str, Any]:
    name = schema.rpartition("/")[2].removesuffix(".json")
    url = f"{_SCHEMAS}/{schema}#/$defs/{name}"
    return {"_producer": _PRODUCER, "_schemaURL": url, **content}


def _failure(cause: str | None) -> dict[str, Any]:
    if cause is None:
        return {}
    content = {"message": cause, "programmingLanguage": "python"}
    return {"errorMessage": _facet("facets/1-0-0/ErrorMessageRunFacet.json", content)}


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
    schema = "facets/1-0-0/DataQualityAssertionsDatasetFacet.json"
    return {"dataQualityAssertions": _facet(schema, {"assertions": assertions})}
