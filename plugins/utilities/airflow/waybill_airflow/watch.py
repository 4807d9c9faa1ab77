"""Keeps the DAGs' cache up to date: looks at Meltano's files, and asks Meltano when they have changed."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import replace

import yaml

from waybill_airflow import cache, definitions, pools
from waybill_common.errors import WaybillError

_SECONDS = 2.0
_UNREADABLE = "unreadable"


def refresh() -> cache.Cache:
    """Write the cache, make the pools that it names, and say what is wrong."""
    made = cache.make()
    if made.problems and not made.schedules:
        # The DAGs of before stay, and the problem is shown beside them.
        with contextlib.suppress(WaybillError):
            made = replace(made, schedules=cache.read().schedules)
    cache.write(made)
    for problem in made.problems:
        print(f"dags: {problem}", flush=True)
    print(f"dags: {len(made.schedules)} from Meltano's schedules", flush=True)
    pools.make(made)
    return made


def forever() -> None:
    """Refresh the cache whenever a file of Meltano's changes; ends with the process that started it."""
    parent = os.getppid()
    seen = _written()
    while os.getppid() == parent:
        now = _digest()
        if now != seen:
            try:
                refresh()
            except WaybillError as error:
                print(f"dags: {error}", flush=True)
            seen = now
        time.sleep(_SECONDS)


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
