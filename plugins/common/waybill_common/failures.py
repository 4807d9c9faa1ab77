"""Why a command failed, kept in a file for the run's history.

Taps see no warehouse, and a warehouse may be what has failed: the next step that comes to the
ledger reads the file.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from waybill_common import private_files, project, runs, step_outcome
from waybill_common.errors import DataQualityError, WaybillError

if TYPE_CHECKING:
    from uuid import UUID


@dataclass(frozen=True)
class Failure:
    """What failed, and why in one line."""

    step: str
    cause: str


def tell(error: BaseException) -> None:
    """Keep why this command fails; the first failure of a run stays."""
    failure = Failure(_command(), step_outcome.cause_of(error))
    step_outcome.write(
        failure.step,
        status="failed",
        is_data_quality=isinstance(error, DataQualityError),
        cause=failure.cause,
    )
    # Whatever hinders the telling, the failure itself is what the user has to see.
    with suppress(OSError, WaybillError):
        run = runs.current()
        path = _path(run.run_id)
        if run.is_of_job and not path.exists():
            private_files.folder(path.parent)
            private_files.write(path, json.dumps({"step": failure.step, "cause": failure.cause}))


def told(run_id: UUID) -> Failure | None:
    """What a command of a run has told; None where none did, or did so on another machine."""
    try:
        return Failure(**json.loads(_path(run_id).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def forget(run_id: UUID) -> None:
    """Remove what a run's history holds by now."""
    with suppress(OSError):
        _path(run_id).unlink(missing_ok=True)


def _path(run_id: UUID) -> Path:
    return project.home() / "failures" / f"{run_id}.json"


def _command() -> str:
    # A target is told the name of its tap as well.
    for kind in ("LOADER", "EXTRACTOR", "UTILITY"):
        if name := os.environ.get(f"MELTANO_{kind}_NAME"):
            arguments = sys.argv[1:2] if kind == "UTILITY" else []
            return ":".join([name, *arguments])
    return Path(sys.argv[0]).name
