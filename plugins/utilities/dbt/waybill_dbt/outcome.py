"""What the ledger keeps of a dbt invocation."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from dbt.cli.exceptions import DbtUsageException

if TYPE_CHECKING:
    from dbt.artifacts.schemas.run import RunExecutionResult


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
    """The figures as one line, such as `58 success, 232 pass in 16.1 s`."""
    counts = ", ".join(f"{count:,} {status}" for status, count in detail["nodes"].items())
    return f"{counts or 'nothing to do'} in {detail['elapsed_seconds']:.1f} s"


def is_unreported(exception: BaseException) -> bool:
    """Whether dbt has not printed the exception itself: it logs all but wrong usage."""
    return isinstance(exception, DbtUsageException)
