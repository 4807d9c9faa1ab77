"""Keeps the DAGs' cache up to date: looks at Meltano's files, and asks Meltano when they have changed."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import replace

import yaml

from waybill_airflow import cache, cleaning, definitions, places, pools
from waybill_common.errors import WaybillError

_SECONDS = 2.0
_UNREADABLE = "unreadable"


def refresh() -> cache.Cache:
    """Make the pools that the schedules name, write the cache, and say what is wrong."""
    made = cache.make()
    if made.problems and not made.schedules:
        # The DAGs of before stay, and the problem is shown beside them.
        with contextlib.suppress(WaybillError):
            made = replace(made, schedules=cache.read().schedules)
    # Tasks of a pool that is not there wait without a word: it comes first, or nothing does.
    pools.make(made)
    cache.write(made)
    _wake()
    for problem in made.problems:
        print(f"dags: {problem}", flush=True)
    print(f"dags: {len(made.schedules)} from Meltano's schedules", flush=True)
    return made


def forever() -> None:
    """Refresh the cache whenever a file of Meltano's changes; ends with the process that started it.

    Once a day it has Airflow's database cleaned.
    """
    parent = os.getppid()
    seen = _written()
    while os.getppid() == parent:
        try:
            if (now := _digest()) != seen:
                seen = now
                refresh()
            if cleaning.is_due():
                cleaning.run()
        except WaybillError as error:
            print(f"dags: {error}", flush=True)
        time.sleep(_SECONDS)


def _wake() -> None:
    """Have the DAG processor parse now: it looks at a file again at once where that is new."""
    for path in places.dags().glob("*.py"):
        try:
            os.utime(path)
        except OSError as error:
            print(f"dags: live within half a minute, as {path} cannot be touched: {error}")


def _written() -> str | None:
    try:
        return cache.read().digest
    except WaybillError:
        return None


def _digest() -> str:
    try:
        return definitions.digest(definitions.files())
    except (OSError, yaml.YAMLError):
        return _UNREADABLE
