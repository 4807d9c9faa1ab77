"""What dbt knows of the project as pages to read: the data dictionary, and the lineage of columns.

Both are single files that ask for nothing off the machine. They stand under `$WAYBILL_HOME/dbt`,
where the dashboard links to them.
"""

from __future__ import annotations

import logging
import os
import shutil
from typing import TYPE_CHECKING

from waybill_common import project
from waybill_common.errors import WaybillError
from waybill_dbt import plan

if TYPE_CHECKING:
    from pathlib import Path

GENERATE = ("docs", "generate", "--static")
"""What makes dbt write its documentation as one file, and the catalog that the lineage needs."""

FROM_NOTHING = ("compile", "--full-refresh", "--log-level", "warn", "--log-level-file", "none")
"""What makes dbt compile an incremental model without what it compares with its own table.

Without a log, as dbt leaves the first of two open where one process runs it twice.
"""

AS_COMPILED = ("--no-compile",)
"""What makes dbt take the SQL as it was compiled before."""

LINEAGE = "lineage"
"""Our own command beside dbt's."""

_REMEDY = "Run `meltano invoke dbt:docs` again."


def is_asked(arguments: list[str]) -> bool:
    """Whether a command line makes dbt write its documentation as one file."""
    return set(GENERATE) <= set(arguments)


def dictionary() -> Path:
    """The data dictionary: dbt's own documentation; `#!/model/<unique id>` leads to one model."""
    return project.home() / "dbt" / "docs" / "index.html"


def lineage() -> Path:
    """The lineage of columns; `?model=<unique id>&parents=1&children=1` leads to one model."""
    return project.home() / "dbt" / "lineage" / "index.html"


def publish_dictionary() -> Path:
    """Copy the documentation that dbt has just written to where it is looked for.

    Returns:
        Where it is.

    Raises:
        WaybillError: dbt has not written it.
    """
    made = plan.target() / "static_index.html"
    if not made.is_file():
        msg = f"{made} is not there, though dbt has ended well."
        raise WaybillError(msg, _REMEDY)
    place = dictionary()
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_suffix(".new")
    shutil.copyfile(made, beside)
    # In one step: nobody finds half a page.
    beside.replace(place)
    return place


def write_lineage() -> Path:
    """Follow each column through the compiled SQL, and write what was found as one page.

    Returns:
        Where it is.

    Raises:
        WaybillError: A model's SQL cannot be followed, or dbt's manifest or catalog is not there.
    """
    # sqlglot is in no other command's way.
    from dbt_colibri.lineage_extractor.extractor import (  # noqa: PLC0415
        DbtColumnLineageExtractor,
    )
    from dbt_colibri.report.generator import DbtColibriReportGenerator  # noqa: PLC0415

    artifacts = [plan.target() / name for name in ("manifest.json", "catalog.json")]
    if missing := [path for path in artifacts if not path.is_file()]:
        msg = f"{missing[0]} is not there."
        raise WaybillError(msg, _REMEDY)
    # It says of itself what we say in one line.
    logging.getLogger("colibri").setLevel(logging.ERROR)
    place = lineage()
    extractor = DbtColumnLineageExtractor(*(os.fspath(path) for path in artifacts))
    report = DbtColibriReportGenerator(extractor, disable_telemetry=True)
    report.generate_report(output_dir=os.fspath(place.parent))
    if (place.parent / "colibri-parsing-errors.json").is_file():
        msg = f"Some models' SQL cannot be followed: {place.parent}/colibri-parsing-errors.json."
        raise WaybillError(msg, "Write that SQL in words that sqlglot reads.")
    return place
