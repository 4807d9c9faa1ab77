"""Errors a person can act on, and the one place that prints them."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")

DEBUG_VARIABLE = "WAYBILL_DEBUG"


class WaybillError(Exception):
    """A failure whose cause is known, with what to do about it.

    Args:
        cause: What is wrong; names the setting, file, row or column.
        remedy: What the reader can do, as an imperative sentence.
    """

    def __init__(self, cause: str, remedy: str = "") -> None:
        self.cause = " ".join(cause.split())
        self.remedy = " ".join(remedy.split())
        super().__init__(f"{self.cause} {self.remedy}".strip())


class DataQualityError(WaybillError):
    """A failure for what was found in the data: another try would find the same."""


def fail(error: WaybillError, *, exit_code: int = 1) -> NoReturn:
    """Print one line, cause first, keep it for the run's history, and leave with `exit_code`."""
    _tell(error)
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error, file=sys.stderr)
    sys.stderr.write(f"error: {error}\n")
    sys.exit(exit_code)


def reports_errors(main: Callable[P, None]) -> Callable[P, None]:
    """Make a command's `main` end a `WaybillError` in one line and exit code 1.

    Any other exception keeps its traceback and Python's exit code 1: it is a defect.
    Set WAYBILL_DEBUG=1 to see the traceback of a `WaybillError` as well.
    """

    @functools.wraps(main)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            main(*args, **kwargs)
        except WaybillError as error:
            fail(error)
        except Exception as error:
            _tell(error)
            raise

    return guarded


def _tell(error: Exception) -> None:
    from waybill_common import failures  # noqa: PLC0415 - it builds on this module

    failures.tell(error)
