"""`waybill-dbt <any dbt arguments>`: dbt in the role `transformer`, its builds kept in the ledger."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

from waybill_common import connections, domains, ledger
from waybill_common.errors import WaybillError, reports_errors
from waybill_dbt import changed, documents, environment, outcome, recording
from waybill_dbt.finished import Finished
from waybill_dbt.progress import Progress

if TYPE_CHECKING:
    from waybill_common.connections import Connection
    from waybill_dbt.outcome import Ended
    from waybill_dbt.running import Callbacks

OFFLINE = frozenset({"clean", "deps", "init", "list", "ls", "parse"})
"""Commands that read the project alone, so that they work before there is a warehouse."""

RECORDED = frozenset({"build", "run", "seed", "snapshot", "test"})
"""Commands that are a step of a job."""

METRICS = "metrics"
"""Our own command for what MetricFlow answers."""

_SELECTOR = "--selector"
_OBJECTS = 100_000
"""New ones between two looks for garbage."""


@reports_errors
def main() -> None:
    """Run dbt and leave with its exit code."""
    # dbt's manifest is hundreds of thousands of objects that all stay: at Python's own threshold it
    # costs a tenth of a build to look through them for garbage again and again.
    gc.set_threshold(_OBJECTS)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one dbt command in this process.

    Args:
        arguments: What follows `dbt` on its command line; `build --changed`, `lineage` and
            `metrics` are ours.

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
        return _dbt(arguments).code
    connection = connections.warehouse("transformer")
    os.environ.update(environment.for_warehouse(connection))
    # dbt reports a refused login over many lines; this one names the setting and the remedy.
    connection.connect().close()
    if command == METRICS:
        from waybill_dbt import metrics  # noqa: PLC0415  (MetricFlow and dbt take seconds to import)

        return metrics.run(arguments[arguments.index(METRICS) + 1 :])
    if command == documents.LINEAGE:
        return _followed()
    if documents.is_asked(arguments):
        return _documented(arguments)
    if command not in RECORDED:
        return _dbt(arguments).code
    return _recorded(connection, f"dbt:{command}", arguments)


def _recorded(connection: Connection, step: str, arguments: list[str]) -> int:
    given = [word for word in arguments if word != changed.FLAG]
    # Where dbt's own lines are turned down, a few of ours say that it goes on.
    progress = [Progress(step)] if "--log-level" in arguments else []
    finished = Finished()
    callbacks: Callbacks = [finished, *progress]
    with ledger.step(connection, step, resources=_resources(given)) as detail:
        if changed.is_asked(arguments):
            ended = changed.build(connection, given, callbacks)
        elif changed.is_whole(given):
            ended = changed.build(connection, given, callbacks, is_of_all=True)
        else:
            ended = _dbt(given, callbacks)
            changed.forget(connection, ended)
        detail.update(ended.figures | {"selector": changed.scope(given)})
        detail["succeeded"] = ended.code == 0
        recording.write(connection, detail, ended.results or finished.results)
        recording.explain(detail, ended.results)
        if ended.code:
            reason = f"dbt left with exit code {ended.code}; its log has the reason"
            detail.setdefault("cause", reason)
    if progress and ended.figures:
        print(f"{step}: {outcome.in_words(ended.figures)}", flush=True)
    return ended.code


def _documented(arguments: list[str]) -> int:
    ended = _dbt(arguments)
    if not ended.code:
        print(f"dbt:docs: {documents.publish_dictionary()}", flush=True)
    return ended.code


def _followed() -> int:
    code = _dbt(list(documents.FROM_NOTHING)).code or _documented(
        [*documents.GENERATE, *documents.AS_COMPILED]
    )
    if not code:
        print(f"dbt:lineage: {documents.write_lineage()}", flush=True)
    return code


def _resources(arguments: list[str]) -> set[str]:
    """The schemas that a build writes: those of its selector, a domain, and the shared one."""
    place = arguments.index(_SELECTOR) + 1 if _SELECTOR in arguments else len(arguments)
    return domains.schemas(arguments[place : place + 1]) | {domains.SHARED}


def _dbt(arguments: list[str], callbacks: Callbacks = ()) -> Ended:
    from waybill_dbt import running  # noqa: PLC0415  (dbt takes seconds to import)

    return running.invoke(arguments, callbacks)
