"""What MetricFlow answers, held against the report marts.

Run as a program it answers queries that it reads from its input: MetricFlow and dbt are set up once,
in a process of their own, as both change the state of the one they are in.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metric_queries import QUERIES, Query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Project

Row = tuple[Any, ...]


def metrics(project: Project) -> set[str]:
    """All metrics that dbt has parsed."""
    path = project.root / "transform" / "target" / "semantic_manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    return {metric["name"] for metric in document["metrics"]}


def disagreements(project: Project) -> dict[Query, tuple[list[Row], list[Row]]]:
    """What only MetricFlow, and what only the mart says, for each query where they differ."""
    found = {}
    for query, answer in zip(QUERIES, _answers(project), strict=True):
        expected = [tuple(map(_plain, row)) for row in project.rows(query.sql)]
        scales = _scales(expected, len(query.by))
        rows = [_rounded(row, scales) for row in answer]
        asked = {row for row in rows if any(row[len(query.by) :])}
        known = {row for row in expected if any(row[len(query.by) :])}
        assert known, query
        if asked != known:
            found[query] = (sorted(asked - known, key=str), sorted(known - asked, key=str))
    return found


def _answers(project: Project) -> list[list[list[Any]]]:
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([[query.metrics, query.by] for query in QUERIES]),
        env=project.environment
        | {
            "MELTANO_PROJECT_ROOT": str(project.root),
            "WAREHOUSE_TRANSFORMER_URL": project.url("transformer"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    answers: list[list[list[Any]]] = json.loads(done.stdout.splitlines()[-1])
    return answers


def _plain(value: object) -> Any:
    """A value as both sides write it: numbers exact, days without a time."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | Decimal):
        return Decimal(value)
    return str(value)


def _scales(rows: list[Row], keys: int) -> list[Decimal | None]:
    """The last digit that the mart gives in each column; a ratio of MetricFlow has more of them."""
    columns = list(zip(*rows, strict=True))
    return [None] * keys + [
        Decimal(1).scaleb(
            min((int(v.as_tuple().exponent) for v in column if v is not None), default=0)
        )
        for column in columns[keys:]
    ]


def _rounded(row: list[Any], scales: list[Decimal | None]) -> Row:
    return tuple(
        value
        if scale is None or value is None
        else Decimal(value).quantize(scale, rounding=ROUND_HALF_UP)
        for value, scale in zip(row, scales, strict=True)
    )


def _written(value: object) -> str | None:
    if value is None:
        return None
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text.removesuffix("T00:00:00")


def _answer() -> Iterator[list[list[str | None]]]:
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest  # noqa: PLC0415

    from waybill_common import connections  # noqa: PLC0415
    from waybill_dbt import environment, metrics  # noqa: PLC0415

    os.environ.update(environment.for_project())
    os.environ.update(environment.for_warehouse(connections.warehouse("transformer")))
    engine = metrics.engine()
    for names, dimensions in json.load(sys.stdin):
        table = engine.query(
            MetricFlowQueryRequest.create(metric_names=names, group_by_names=dimensions)
        ).result_df
        columns = [*dimensions, *names]
        assert table is not None
        order = [list(table.column_names).index(column) for column in columns]
        yield [[_written(row[place]) for place in order] for row in table.rows]


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))
    print(json.dumps(list(_answer())))
