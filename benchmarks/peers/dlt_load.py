"""What dlt runs in its own environment: `dlt_load.py csv|postgres|postgres-on append|merge SOURCE TARGET DATASET`.

Arrow all the way and Parquet files, which go to PostgreSQL through ADBC: dlt's fastest way here.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import pyarrow as pa
from dlt.sources.sql_database import sql_table
from pyarrow import csv

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLE = "order_items"
_KEY = ["order_id", "order_item_id"]
_BLOCK_BYTES = 16 << 20
_CHUNK_ROWS = 100_000
_TYPES = {
    "order_id": pa.string(),
    "order_item_id": pa.int32(),
    "product_id": pa.string(),
    "seller_id": pa.string(),
    "shipping_limit_date": pa.timestamp("us"),
    "price": pa.decimal128(10, 2),
    "freight_value": pa.decimal128(10, 2),
}


def _csv_file(path: str) -> Any:
    def batches() -> Iterator[Any]:
        yield from csv.open_csv(
            path,
            read_options=csv.ReadOptions(block_size=_BLOCK_BYTES),
            convert_options=csv.ConvertOptions(column_types=_TYPES),
        )

    return dlt.resource(batches, name=_TABLE)


def _postgres_table(url: str, *, reads_on: bool) -> Any:
    database, _, schema = url.rpartition("#")
    return sql_table(
        credentials=database.replace("postgresql:", "postgresql+psycopg2:"),
        schema=schema,
        table=_TABLE,
        backend="pyarrow",
        chunk_size=_CHUNK_ROWS,
        reflection_level="full_with_precision",
        incremental=dlt.sources.incremental("updated_at") if reads_on else None,
    )


def main() -> None:
    """Load once; what an earlier call with the same dataset left is gone on from."""
    kind, disposition, source, target, dataset = sys.argv[1:]
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    if kind == "csv":
        resource = _csv_file(source)
    else:
        resource = _postgres_table(source, reads_on=kind == "postgres-on")
    if disposition == "merge":
        resource.apply_hints(primary_key=_KEY)
    pipeline = dlt.pipeline(
        pipeline_name=dataset,
        pipelines_dir=str(Path.cwd() / "pipelines"),
        destination=dlt.destinations.postgres(target),
        dataset_name=dataset,
    )
    done = pipeline.run(
        resource,
        write_disposition="merge" if disposition == "merge" else "append",
        loader_file_format="parquet",
    )
    done.raise_on_failed_jobs()


main()
