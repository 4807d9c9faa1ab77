"""The first and the last word of a run: `waybill begin` and `waybill end`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waybill_common import abandoned, connections, domains, failures, leases, ledger, lineage, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from waybill_common.runs import Run

_FAILED_STEP = """
    select step, coalesce(cause, 'it left no cause') as cause
    from (
        select distinct on (step) step_id, step, status, cause
        from waybill.step
        where run_id = %s
        order by step, step_id desc
    ) as last_attempt
    where status = 'failed'
    order by step_id
    limit 1
"""
_CLOSE_STEPS = """
    update waybill.step
    set ended_at = clock_timestamp(), status = 'failed', cause = %s
    where run_id = %s and status = 'running' and step_id <> %s
    returning step_id, step
"""
_FAIL = """
    update waybill.run
    set ended_at = clock_timestamp(), status = 'failed', failed_step = %s, cause = %s
    where run_id = %s and status in ('running', 'lost')
"""
# Only a run that began with `waybill:begin` owes a receipt.
_SUCCEED = """
    update waybill.run
    set ended_at = clock_timestamp(), status = 'succeeded', failed_step = null, cause = null
    where run_id = %(run)s and status in ('running', 'lost')
        and not exists (
            select from waybill.step where run_id = %(run)s and step like %(begin)s
        )
"""
_STATUS = "select job, status, failed_step, cause from waybill.run where run_id = %s"
_HAS_ENDED = """
    select status = 'succeeded' or exists (
        select from waybill.step
        where run_id = %(run)s and step = %(end)s and status = 'succeeded'
    )
    from waybill.run
    where run_id = %(run)s
"""
_END = "waybill:end"
_CUT_OFF = "the run ended before it"
_NO_RECEIPT = "the run ended before its receipt; the log has the reason"


def begin(names: Sequence[str]) -> None:
    """Take the leases of all that a job works on, until its receipt or `waybill end`.

    Args:
        names: Sources or domains; none means all.

    Raises:
        WaybillError: Another run holds one of them for too long.
    """
    wanted = sorted(domains.schemas(names))
    auditor = connections.warehouse("auditor")
    with ledger.step(auditor, "-".join([abandoned.BEGIN, *names])) as step:
        leases.take(auditor, step.run, step.name, wanted)
        step["resources"] = wanted
        print(f"run {step.run.run_id} ({step.run.job}) holds {', '.join(wanted)}")


def end() -> None:
    """Close the run if nothing else has, by how its steps ended; free all it held."""
    run = runs.current()
    if not run.is_of_job:
        print("There is no run to end: this command is a step of one, or of an orchestrator's.")
        return
    auditor = connections.warehouse("auditor")
    # The step tells that no further attempt at another one comes.
    with ledger.step(auditor, _END) as step:
        with auditor.connect() as session:
            status, events = _close(session, run, step.step_id)
        lineage.emit(*events)
    leases.free(auditor, run)
    failures.forget(run.run_id)
    print(f"run {run.run_id}: {status}")


def _close(
    session: psycopg.Connection[Any], run: Run, own_step: int
) -> tuple[str, list[lineage.Event]]:
    """Close the run.

    Returns:
        How it ended in words, and what to tell who follows the lineage.
    """
    was_over = session.execute(_HAS_ENDED, {"run": run.run_id, "end": _END}).fetchone()
    open_steps = session.execute(_CLOSE_STEPS, (_CUT_OFF, run.run_id, own_step)).fetchall()
    told = failures.told(run.run_id)
    found = session.execute(_FAILED_STEP, (run.run_id,)).fetchone()
    if found is None and not told:
        session.execute(_SUCCEED, {"run": run.run_id, "begin": f"{abandoned.BEGIN}%"})
    if found is None or (told and found[1] == _CUT_OFF):
        found = (told.step, told.cause) if told else (None, _NO_RECEIPT)
    session.execute(_FAIL, (*found, run.run_id))
    row = session.execute(_STATUS, (run.run_id,)).fetchone()
    job, status, step, cause = row or (run.job, "lost", None, "")
    events = [
        lineage.cut_off("ABORT", run.run_id, job, open_step, _CUT_OFF) for open_step in open_steps
    ]
    if not (was_over and was_over[0]):
        has_succeeded = status == "succeeded"
        why = None if has_succeeded else cause or lineage.NO_CAUSE
        kind: lineage.EventType = "COMPLETE" if has_succeeded else "FAIL"
        events.append(lineage.of_run(kind, run.run_id, job, why))
    words = f"{status} at {step or 'its end'}: {cause}" if status == "failed" else str(status)
    return words, events
