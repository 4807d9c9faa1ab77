"""What the triggerer does when a run misses its deadline: it lets the alerts be looked at."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from waybill_airflow import definitions, places, step_environment
from waybill_common import project

_COMMAND = "alerts"
_log = logging.getLogger(__name__)


async def missed(schedule: str, **_context: Any) -> None:
    """Run `waybill:alerts`, which finds the run that is late and tells people once.

    Args:
        schedule: Name of the schedule that is late.
    """
    _log.warning("%s has missed its deadline", schedule)
    if _COMMAND not in definitions.commands("waybill"):
        return
    process = await asyncio.create_subprocess_exec(
        places.meltano(),
        "invoke",
        "--no-install",
        f"waybill:{_COMMAND}",
        cwd=project.root(),
        env=step_environment.inherited(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    _log.info(
        "waybill:%s ended with %s\n%s",
        _COMMAND,
        process.returncode,
        said.decode("utf-8", "replace"),
    )
