"""The first and the last word of a run: `waybill begin` and `waybill end`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waybill_common import abandoned, connections, domains, failures, leases, ledger, runs

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
_STATUS = "select status, failed_step, cause from waybill.run where run_id = %s"
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
    with ledger.step(auditor, _END) as step, auditor.connect() as session:
        status = _close(session, run, step.step_id)
    leases.free(auditor, run)
    failures.forget(run.run_id)
    print(f"run {run.run_id}: {status}")


def _close(session: psycopg.Connection[Any], run: Run, own_step: int) -> str:
    session.execute(_CLOSE_STEPS, (_CUT_OFF, run.run_id, own_step))
    told = failures.told(run.run_id)
    found = session.execute(_FAILED_STEP, (run.run_id,)).fetchone()
    if found is None and not told:
        session.execute(_SUCCEED, {"run": run.run_id, "begin": f"{abandoned.BEGIN}%"})
    if found is None or (told and found[1] == _CUT_OFF):
        found = (told.step, told.cause) if told else (None, _NO_RECEIPT)
    session.execute(_FAIL, (*found, run.run_id))
    status, step, cause = session.execute(_STATUS, (run.run_id,)).fetchone() or ("lost", None, "")
    return f"{status} at {step or 'its end'}: {cause}" if status == "failed" else str(status)
