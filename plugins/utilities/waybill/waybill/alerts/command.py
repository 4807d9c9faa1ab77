"""The commands `waybill alerts` and `waybill alerts-test`, and the evaluation at the end of a run."""

from __future__ import annotations

import datetime as dt
import sys

from waybill.alerts import channels, messages, rules, trouble
from waybill.alerts.evaluate import Outcome, UnreachableError, evaluate
from waybill_common.connections import NotStartedError
from waybill_common.errors import WaybillError
from waybill_common.step_outcome import cause_of

_PATIENCE = dt.timedelta(minutes=15)
"""How long the embedded warehouse may stand still, as after a reboot the next run starts it, or an
evaluation may fail, as it does where a server is started anew under it."""


def show() -> None:
    """Evaluate, tell, and list what is open.

    Raises:
        WaybillError: The warehouse does not answer, or a contract or schedule cannot be read: what
            does not rest on that is evaluated and told.
    """
    try:
        outcome, problems = _evaluated()
    except NotStartedError as error:
        print(f"not evaluated: {error}")
        return
    for incident in outcome.changes.closed:
        print(f"over: {messages.title(incident)}")
    still_open = (*outcome.changes.seen, *outcome.changes.opened)
    for incident in still_open:
        print(f"open since {messages.moment(incident.opened_at)}: {messages.title(incident)}")
        print(f"    {incident.summary}\n    {incident.remedy_url}")
    if not still_open:
        print("No incident is open.")
    if problems:
        raise WaybillError(" ".join(problems))


def after_run() -> None:
    """Evaluate and tell at the end of a run, whose outcome stays what it is."""
    try:
        outcome, problems = _evaluated()
    except WaybillError as error:
        sys.stderr.write(f"alerts: not evaluated: {error}\n")
        return
    except Exception as error:  # noqa: BLE001 - a defect here must not fail a run that balances
        sys.stderr.write(f"alerts: not evaluated: a defect: {type(error).__name__}: {error}\n")
        return
    _warn([f"not all are evaluated: {problem}" for problem in problems])
    changes = outcome.changes
    for phase, incidents in (("opened", changes.opened), ("over", changes.closed)):
        for incident in incidents:
            sys.stderr.write(f"alerts: {phase}: {messages.title(incident)}\n")


def test_channels() -> int:
    """Send a test message by each configured channel, and say how it went.

    Returns:
        0 where each took it, otherwise 1.

    Raises:
        WaybillError: No channel is configured.
    """
    configured = channels.configured()
    message = messages.of_test()
    failed = False
    for channel in configured:
        try:
            remark = channel.send(message)
        except WaybillError as error:
            failed = True
            print(f"{channel.name}: failed: {error}")
        else:
            print(f"{channel.name}: sent. {remark}".rstrip())
    if isinstance(configured[0], channels.Log):
        msg = "No channel is configured: alerts go to the log of the run and to waybill.incident."
        remedy = f"Set {channels.RECIPIENTS} or {channels.WEBHOOK}; .env.example has both."
        raise WaybillError(msg, remedy)
    return 1 if failed else 0


def _evaluated() -> tuple[Outcome, tuple[str, ...]]:
    """Evaluate, and tell all that hinders it.

    Returns:
        The outcome, and what could not be read of the project's files.
    """
    told = channels.configured()
    try:
        known = rules.of_project()
        outcome = evaluate(known.findings, told, unsure=known.unsure)
    except NotStartedError:
        raise
    except UnreachableError as error:
        if error.is_embedded and trouble.lasting(messages.WAREHOUSE_DOWN) < _PATIENCE:
            raise NotStartedError(error.cause, error.remedy) from error
        _warn(trouble.begun(messages.WAREHOUSE_DOWN, str(error), told))
        raise
    except Exception as error:
        if trouble.lasting(messages.BLIND) >= _PATIENCE:
            _warn(trouble.begun(messages.BLIND, cause_of(error), told))
        raise
    _warn([*trouble.over(messages.WAREHOUSE_DOWN, told), *outcome.remarks])
    if known.problems:
        _warn(trouble.begun(messages.BLIND, " ".join(known.problems), told))
    else:
        _warn(trouble.over(messages.BLIND, told))
    return outcome, known.problems


def _warn(remarks: list[str]) -> None:
    for remark in remarks:
        sys.stderr.write(f"alerts: {remark}\n")
