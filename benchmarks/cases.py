"""A case: contenders that do the same work in turns, and what each must have landed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmarks import workload
from benchmarks.processes import BenchmarkError
from benchmarks.results import CaseResult, Entry
from benchmarks.server import WAREHOUSE

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.processes import Measurement
    from benchmarks.server import Server
    from benchmarks.workload import Figures

_TYPES = """
    select attname, format_type(atttypid, atttypmod) from pg_attribute
    where attrelid = '{}'::regclass and attnum > 0 and not attisdropped order by attnum
"""


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    Attributes:
        name: Such as `floor`, `waybill`, `dlt`.
        what: What it does, in words.
        relation: Where its rows land in the warehouse; empty if it has none.
        run: The work, measured.
        start: Brings it to where the case starts.
        before: Brings it to where each repetition starts.
        most: How often it is repeated at most; 0 for no limit.
    """

    name: str
    what: str
    relation: str
    run: Callable[[], Measurement]
    start: Callable[[], object] = nothing
    before: Callable[[], object] = nothing
    most: int = 0


@dataclass(frozen=True)
class Case:
    """Work that contenders do in turns.

    Attributes:
        title: What is done, in words.
        rows: How many rows there are to read.
        contenders: In the order of their turns.
        expected: The figures of what must have landed after a repetition, by its number.
        before: Makes the input of a repetition, by its number.
        most: How often it is repeated at most; 0 for no limit.
    """

    title: str
    rows: int
    contenders: list[Contender]
    expected: Callable[[int], Figures]
    before: Callable[[int], None] = lambda _: None
    most: int = 0


def measure(name: str, case: Case, server: Server, repeat: int) -> CaseResult:
    """Run a case.

    Args:
        name: Its name.
        case: It.
        server: Where rows land.
        repeat: How often.
    """
    entries = {each.name: Entry(each.what) for each in case.contenders}
    for contender in case.contenders:
        _attempt(contender.start, entries[contender.name])
    for repetition in range(min(repeat, case.most or repeat)):
        case.before(repetition)
        expected = case.expected(repetition)
        for contender in case.contenders:
            entry = entries[contender.name]
            if entry.error or (contender.most and repetition >= contender.most):
                continue
            _attempt(partial(_repeat, contender, entry, server, expected), entry)
            said = entry.error or f"{entry.runs[-1].seconds:.2f} s"
            sys.stderr.write(f"{name} {repetition + 1}: {contender.name}: {said}\n")
    return CaseResult(case.title, case.rows, entries)


def _repeat(contender: Contender, entry: Entry, server: Server, expected: Figures) -> None:
    contender.before()
    done = contender.run()
    if contender.relation:
        check(server, contender.relation, expected)
    entry.runs.append(done)
    if contender.relation and not entry.types:
        entry.types = dict(server.rows(_TYPES.format(contender.relation)))


def _attempt(work: Callable[[], object], entry: Entry) -> None:
    try:
        work()
    except BenchmarkError as error:
        entry.error = str(error)


def check(server: Server, relation: str, expected: Figures) -> None:
    """Compare what landed with what should have.

    Raises:
        BenchmarkError: A row or a value is missing, or too much.
    """
    landed = workload.figures(server, relation, WAREHOUSE)
    if landed != expected:
        msg = f"{relation} holds {list(map(str, landed))}, not {list(map(str, expected))}"
        raise BenchmarkError(msg)
