"""How a step says it ended: `meltano run` has but one exit code for bad data and for a crash."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_RECEIPT = "waybill:receipt"


@dataclass(frozen=True)
class Outcome:
    """What the last step of a `meltano run` left in the file of `WAYBILL_STEP_OUTCOME`.

    Attributes:
        is_data_quality: Whether the data were at fault, so that another try would end the same way.
    """

    step: str = ""
    status: str = ""
    is_data_quality: bool = False
    cause: str = ""

    @property
    def closes_run(self) -> bool:
        """Whether a receipt that balances has ended the run, and looked at alerts."""
        return self.step.startswith(_RECEIPT) and self.status == "succeeded"


def read(path: Path) -> Outcome:
    """The outcome, empty where the step did not live to write it."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return Outcome()
    return Outcome(
        step=str(kept.get("step") or ""),
        status=str(kept.get("status") or ""),
        is_data_quality=bool(kept.get("data_quality")) and kept.get("status") == "failed",
        cause=str(kept.get("cause") or ""),
    )
