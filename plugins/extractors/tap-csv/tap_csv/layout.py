"""Which column of a file holds what, found by the names in its header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError
from waybill_common.files.fields import of_column, of_unknown, shorten, unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from waybill_common.contracts import Stream
    from waybill_common.files.fields import Field


def named(header: Sequence[str], stream: Stream) -> list[str]:
    """A header with the contract's names in place of those that its `physicalName`s give."""
    names = {column.source_name: column.name for column in stream.columns}
    return [names.get(name, name) for name in header]


def unknown_columns(header: Sequence[str], stream: Stream) -> list[str]:
    """Columns of a header that the contract does not know, in the file's order."""
    known = {column.name for column in stream.columns}
    return [name for name in header if name not in known]


def of_header(header: Sequence[str], stream: Stream, place: str) -> list[Field]:
    """What each column of a file holds.

    Columns unknown to the contract are carried as text where the stream's drift is `evolve`,
    refused where it is `freeze`, and left out where it is `quarantine`.

    Args:
        header: The names of the file's columns, as the contract has them.
        stream: What the contract says.
        place: The file, for messages.

    Raises:
        WaybillError: A name is empty, doubled, unusable, missing, or unknown under `freeze`.
    """
    # Without a header, or in a row with a field too few, personal values stand in other places.
    has_pii = any(column.is_pii for column in stream.columns)
    can_be_shown = not has_pii or any(column.name in header for column in stream.columns)
    _refuse_unusable(header, place, shorten if can_be_shown else _withheld)
    unknown = unknown_columns(header, stream)
    if missing := [column.name for column in stream.columns if column.name not in header]:
        names = ", ".join(missing)
        found = ", ".join(map(shorten, unknown)) if can_be_shown else f"{len(unknown)} other names"
        hint = f" (the header has {found} instead)" if unknown else ""
        msg = f"{place}: no column {names} in the header{hint}."
        remedy = "Mend the header, or take the column out of the contract."
        raise WaybillError(msg, remedy)
    if unknown and stream.drift == "freeze":
        msg = f"{place}: the contract does not know the column {', '.join(map(shorten, unknown))}."
        remedy = f"Add it to stream {stream.name} in the contract, or set its drift to evolve."
        raise WaybillError(msg, remedy)
    fields = [of_column(stream, each, header.index(each.name)) for each in stream.columns]
    if stream.drift == "evolve":
        fields += [of_unknown(name, header.index(name)) for name in unknown]
    return sorted(fields, key=lambda field: field.position)


def _withheld(_: str) -> str:
    return "which may be personal data and is not shown"


def _refuse_unusable(header: Sequence[str], place: str, shown: Callable[[str], str]) -> None:
    if not header:
        msg = f"{place}: there is no header in line 1."
        raise WaybillError(msg, "The first line must name the columns.")
    for number, name in enumerate(header, start=1):
        problem = unusable(name, shown(name))
        if not problem and header.index(name) != number - 1:
            problem = f"has the same name as column {header.index(name) + 1}, {shown(name)}"
        if problem:
            msg = f"{place}: column {number} of the header {problem}."
            raise WaybillError(msg, "Give each column of the header a name of its own.")
