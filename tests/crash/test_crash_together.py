from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from crash.lane import WAYS, Lane

if TYPE_CHECKING:
    from pathlib import Path

    from crash.lane import Way
    from crash.server import Server


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_two_runs_at_once_are_as_one(server: Server, tmp_path: Path, way: Way) -> None:
    # Runs of one lane that overlap do not double or lose a row: each succeeds or fails in one line.
    with closing(Lane(server, tmp_path, way)) as lane:
        for start in lane.starts:
            for outcome in lane.live_together(start):
                errors = [line for line in outcome.log.splitlines() if line.startswith("error: ")]
                assert len(errors) == (not outcome.is_success), outcome.log
                assert "Traceback" not in outcome.log
