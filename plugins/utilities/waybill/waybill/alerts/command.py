"""The command `waybill alerts-test`."""

from __future__ import annotations

from waybill.alerts import channels, messages
from waybill_common.errors import WaybillError


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
