"""Spans of time as settings hold them: `45s`, `30m`, `2h`, `1d`; a bare number is seconds."""

from __future__ import annotations

import datetime as dt
import os
import re

from waybill_common.errors import WaybillError

_FORM = re.compile(r"([0-9]+)([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def parse(text: str) -> dt.timedelta:
    """Read a span of time.

    Raises:
        ValueError: It is not a whole number from 1, with or without a unit.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None or not int(found[1]):
        msg = f"{text!r} is no span of time such as 45s, 30m, 2h or 1d"
        raise ValueError(msg)
    try:
        return dt.timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
    except OverflowError as error:
        msg = f"{text!r} is longer than any span of time"
        raise ValueError(msg) from error


def of_variable(name: str, usual: str) -> dt.timedelta:
    """The span of time that an environment variable sets.

    Args:
        name: The variable.
        usual: What holds where it is empty or not there.

    Raises:
        WaybillError: It holds none.
    """
    try:
        return parse(os.environ.get(name) or usual)
    except ValueError as error:
        msg = f"{name}: {error}."
        raise WaybillError(msg, f"Set {name} to a span of time such as {usual}.") from error


def in_words(span: dt.timedelta) -> str:
    """A span in its two largest units, such as `2 h 5 min`; less than a second is `0 s`."""
    seconds = max(0, int(span.total_seconds()))
    parts: list[str] = []
    for name, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:,} {name}")
    return " ".join(parts[:2]) or "0 s"
