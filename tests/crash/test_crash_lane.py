from __future__ import annotations

import itertools
import os
from collections import Counter
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import pytest
from crash.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from crash.blows import Blow
    from crash.server import Server

# Blows that stopped a run, over all lanes; those that came too late are not among them.
KILLS = int(os.environ.get("KILLS") or 20)
SEED = os.environ.get("SEED") or "waybill"
CASE = os.environ.get("CASE")
LANES = [(tap, mode) for tap in ("tap-csv", "tap-postgres") for mode in ("batch", "record")]
LATE_FOR_A_HIT = 3
"""How many blows may fall, for each that stops a run, on a process that has done its part."""


@pytest.mark.parametrize(("tap", "mode"), LANES)
def test_killed_lane_converges(server: Server, tmp_path: Path, tap: str, mode: str) -> None:
    # A run that is struck anywhere fails, leaves whole transactions and no state ahead of them; the
    # runs after it bring the warehouse to what it would be if nothing had happened.
    cases: Iterable[int] = [int(CASE)] if CASE else itertools.count()
    fallen: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    with closing(Lane(server, tmp_path, tap, mode)) as lane:
        for case in cases:
            blows: list[Blow] = []
            random = Random(f"{SEED} {tap} {mode} {case}")  # noqa: S311 - moments are no secrets
            try:
                for blow, outcome in lane.live(random, blows):
                    fallen[blow.victim] += 1
                    hits[blow.victim] += not outcome.is_success
            except BaseException as error:
                error.add_note(f"{tap} {mode}: {'; then '.join(map(str, blows))}")
                again = f"make crash SEED={SEED} CASE={case} PYTEST_ARGS='-k {tap}-{mode}'"
                error.add_note(f"once more: {again}")
                raise
            late = fallen.total() - hits.total()
            assert CASE or late <= LATE_FOR_A_HIT * max(hits.total(), 4), f"{hits} of {fallen}"
            if hits.total() * len(LANES) >= KILLS:
                break
    print(f"{tap} {mode}: {hits.total()} of {fallen.total()} blows stopped a run: {dict(hits)}")
