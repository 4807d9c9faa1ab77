"""The questions to the marts: one plain select each, kept as SQL in `analyze/queries`.

A query is named by its path without the ending, such as `marketplace/monthly_sales`. The comment
that it begins with says what it answers. Values are bound by name (`:first_day`), never put into
the text. What a query says of the business is the marts' alone: it filters, sums up and sorts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import text

from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from sqlalchemy import Engine

_COMMENT = re.compile(r"--[^\n]*")
_RELATION = re.compile(r"\b(?:from|join)\s+(\w+\.\w+)")
_PARAMETER = re.compile(r"(?<![:\w]):([a-z]\w*)")


@dataclass(frozen=True)
class Query:
    """A question to the marts.

    Attributes:
        name: Folder and name, such as `marketplace/monthly_sales`.
        sql: Its text, as it is shown.
    """

    name: str
    sql: str

    @property
    def relations(self) -> tuple[str, ...]:
        """The tables and views that it reads, as `schema.name`, each once, in their order."""
        return tuple(dict.fromkeys(_RELATION.findall(_COMMENT.sub("", self.sql))))

    @property
    def parameters(self) -> frozenset[str]:
        """The names of the values that are bound."""
        return frozenset(_PARAMETER.findall(_COMMENT.sub("", self.sql)))


@cache
def load(name: str) -> Query:
    """Read a query.

    Raises:
        WaybillError: There is none of this name.
    """
    path = project.root() / "analyze" / "queries" / f"{name}.sql"
    try:
        return Query(name, path.read_text(encoding="utf-8").strip())
    except FileNotFoundError as error:
        msg = f"There is no query {name}: {path} is missing."
        raise WaybillError(msg, "Name a file of analyze/queries, without its ending.") from error


def rows(warehouse: Engine, name: str, **bound: Any) -> pd.DataFrame:
    """Ask a query.

    Args:
        warehouse: See `warehouse.engine`.
        name: Of the query.
        **bound: Values by name; those that the query does not have are left out, so that the
            same filters can be given to all.

    Returns:
        A row for each, exact: decimals stay decimals, and counts that can be null stay whole.

    Raises:
        WaybillError: There is no such query, or a value that it needs is missing.
        sqlalchemy.exc.DBAPIError: The warehouse refuses.
    """
    query = load(name)
    if missing := sorted(query.parameters - bound.keys()):
        msg = f"The query {name} needs a value for {', '.join(missing)}."
        raise WaybillError(msg, "Bind each of its parameters.")
    values = {each: bound[each] for each in query.parameters}
    with warehouse.connect() as session:
        found = session.execute(text(query.sql), values)
        names = list(found.keys())
        frame = pd.DataFrame([tuple(row) for row in found], columns=names, dtype=object)
    for each in names:
        # pandas would make floats of whole numbers among which one is missing.
        if frame[each].notna().all():
            frame[each] = frame[each].infer_objects()
    return frame
