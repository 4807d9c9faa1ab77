"""A lane that was run undisturbed once, and lives of it that are disturbed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

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
_FIRST_MOMENTS: dict[int, Literal["before", "after"]] = {0: "before", 1: "after"}


@dataclass(frozen=True)
class Start:
    """Where an undisturbed lane stands when a day begins, and how that day's run then goes."""

    day: Day
    warehouse: str
    state: State
    timing: Timing


@dataclass(frozen=True)
class Way:
    """How rows go from a source to the warehouse.

    Attributes:
        tap: The tap's executable.
        mode: What goes over the wire.
        load_method: The target's.
        is_in_parts: Whether a first load is one of several transactions, and deletes are found.
    """

    tap: str
    mode: str
    load_method: str = "upsert"
    is_in_parts: bool = False

    def __str__(self) -> str:
        """Its name, as a test's id."""
        kind = "parts" if self.is_in_parts else self.load_method
        return f"{self.tap}-{self.mode}-{kind}"


WAYS = (
    Way("tap-csv", "batch"),
    Way("tap-csv", "record"),
    Way("tap-csv", "batch", "append-only"),
    Way("tap-postgres", "batch"),
    Way("tap-postgres", "record"),
    Way("tap-postgres", "batch", "overwrite"),
    Way("tap-postgres", "batch", is_in_parts=True),
)


class Lane:
    """One way; each life starts from a copy of where the undisturbed one stood.

    Args:
        server: Where warehouses and sources are.
        folder: For files of these runs.
        way: The way.
        width: How much longer than needed the texts of a source database are, in characters.
    """

    def __init__(self, server: Server, folder: Path, way: Way, *, width: int = 0) -> None:
        self._width = width
        self._server = server
        self._way = way
        self._folder = folder
        self._pipeline = self._new_pipeline("one")
        self._starts: list[Start] = []
        warehouse = server.copy("warehouse")
        state: State = {}
        for day in self._days():
            before = server.copy(warehouse)
            outcome = self._finish(day, warehouse, state)
            self._starts.append(Start(day, before, state, outcome.timing))
            state = outcome.state

    def close(self) -> None:
        """End what still runs."""
        self._pipeline.close()

    @property
    def starts(self) -> tuple[Start, ...]:
        """Where each day begins."""
        return tuple(self._starts)

    def live(self, case: int, random: Random, told: list[Blow]) -> Iterator[tuple[Blow, Outcome]]:
        """Run one of the days with blows, until it is done.

        Args:
            case: The first two begin before and after a COMMIT, so that few cases meet both.
            random: Draws the day, the blows and their moments.
            told: Takes each blow before it falls.

        Yields:
            Each blow, and how its run ended.
        """
        start = random.choice(self._starts)
        day, state = start.day, start.state
        warehouse = self._server.copy(start.warehouse)
        at_commit = _FIRST_MOMENTS.get(case)
        for _ in range(random.randint(1, _MOST_BLOWS_IN_A_ROW)):
            blow = draw(random, start.timing, at_commit)
            at_commit = None
            told.append(blow)
            outcome = self._pipeline.run(self._way.tap, day.settings, warehouse, state, blow)
            state = outcome.state
            self._judge(day, warehouse, blow, outcome)
            # Some runs begin while the server still ends what the one before has left.
            if random.random() < 3 / 4:
                self._server.wait_until_alone(warehouse)
                invariants.check(self._server, warehouse, day, state)
            yield blow, outcome
        self._finish(day, warehouse, state)
        self._server.drop(warehouse)

    def live_together(self, start: Start) -> list[Outcome]:
        """Let two runs of one day begin at once, and a third after them.

        Args:
            start: The day.

        Returns:
            How the two ended.
        """
        warehouse = self._server.copy(start.warehouse)
        arguments = (self._way.tap, start.day.settings, warehouse, start.state)
        with closing(self._new_pipeline("two")) as other, ThreadPoolExecutor() as pool:
            futures = [pool.submit(each.run, *arguments) for each in (self._pipeline, other)]
            outcomes = [future.result() for future in futures]
        self._server.wait_until_alone(warehouse)
        for outcome in outcomes:
            invariants.check(self._server, warehouse, start.day, outcome.state)
        # Meltano keeps the state that was written last, whichever that is.
        self._finish(start.day, warehouse, outcomes[-1].state)
        self._server.drop(warehouse)
        return outcomes

    def begin(self, start: Start) -> tuple[Pipeline, str]:
        """What a test needs to disturb a day in a way of its own.

        Args:
            start: The day.

        Returns:
            How to run it, and its warehouse.
        """
        return self._pipeline, self._server.copy(start.warehouse)

    def recover(self, start: Start, warehouse: str, state: State) -> None:
        """Check what a disturbed run has left, and run to the end.

        Args:
            start: The day.
            warehouse: Its warehouse.
            state: Where the disturbed run ended.
        """
        self._server.wait_until_alone(warehouse)
        invariants.check(self._server, warehouse, start.day, state)
        self._finish(start.day, warehouse, state)
        self._server.drop(warehouse)

    def _new_pipeline(self, name: str) -> Pipeline:
        home = self._folder / "home"
        return Pipeline(self._server, self._folder / name, home, self._way.load_method)

    def _days(self) -> Iterator[Day]:
        is_appended = self._way.load_method == "append-only"
        if self._way.tap == "tap-csv":
            return csv_source.days(self._folder, self._way.mode, is_appended=is_appended)
        port = self._pipeline.lines[SOURCE_LINE].port
        return postgres_source.days(
            self._server,
            port,
            self._folder,
            {"mode": self._way.mode} | (postgres_source.IN_PARTS if self._way.is_in_parts else {}),
            is_read_on=self._way.load_method == "upsert",
            width=self._width,
        )

    def _finish(self, day: Day, warehouse: str, state: State) -> Outcome:
        outcome = self._pipeline.run(self._way.tap, day.settings, warehouse, state)
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
