"""The commands `waybill alerts` and `waybill alerts-test`, and the evaluation at the end of a run."""

from __future__ import annotations

import sys

from waybill.alerts import channels, messages, outage, rules
from waybill.alerts.evaluate import Outcome, UnreachableError, evaluate
from waybill_common.errors import WaybillError


def show() -> None:
    """Evaluate, tell, and list what is open.

    Raises:
        WaybillError: The warehouse does not answer, or a contract or schedule cannot be read.
    """
    outcome = _evaluated()
    for incident in outcome.changes.closed:
        print(f"over: {messages.title(incident)}")
    still_open = (*outcome.changes.seen, *outcome.changes.opened)
    for incident in still_open:
        print(f"open since {messages.moment(incident.opened_at)}: {messages.title(incident)}")
        print(f"    {incident.summary}\n    {incident.remedy_url}")
    if not still_open:
        print("No incident is open.")


def after_run() -> None:
    """Evaluate and tell at the end of a run, whose outcome stays what it is."""
    try:
        changes = _evaluated().changes
    except WaybillError as error:
        sys.stderr.write(f"alerts: not evaluated: {error}\n")
        return
    except Exception as error:  # noqa: BLE001 - a defect here must not fail a run that balances
        sys.stderr.write(f"alerts: not evaluated: a defect: {type(error).__name__}: {error}\n")
        return
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


def _evaluated() -> Outcome:
    told = channels.configured()
    try:
        outcome = evaluate(rules.of_project(), told)
    except UnreachableError as error:
        _warn(outage.begun(str(error), told))
        raise
    _warn([*outage.over(told), *outcome.remarks])
    return outcome


def _warn(remarks: list[str]) -> None:
    for remark in remarks:
        sys.stderr.write(f"alerts: {remark}\n")
