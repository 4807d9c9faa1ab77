"""One Airflow DAG per Meltano schedule, from the cache that `waybill-airflow` keeps."""

from __future__ import annotations

from waybill_airflow import dags

globals().update(dags.build())
