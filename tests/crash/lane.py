"""A lane that was run undisturbed once, and lives of it that are disturbed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crash import csv_source, invariants, postgres_source
from crash.blows import SOURCE_LINE, Blow, draw
from crash.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from crash.blows import Timing
    from crash.pipeline import Outcome, State
    from crash.server import Server
    from crash.streams import Day

_MOST_BLOWS_IN_A_ROW = 3


@dataclass(frozen=True)
class Start:
    """Where an undisturbed lane stands when a day begins, and how that day's run then goes."""

    day: Day
    warehouse: str
    state: State
    timing: Timing


class Lane:
    """One tap and mode; each life starts from a copy of where the undisturbed one stood.

    Args:
        server: Where warehouses and sources are.
        folder: For files of these runs.
        tap: The tap's executable.
        mode: What goes over the wire.
    """

    def __init__(self, server: Server, folder: Path, tap: str, mode: str) -> None:
        self._server = server
        self._tap = tap
        self._pipeline = Pipeline(server, folder)
        self._starts: list[Start] = []
        warehouse = server.copy("warehouse")
        state: State = {}
        for day in self._days(folder, mode):
            before = server.copy(warehouse)
            outcome = self._finish(day, warehouse, state)
            self._starts.append(Start(day, before, state, outcome.timing))
            state = outcome.state

    def close(self) -> None:
        """End what still runs."""
        self._pipeline.close()

    def live(self, random: Random, told: list[Blow]) -> Iterator[tuple[Blow, Outcome]]:
        """Run one of the days with blows, until it is done.

        Args:
            random: Draws the day, the blows and their moments.
            told: Takes each blow before it falls.

        Yields:
            Each blow, and how its run ended.
        """
        start = random.choice(self._starts)
        day, state = start.day, start.state
        warehouse = self._server.copy(start.warehouse)
        for _ in range(random.randint(1, _MOST_BLOWS_IN_A_ROW)):
            blow = draw(random, start.timing)
            told.append(blow)
            outcome = self._pipeline.run(self._tap, day.settings, warehouse, state, blow)
            state = outcome.state
            self._judge(day, warehouse, blow, outcome)
            # Some runs begin while the server still ends what the one before has left.
            if random.random() < 3 / 4:
                self._server.wait_until_alone(warehouse)
                invariants.check(self._server, warehouse, day, state)
            yield blow, outcome
        self._finish(day, warehouse, state)
        self._server.drop(warehouse)

    def _days(self, folder: Path, mode: str) -> Iterator[Day]:
        if self._tap == "tap-csv":
            return csv_source.days(folder, mode)
        port = self._pipeline.lines[SOURCE_LINE].port
        return postgres_source.days(self._server, port, folder, mode)

    def _finish(self, day: Day, warehouse: str, state: State) -> Outcome:
        outcome = self._pipeline.run(self._tap, day.settings, warehouse, state)
        assert outcome.is_success, outcome.log
        self._check_end(day, warehouse, outcome)
        return outcome

    def _judge(self, day: Day, warehouse: str, blow: Blow, outcome: Outcome) -> None:
        """A run that says it succeeded has done all; one that was surely stopped does not say so."""
        if outcome.is_success:
            assert not (blow.is_sure and outcome.has_fallen), f"success in spite of {blow}"
            self._check_end(day, warehouse, outcome)

    def _check_end(self, day: Day, warehouse: str, outcome: Outcome) -> None:
        self._server.wait_until_alone(warehouse)
        invariants.check_end(self._server, warehouse, day, outcome.state, self._pipeline.home)
