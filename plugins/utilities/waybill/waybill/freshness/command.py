"""The commands `waybill heartbeat` and `waybill freshness`, and what a run adds to the latter."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import psycopg

from waybill.freshness import beating, measuring, showing
from waybill.receipt.printing import console
from waybill_common import connections, contracts, durations
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection


def add_arguments(beat: argparse.ArgumentParser, fresh: argparse.ArgumentParser) -> None:
    """Say what the commands take."""
    beat.add_argument("--every", metavar="SECONDS", type=float, help="go on until it is ended")
    fresh.add_argument("--last", metavar="SPAN", default="1d", help="such as 30m, 12h, 7d")


def run(arguments: argparse.Namespace) -> None:
    """Run the command that was asked for."""
    if arguments.command == "heartbeat":
        heartbeat(arguments.every)
    else:
        show(arguments.last)


def heartbeat(every: float | None) -> None:
    """Write one heartbeat to each source that takes them, or one every so many seconds."""
    known = contracts.load_all()
    if every is not None:
        beating.keep_beating(known, every)
    for source, beaten_at in beating.beat(known).items():
        print(f"{source}: heartbeat of {beaten_at:%Y-%m-%d %H:%M:%S.%f} UTC")


def show(last: str) -> None:
    """Print what was measured.

    Raises:
        WaybillError: `last` is no span of time.
    """
    try:
        window = durations.parse(last)
    except ValueError as error:
        msg = f"--last: {error}."
        raise WaybillError(msg, "Write a number and s, m, h or d.") from error
    known = contracts.load_all()
    found = showing.find(connections.warehouse("auditor"), window)
    showing.show(found, known, window, console())


def after_run(sources: Collection[str], run_id: str) -> None:
    """Keep the latencies of what a run has made visible; they never fail the run."""
    known = [each for each in contracts.load_all() if not sources or each.source in sources]
    try:
        measuring.measure(connections.warehouse("auditor"), known, run_id)
    except (WaybillError, psycopg.Error) as error:
        sys.stderr.write(f"freshness was not measured: {str(error).splitlines()[0]}\n")
