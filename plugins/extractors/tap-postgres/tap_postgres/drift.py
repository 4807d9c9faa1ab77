"""What becomes of columns that the contract does not know, or knows by another type."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from waybill_common import sql_types
from waybill_common.dead_letters import LIMIT_MARK
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from tap_postgres.relations import Relation, SourceColumn
    from waybill_common.contracts import Stream

logger = logging.getLogger(__name__)

MARK = "x-drift"


def marks(stream: Stream) -> dict[str, Any]:
    """What a contract says of a stream that the target has to know."""
    limit = stream.dead_letter_limit
    return {MARK: stream.drift} | ({LIMIT_MARK: limit.mark()} if limit else {})


def settled(relation: Relation, stream: Stream, setting: str) -> Relation:
    """A relation with the columns that may be read.

    Args:
        relation: The source's table or view.
        stream: The contract's stream of that name.
        setting: The setting that leads to the source, for errors.

    Returns:
        The relation, without columns in quarantine.

    Raises:
        WaybillError: The contract freezes what has changed, or a type became another one.
    """
    for column in relation.columns:
        _check_type(column, relation, stream, setting)
    known = {column.name for column in stream.columns}
    unknown = [column.name for column in relation.columns if column.name not in known]
    if not unknown or stream.drift == "evolve":
        return relation
    names = ", ".join(unknown)
    if stream.drift == "freeze":
        msg = f"{setting}: {relation.sql} has the column {names}, which the frozen contract of stream {stream.name} does not know."
        remedy = (
            "Add it to the contract, or set the stream's `drift` there to evolve or quarantine."
        )
        raise WaybillError(msg, remedy)
    logger.warning("%s: left out, as the contract does not know it: %s.", stream.name, names)
    columns = tuple(column for column in relation.columns if column.name in known)
    return replace(relation, columns=columns)


def _check_type(column: SourceColumn, relation: Relation, stream: Stream, setting: str) -> None:
    promised = next((each.sql_type for each in stream.columns if each.name == column.name), None)
    expected = promised and sql_types.canonical(promised)
    if not expected:
        return
    wider = sql_types.widest(expected, column.sql_type)
    if wider == expected:
        return
    what = f"{relation.sql}: column {column.name} is {column.sql_type}, by the contract {expected}"
    if wider and stream.drift == "evolve":
        logger.warning("%s: %s; it is widened.", stream.name, what)
        return
    msg = f"{setting}: stream {stream.name}: {what}."
    remedy = "Change the type in the contract, or in a view of the source that is read instead."
    raise WaybillError(msg, remedy)
