"""Airflow's pools: those that schedules name exist, or their tasks would wait for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from waybill_airflow.cache import Cache

_SLOTS = 1
"""Of a pool made here: what shares a pool by name takes turns. Airflow's UI and CLI change it."""


def make(cache: Cache) -> None:
    """Make the pools that are named and do not exist, with one slot each."""
    wanted = {schedule.options.pool for schedule in cache.schedules} - {"default_pool"}
    if not wanted:
        return
    # Airflow takes seconds to import, and most projects name no pool.
    from airflow.models.pool import Pool  # noqa: PLC0415

    present = {pool.pool for pool in Pool.get_pools()}
    for name in sorted(wanted - present):
        Pool.create_or_update_pool(
            name=name,
            slots=_SLOTS,
            description="Made for a schedule's WAYBILL_POOL",
            include_deferred=False,
        )
        print(f"dags: made the pool {name} with {_SLOTS} slot", flush=True)
