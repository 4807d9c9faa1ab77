"""How a step ended, told to whoever started it without a database: `WAYBILL_STEP_OUTCOME`.

`meltano run` ends with 1 whatever broke; an orchestrator has to know whether trying again may help.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path

from waybill_common.errors import WaybillError

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|=\([^)]*\)")
VARIABLE = "WAYBILL_STEP_OUTCOME"
"""Path of the file to write: {"step", "status", "data_quality", "cause"}."""


def write(step: str, *, status: str, is_data_quality: bool, cause: str | None) -> None:
    """Write the file that the environment asks for, if it does; the first failure stays in it.

    Args:
        step: The step as the job names it.
        status: `succeeded` or `failed`.
        is_data_quality: Whether it failed for what it found in the data, so that a retry is idle.
        cause: Why it failed, in one line.
    """
    if not (path := os.environ.get(VARIABLE)):
        return
    outcome = {"step": step, "status": status, "data_quality": is_data_quality, "cause": cause}
    # A step has ended as it has ended, whether or not somebody can be told.
    with suppress(OSError):
        if not _has_failed(Path(path)):
            Path(path).write_text(json.dumps(outcome), encoding="utf-8")


def _has_failed(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["status"] == "failed")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def without_values(text: str) -> str:
    """A message in which nothing is left that it quotes: it may be a value of a row."""
    return _QUOTED.sub("…", " ".join(text.split()))


def cause_of(error: BaseException) -> str:
    """Why a step was broken off, in one line that shows no value of a row and no password."""
    # Airflow loads this module on each parse of the DAGs, and psycopg takes as long as all the rest.
    import psycopg  # noqa: PLC0415

    match error:
        case WaybillError():
            return str(error)
        case KeyboardInterrupt():
            return "interrupted"
        case SystemExit():
            return f"left with exit code {error.code}"
        case psycopg.Error():
            code = f" {error.sqlstate}" if error.sqlstate else ""
            return f"PostgreSQL: {type(error).__name__}{code}"
        case _:
            return f"a defect: {type(error).__name__}; its traceback is in the log"
