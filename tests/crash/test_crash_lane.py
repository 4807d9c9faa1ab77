from __future__ import annotations

import itertools
import os
from collections import Counter
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import pytest
from crash.lane import WAYS, Lane

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from crash.blows import Blow
    from crash.lane import Way
    from crash.server import Server

# Blows that stopped a run, over all lanes; those that came too late are not among them.
KILLS = int(os.environ.get("KILLS") or 20)
SEED = os.environ.get("SEED") or "waybill"
CASE = os.environ.get("CASE")
LATE_FOR_A_HIT = 2
"""How many blows may fall, for each that stops a run, on a process that has done its part."""


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_killed_lane_converges(server: Server, tmp_path: Path, way: Way) -> None:
    # A run that is struck anywhere fails, leaves whole transactions and no state ahead of them; the
    # runs after it bring the warehouse to what it would be if nothing had happened.
    cases: Iterable[int] = [int(CASE)] if CASE else itertools.count()
    fallen: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    with closing(Lane(server, tmp_path, way)) as lane:
        for case in cases:
            blows: list[Blow] = []
            random = Random(f"{SEED} {way} {case}")  # noqa: S311 - moments are no secrets
            try:
                for blow, outcome in lane.live(case, random, blows):
                    fallen[blow.victim] += 1
                    hits[blow.victim] += not outcome.is_success
            except BaseException as error:
                error.add_note(f"{way}: {'; then '.join(map(str, blows))}")
                again = f"make crash SEED={SEED} CASE={case} PYTEST_ARGS='-k {way}'"
                error.add_note(f"once more: {again}")
                raise
            late = fallen.total() - hits.total()
            assert CASE or late <= LATE_FOR_A_HIT * max(hits.total(), 4), f"{hits} of {fallen}"
            if hits.total() * len(WAYS) >= KILLS:
                break
    print(f"{way}: {hits.total()} of {fallen.total()} blows stopped a run: {dict(hits)}")
