"""Personal data that cannot be mistaken for anything else, and where it is looked for.

The values of `HASHED` stand in columns that land hashed and may be found nowhere. Those of `CLEAR`
stand in columns that the contract exempts: they may land, and may be found in no message or report.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import contract_documents
import psycopg
import yaml
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

HASHED = ("canaryname", "1903-07-31", "7391846205", "canarycontact", "canarymanager")
CLEAR = ("clearphone", "clearstaff", "clearshift")
LANDED = "ordinarynote"
"""Stands in a column that is not personal: where it is missing, nothing was landed or looked at."""

_COLUMNS = {
    "id": "integer#",
    "name": "text!*",
    "born": "date*",
    "salary": "numeric*",
    "phone": "text?",
    "note": "text",
    "n": "integer",
}
BAD_ROWS = (
    "900001,canaryname bad n,1903-07-31,7391846205,clearphone1,a,not a number",
    "900002,canaryname bad date,1903-07-31 canaryname,7391846205,clearphone2,a,2",
    "900003,canaryname bad number,1903-07-31,7391846205 canaryname,clearphone3,a,3",
    "900004,,1903-07-31,7391846205,clearphone4,no name,4",
    "900005,canaryname short,1903-07-31",
    "clearshift,900006,1903-07-31,7391846205,clearphone6,a,6",
    "900007,canaryname long,1903-07-31,7391846205,clearphone7,a,7,1903-07-31",
)
"""Rows of people.csv that cannot land, with canaries in every place."""
ROWS = 20_000


def contract() -> str:
    """A contract of one stream, which a CSV file and a table both keep."""
    people = contract_documents.stream("people", _COLUMNS, files="people*.csv")
    for column in people["properties"]:
        if column["name"] == "phone":
            column["logicalTypeOptions"] = {"pattern": "^[a-z]+[0-9]+$"}
    return yaml.safe_dump(contract_documents.contract("people", [people]))


def rows() -> Iterator[tuple[Any, ...]]:
    """The good rows, in the order of the contract's columns."""
    for number in range(ROWS):
        yield (
            number,
            f"CanaryName {number % 500}",
            "1903-07-31",
            f"7391846205.{number}",
            f"clearphone{number}",
            f"{LANDED} {number}",
            number,
        )


def write_csv(folder: Path, bad: Iterable[str] = ()) -> None:
    """Write people.csv, the bad rows in the middle and at the end."""
    folder.mkdir(parents=True)
    with (folder / "people.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for number, row in enumerate(rows()):
            writer.writerow(row)
            if number == ROWS // 2:
                file.writelines(f"{line}\r\n" for line in bad)
        file.writelines(f"{line}\r\n" for line in bad)


def plant(source: str) -> None:
    """Put canaries into the Totesys source, and the good rows into a table of it.

    Args:
        source: URL of the source database, as its owner.
    """
    with psycopg.connect(source) as session:
        session.execute(
            "update counterparty set commercial_contact = 'CanaryContact ' || counterparty_id,"
            " delivery_contact = 'CanaryContact ' || counterparty_id;"
            "update department set manager = 'CanaryManager ' || department_id;"
            "update staff set first_name = 'ClearStaff', last_name = 'ClearStaff' || staff_id;"
            "create table people (id integer primary key, name text, born date, salary numeric,"
            " phone text, note text, n integer);"
            "grant select on people to source_reader"
        )
        with session.cursor() as cursor, cursor.copy("copy people from stdin") as copy:
            for row in rows():
                copy.write_row(row)


def found_in(content: bytes, canaries: Iterable[str]) -> set[str]:
    """The canaries that a content holds, in whatever case."""
    lowered = content.lower()
    return {each for each in canaries if each.encode() in lowered}


def found_in_files(paths: Iterable[Path], canaries: Iterable[str]) -> dict[str, set[str]]:
    """The canaries in files and in all files of folders, by path; links are not followed."""
    found = {}
    for path in paths:
        if path.is_symlink():
            continue
        if path.is_dir():
            found |= found_in_files(path.iterdir(), canaries)
        elif path.is_file() and (these := found_in(path.read_bytes(), canaries)):
            found[str(path)] = these
    return found


def found_in_database(url: str, canaries: Iterable[str]) -> dict[str, set[str]]:
    """The canaries in all tables and views of a database, by their names."""
    found = {}
    with psycopg.connect(url) as session:
        relations = session.execute(
            "select nspname, relname from pg_class join pg_namespace on relnamespace = pg_namespace.oid"
            " where relkind in ('r', 'p', 'v', 'm') and nspname !~ '^pg_|^information_schema$'"
        ).fetchall()
        for relation in relations:
            query = sql.SQL("copy (select * from {}) to stdout").format(sql.Identifier(*relation))
            with session.cursor() as cursor, cursor.copy(query) as copy:
                content = b"\n".join(map(bytes, copy))
            if these := found_in(content, canaries):
                found[".".join(relation)] = these
    return found


def extractors(csv_folder: Path, source: str) -> str:
    """Meltano's definitions of two instances that read the people.

    Args:
        csv_folder: Where people.csv is.
        source: URL of the source database, as its reader.
    """
    contract_path = "${MELTANO_PROJECT_ROOT}/extract/contracts/people.yml"
    plugins = [
        {
            "name": "tap-csv--people",
            "inherit_from": "tap-csv",
            "load_schema": "raw_people",
            "config": {"path": str(csv_folder), "contract": contract_path},
        },
        {
            "name": "tap-postgres--people",
            "inherit_from": "tap-postgres",
            "load_schema": "raw_people_db",
            "config": {"sqlalchemy_url": source, "contract": contract_path},
        },
    ]
    return yaml.safe_dump({"plugins": {"extractors": plugins}})


def is_hash(value: object) -> bool:
    """Whether a landed value is a hash."""
    return re.fullmatch("[0-9a-f]{64}", str(value)) is not None
