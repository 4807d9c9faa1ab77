"""Fails to import, for Airflow to show, where the DAGs' cache is missing, stale or holds a problem."""

from __future__ import annotations

from waybill_airflow import dags

dags.check()
