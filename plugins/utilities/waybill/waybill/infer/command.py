"""`waybill contracts infer`: a draft contract, which is then the user's to complete."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from waybill.generate import yaml_text
from waybill.infer import csv_streams, draft, json_streams, table_streams
from waybill_common import connections, contracts, project, source_files
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    import argparse

    from waybill.infer.streams import Stream

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("source", help="the new source's name, such as shop")
    parser.add_argument(
        "place",
        help="a CSV or JSON file, a folder, zip or glob of them; or a PostgreSQL URL, or the variable that holds it",
    )
    parser.add_argument("--tables", help="of a database: only these, parted by commas")
    parser.add_argument("--schema", default="public", help="of a database (default: public)")


def run(given: argparse.Namespace) -> None:
    """Write a draft into `extract/contracts`, and say what it holds.

    Raises:
        WaybillError: The name cannot be a source's or is taken, or nothing is found.
    """
    source: str = given.source
    if not _NAME.fullmatch(source):
        msg = f"{source!r} cannot be a source's name."
        raise WaybillError(msg, "Use small letters, digits and underscores: shop, web_shop.")
    path = contracts.contracts_folder() / f"{source}.yml"
    if path.exists():
        msg = f"There is a contract of {source}: {path}."
        raise WaybillError(msg, "Remove it, or choose another name.")
    kind, streams = _find(given)
    header = "Drafted by `waybill contracts infer`: types and keys as the data showed them. Complete it: README of the plugin waybill."
    document = draft.contract(source, streams, kind=kind)
    path.write_text(yaml_text.dump(document, header=header), encoding="utf-8")
    contracts.load(path)
    for stream in streams:
        looked = f", {stream.rows:,} rows looked at" if "files" in stream.custom else ""
        print(f"{stream.name}: {len(stream.columns)} columns, {stream.grain[0].lower()}{stream.grain[1:]}{looked}")  # fmt: skip
    if names := draft.personal(streams):
        print(f"personal data? {', '.join(names)}: `classification: pii` has them hashed")
    print(f"written: {os.path.relpath(path, project.root())}")


def _find(given: argparse.Namespace) -> tuple[str, list[Stream]]:
    url = os.environ.get(given.place, given.place)
    if connections.is_postgres_url(url):
        setting = given.place if url != given.place else "the URL"
        connection = connections.from_url(url, setting=setting)
        tables = [name.strip() for name in given.tables.split(",")] if given.tables else None
        return "Tables of a database", table_streams.find(connection, given.schema, tables)
    if "://" in given.place:
        msg = f"{given.place.partition('://')[0]}:// cannot be looked at here."
        raise WaybillError(msg, "Download one file, and name that.")
    source = source_files.of_path(project.resolve(given.place), "the path")
    for kind, find in (("CSV files", csv_streams.find), ("JSON files", json_streams.find)):
        if streams := find(source):
            return kind, streams
    msg = f"{source.place} holds no .csv and no .json file, but {source_files.names_of(source.files)}."
    raise WaybillError(msg, "Name a place with such files.")
