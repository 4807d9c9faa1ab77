"""`waybill-dbt <any dbt arguments>`: dbt in the role `transformer`, its builds kept in the ledger."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner

from waybill_common import connections, ledger
from waybill_common.errors import WaybillError, reports_errors
from waybill_dbt import environment, outcome
from waybill_dbt.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

OFFLINE = frozenset({"clean", "deps", "init", "list", "ls", "parse"})
"""Commands that read the project alone, so that they work before there is a warehouse."""

RECORDED = frozenset({"build", "run", "seed", "snapshot", "test"})
"""Commands that are a step of a job."""

TERMINATED = 128 + signal.SIGTERM


@reports_errors
def main() -> None:
    """Run dbt and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one dbt command in this process.

    Args:
        arguments: What follows `dbt` on its command line.

    Returns:
        dbt's exit code: 0 for success, 1 when a model or test failed, 2 for any other error;
        143 after SIGTERM.

    Raises:
        WaybillError: The warehouse cannot be reached by a command that needs it.
    """
    command = next((word for word in arguments if not word.startswith("-")), None)
    os.environ.update(environment.for_project())
    if command is None or command in OFFLINE:
        # dbt parses anew whenever the profile changes, so use the warehouse's where there is one.
        with contextlib.suppress(WaybillError):
            os.environ.update(environment.for_warehouse(connections.warehouse("transformer")))
        return _invoke(arguments, {})
    connection = connections.warehouse("transformer")
    os.environ.update(environment.for_warehouse(connection))
    # dbt reports a refused login over many lines; this one names the setting and the remedy.
    connection.connect().close()
    if command not in RECORDED:
        return _invoke(arguments, {})
    step = f"dbt:{command}"
    # Where dbt's own lines are turned down, a few of ours say that it goes on.
    callbacks = [Progress(step)] if "--log-level" in arguments else []
    with ledger.step(connection, step) as detail:
        code = _invoke(arguments, detail, callbacks)
        detail["succeeded"] = code == 0
    if callbacks and detail:
        print(f"{step}: {outcome.in_words(detail)}", flush=True)
    return code


def _invoke(
    arguments: list[str], detail: dict[str, Any], callbacks: Sequence[Progress] = ()
) -> int:
    with _sigterm_as_interrupt() as received:
        answer = dbtRunner(callbacks=list(callbacks)).invoke(arguments)
    if isinstance(answer.result, RunExecutionResult):
        detail.update(outcome.figures(answer.result))
    if received:
        return TERMINATED
    if answer.success:
        return 0
    if answer.exception is None:
        return 1
    if outcome.is_unreported(answer.exception):
        sys.stderr.write(f"error: {answer.exception}\n")
    return 2


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
