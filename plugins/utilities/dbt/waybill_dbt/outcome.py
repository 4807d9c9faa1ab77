"""What the ledger keeps of a dbt invocation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from waybill_common import step_outcome

if TYPE_CHECKING:
    from dbt.artifacts.schemas.run import RunExecutionResult, RunResult


BAD = frozenset({"error", "fail", "runtime error", "partial success"})
"""What dbt calls a node that has failed."""


@dataclass(frozen=True)
class NodeResult:
    """What became of one node.

    Attributes:
        rows_affected: As the database says; None where it does not.
        message: What dbt says of a node that did not succeed, without what it quotes.
        relation: Schema and name of what it has built.
        sources: Schema and name of each table of a source that it reads.
    """

    unique_id: str
    name: str
    resource_type: str
    status: str
    seconds: float
    rows_affected: int | None
    message: str | None
    relation: str | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ended:
    """How an invocation ended.

    Attributes:
        code: dbt's exit code, or 143 after SIGTERM.
        figures: What the ledger keeps of it.
        nodes: Of each node that was chosen, whether it ended well; None where dbt did not get
            to choose.
        results: What became of each of them, for the ledger.
    """

    code: int
    figures: dict[str, Any] = field(default_factory=dict)
    nodes: dict[str, bool] | None = None
    results: tuple[NodeResult, ...] = ()


def nothing(unchanged: int) -> Ended:
    """How a build ends in which there was nothing to do."""
    figures = {"elapsed_seconds": 0.0, "nodes": {}, "failed": [], "unchanged": unchanged}
    return Ended(0, figures, {})


def node_result(result: RunResult) -> NodeResult:
    """What the ledger keeps of one node."""
    affected = (result.adapter_response or {}).get("rows_affected")
    status = str(result.status)
    return NodeResult(
        unique_id=result.node.unique_id,
        name=result.node.name,
        resource_type=str(result.node.resource_type),
        status=status,
        seconds=round(result.execution_time, 3),
        # PostgreSQL's driver answers -1 where a statement counts no rows.
        rows_affected=affected if isinstance(affected, int) and affected >= 0 else None,
        relation=_relation(result),
        sources=tuple(
            ".".join(name.split(".")[-2:])
            for name in getattr(result.node.depends_on, "nodes", ())
            if name.startswith("source.")
        ),
        message=worth_telling(status, result.message),
    )


def worth_telling(status: str, message: str | None) -> str | None:
    """What dbt says of a node that did not succeed, in one line without what it quotes."""
    if status not in {*BAD, "warn"} or not (message and message.strip()):
        return None
    return step_outcome.without_values(message.strip().splitlines()[0])


def _relation(result: RunResult) -> str | None:
    built = str(result.status) == "success" and str(result.node.resource_type) != "test"
    return (
        f"{result.node.schema}.{getattr(result.node, 'alias', result.node.name)}" if built else None
    )


def figures(result: RunExecutionResult) -> dict[str, Any]:
    """Counts by status and the time taken.

    Args:
        result: What dbt returns from build, run, seed, snapshot and test.

    Returns:
        `elapsed_seconds` (wall time of the whole invocation), `nodes` (count of nodes by status,
        such as success, pass, warn, fail, error, skipped) and `failed` (names of nodes that failed).
    """
    statuses = Counter(str(node.status) for node in result.results)
    failed = sorted(
        node.node.name for node in result.results if str(node.status) in {"error", "fail"}
    )
    return {
        "elapsed_seconds": round(result.elapsed_time, 2),
        "nodes": dict(sorted(statuses.items())),
        "failed": failed,
    }


def in_words(detail: dict[str, Any]) -> str:
    """The figures as one line, such as `58 success, 232 pass in 16.1 s, 12 unchanged`."""
    counts = ", ".join(f"{count:,} {status}" for status, count in detail["nodes"].items())
    unchanged = f", {detail['unchanged']:,} unchanged" if detail.get("unchanged") else ""
    return f"{counts or 'nothing to do'} in {detail['elapsed_seconds']:.1f} s{unchanged}"
