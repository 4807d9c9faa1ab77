"""What a schedule's `env` says to Airflow."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_common import durations
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[\w.-]{1,200}")
_TRUE, _FALSE = ("1", "true"), ("0", "false", "")
_MOST_RETRIES = 20


@dataclass(frozen=True)
class Options:
    """One schedule's options; durations in seconds.

    Attributes:
        retries: How often a step is tried again; never after a data-quality failure.
        retry_delay: Before the first retry; it doubles from one to the next.
        timeout: After which a step is asked to stop.
        deadline: After which the whole run is late, or None.
        as_one: Whether the whole job is one task: less start-up, for short intervals.
        pool: Airflow's pool whose slots the steps take.
        after: Jobs after which the schedule runs.
        continuous: Whether each run begins when the one before it has ended.
    """

    retries: int = 4
    retry_delay: int = 30
    timeout: int = 3600
    deadline: int | None = None
    as_one: bool = False
    pool: str = "default_pool"
    owner: str = "waybill"
    tags: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    paused: bool = False
    continuous: bool = False


NAMES = (
    "WAYBILL_RETRIES",
    "WAYBILL_RETRY_DELAY",
    "WAYBILL_TIMEOUT",
    "WAYBILL_DEADLINE",
    "WAYBILL_TASKS",
    "WAYBILL_POOL",
    "WAYBILL_OWNER",
    "WAYBILL_TAGS",
    "WAYBILL_AFTER",
    "WAYBILL_PAUSED",
    "WAYBILL_CONTINUOUS",
)


def read(schedule: str, env: Mapping[str, object]) -> Options:
    """The options among a schedule's environment variables.

    Args:
        schedule: Its name, for errors.
        env: Its `env`; other variables are for the job.

    Raises:
        WaybillError: A value is not what its option takes, or a name is nearly that of an option.
    """
    given = {name: str(value).strip() for name, value in env.items() if name in NAMES}
    for name in env:
        near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.85)
        if name not in NAMES and near:
            raise _wrong(schedule, name, "is no option", f"Did you mean {near[0]}?")
    reader = _Reader(schedule, given)
    default = Options()
    chosen = Options(
        retries=reader.number("WAYBILL_RETRIES", default.retries),
        retry_delay=reader.duration("WAYBILL_RETRY_DELAY", default.retry_delay),
        timeout=reader.duration("WAYBILL_TIMEOUT", default.timeout),
        deadline=reader.duration("WAYBILL_DEADLINE", 0) or None,
        as_one=reader.choice("WAYBILL_TASKS", ("steps",), ("job",)),
        pool=reader.name("WAYBILL_POOL", default.pool),
        owner=reader.name("WAYBILL_OWNER", default.owner),
        tags=reader.names("WAYBILL_TAGS"),
        after=reader.names("WAYBILL_AFTER"),
        paused=reader.choice("WAYBILL_PAUSED", _FALSE, _TRUE),
        continuous=reader.choice("WAYBILL_CONTINUOUS", _FALSE, _TRUE),
    )
    if chosen.continuous and chosen.after:
        what = "does not go with WAYBILL_AFTER"
        raise _wrong(schedule, "WAYBILL_CONTINUOUS", what, "Leave one of them out.")
    return chosen


@dataclass(frozen=True)
class _Reader:
    schedule: str
    given: Mapping[str, str]

    def number(self, name: str, default: int) -> int:
        value = self.given.get(name, str(default))
        if not value.isascii() or not value.isdigit() or int(value) > _MOST_RETRIES:
            raise self._wrong(name, f"Set it to a number from 0 to {_MOST_RETRIES}.")
        return int(value)

    def duration(self, name: str, default: int) -> int:
        if name not in self.given:
            return default
        try:
            return int(durations.parse(self.given[name]).total_seconds())
        except ValueError as error:
            raise self._wrong(
                name, "Set it to seconds, or a number and s, m, h or d, such as 45m."
            ) from error

    def choice(self, name: str, no: tuple[str, ...], yes: tuple[str, ...]) -> bool:
        value = self.given.get(name, no[0]).lower()
        if value not in no + yes:
            raise self._wrong(name, f"Set it to {no[0]} or {yes[0]}.")
        return value in yes

    def name(self, name: str, default: str) -> str:
        value = self.given.get(name, default)
        if not _NAME.fullmatch(value):
            raise self._wrong(name, "Set it to letters, digits, `_`, `.` or `-`.")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        values = tuple(self.given.get(name, "").replace(",", " ").split())
        if not all(_NAME.fullmatch(value) for value in values):
            raise self._wrong(name, "Set it to names parted by commas.")
        return values

    def _wrong(self, name: str, remedy: str) -> WaybillError:
        return _wrong(self.schedule, name, f"cannot be {self.given[name]!r}", remedy)


def _wrong(schedule: str, name: str, what: str, remedy: str) -> WaybillError:
    return WaybillError(f"Schedule {schedule}: {name} {what}.", remedy)
