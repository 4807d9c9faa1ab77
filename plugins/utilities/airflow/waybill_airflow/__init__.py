"""Airflow for Waybill: its settings, its processes, and DAGs made from Meltano's schedules and jobs."""
