"""Rules in SQL, in the form in which they run."""

from __future__ import annotations

import re

QUERY = "unexpected_rows_query"
"""The argument that holds the rule: a query that must find no row."""

_BIND_PARAMETER = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


def for_table(rule: str, relation: str) -> str:
    """A rule with its table in the place of `{batch}`.

    Great Expectations' own substitution gives a sub-query with an alias of its own, unless the
    rule holds a join, and then one without: neither `from {batch} as o` nor the same rule with
    a join added would stay valid.

    Args:
        rule: SQL with `{batch}`; literal braces are doubled, as Great Expectations wants them.
        relation: The rows that are checked, as SQL has them after `from`.

    Raises:
        KeyError, IndexError, ValueError: A brace in the rule is neither `{batch}` nor doubled.
    """
    return rule.format(batch=relation).strip().rstrip(";")


def for_great_expectations(sql: str) -> str:
    """SQL that passes unchanged through its `str.format` and through SQLAlchemy's `text()`."""
    braced = sql.replace("{", "{{").replace("}", "}}")
    return _BIND_PARAMETER.sub(r"\\:\1", braced)
