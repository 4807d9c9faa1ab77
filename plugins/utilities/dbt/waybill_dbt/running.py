"""dbt in this process. Its import takes seconds, so this module is imported late."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.exceptions import DbtUsageException
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from waybill_dbt import outcome, plan
from waybill_dbt.outcome import Ended

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from types import FrameType

Callbacks = Sequence[Callable[..., None]]
"""They take dbt's events."""

TERMINATED = 128 + signal.SIGTERM

TAG = "waybill_due"
"""What the nodes of a build are known by, where this process has chosen them."""

GOOD = frozenset({"success", "pass", "warn"})
"""What a node ends with that need not be done again; a warning would be the same one."""


def invoke(
    arguments: Sequence[str],
    callbacks: Callbacks = (),
    manifest: Manifest | None = None,
) -> Ended:
    """Run one dbt command.

    Args:
        arguments: What follows `dbt` on its command line.
        callbacks: Take dbt's events.
        manifest: The parsed project; without it dbt parses what has changed.
    """
    with _sigterm_as_interrupt() as received:
        answer = dbtRunner(manifest=manifest, callbacks=list(callbacks)).invoke(list(arguments))
    code = 0 if answer.success else 1 if answer.exception is None else 2
    if received:
        code = TERMINATED
    elif isinstance(answer.exception, DbtUsageException):
        # The one exception that dbt does not log itself.
        sys.stderr.write(f"error: {answer.exception}\n")
    if not isinstance(answer.result, RunExecutionResult):
        return Ended(code)
    nodes = {each.node.unique_id: str(each.status) in GOOD for each in answer.result.results}
    results = tuple(map(outcome.node_result, answer.result.results))
    return Ended(code, outcome.figures(answer.result), nodes, results)


def parsed(chosen: Collection[str]) -> Manifest:
    """The project as dbt parsed it last, with what only `parse` itself would add.

    Args:
        chosen: Unique ids of the nodes that get the tag `TAG`.
    """
    manifest: Manifest = Manifest.from_msgpack(plan.partial_parse().read_bytes())
    for name in chosen:
        manifest.nodes[name].tags.append(TAG)
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    return manifest


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[list[int]]:
    """Let dbt cancel its running queries, as it does on Ctrl-C, when the job is terminated."""
    received: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, before)
