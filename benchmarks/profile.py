"""Where the time of a case goes: each statement of the pipe as the server saw it, with the gaps between."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.contenders import WAYBILL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.cases import Case
    from benchmarks.server import Server

_ON = (
    "alter system set log_min_duration_statement = 0",
    "alter system set log_line_prefix = '%m %d '",
    "select pg_reload_conf()",
)
_OFF = ("alter system reset log_min_duration_statement", "select pg_reload_conf()")
_LINE = re.compile(
    r"^(\S+ \S+) UTC (\w+) LOG:  duration: ([\d.]+) ms  [^:]+: (.*?)(?=^\S+ \S+ UTC |\Z)",
    re.MULTILINE | re.DOTALL,
)
_WIDTH = 110


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes:
        begun: Seconds after the pipe's start.
        seconds: How long it took; that of a COPY includes waiting for its client.
        database: Where.
        text: It, on one line.
    """

    begun: float
    seconds: float
    database: str
    text: str


def report(case: Case, server: Server, least_seconds: float) -> str:
    """Run Waybill's pipe of a case once, and tell its time.

    Args:
        case: It.
        server: Where rows land.
        least_seconds: Statements that took less are added up.
    """
    contender = next(each for each in case.contenders if each.name == WAYBILL)
    contender.start()
    case.before(0)
    contender.before()
    server.execute(*_ON)
    begun = dt.datetime.now(tz=dt.UTC)
    done = contender.run()
    server.execute(*_OFF)
    lines = [f"{done.seconds:.2f} s in all; CPU:"]
    lines += [f"  {used.name:8} {used.cpu_seconds:6.2f} s" for used in done.processes]
    lines.append("  begun  took")
    small = 0.0
    for each in _statements(server, begun):
        if each.begun > done.seconds:
            continue
        if each.seconds < least_seconds:
            small += each.seconds
        else:
            text = each.text[:_WIDTH]
            lines.append(f"{each.begun:7.2f} {each.seconds:6.2f}  {each.database:9} {text}")
    lines.append(f"        {small:6.2f}  statements below {least_seconds} s")
    return "\n".join(lines)


def _statements(server: Server, begun: dt.datetime) -> Iterator[Statement]:
    for log in sorted((server.cluster.folder / "log").glob("postgresql-*.log")):
        for match in _LINE.finditer(log.read_text()):
            ended = dt.datetime.fromisoformat(match[1]).replace(tzinfo=dt.UTC)
            seconds = float(match[3]) / 1000
            since = (ended - begun).total_seconds() - seconds
            if since >= 0:
                yield Statement(since, seconds, match[2], " ".join(match[4].split()))
