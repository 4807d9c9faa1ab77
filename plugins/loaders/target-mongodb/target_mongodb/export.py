"""`target-mongodb-export FOLDER`: each collection as a file of MongoDB's extended JSON, by `_id`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from bson import json_util

from target_mongodb import server
from target_mongodb.documents import ID
from target_mongodb.publications import VERSION
from waybill_common.errors import reports_errors

SETTING = "WAYBILL_MONGODB"


@reports_errors
def main(argv: list[str] | None = None) -> None:
    """Write a file for each collection of the database in WAYBILL_MONGODB, one document a line.

    The number of the run is left out, so that two exports of the same documents are the same.
    """
    parser = argparse.ArgumentParser(prog="target-mongodb-export", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the files go; it is made if needed")
    folder: Path = parser.parse_args(argv).folder
    database = server.database(os.environ.get(SETTING), None, SETTING)
    folder.mkdir(parents=True, exist_ok=True)
    with server.explained(SETTING):
        for name in sorted(database.list_collection_names()):
            lines = [
                json_util.dumps(
                    {field: value for field, value in each.items() if field != VERSION},
                    json_options=json_util.RELAXED_JSON_OPTIONS,
                    ensure_ascii=False,
                )
                for each in database[name].find().sort(ID, 1)
            ]
            path = folder / f"{name}.jsonl"
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            print(f"{path}: {len(lines):,} documents")
    database.client.close()
