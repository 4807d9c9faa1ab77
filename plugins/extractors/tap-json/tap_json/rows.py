"""The values of a file against the contract: objects in, checked columns of texts out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waybill_common import json_text
from waybill_common.errors import WaybillError
from waybill_common.files.breaches import Breach, fault
from waybill_common.files.fields import unusable
from waybill_common.json_text import Constant, Json, Repeated, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from waybill_common.contracts import Stream
    from waybill_common.files.breaches import OnBreach, Values
    from waybill_common.files.fields import Field
    from waybill_common.files.json_items import Item

_KINDS: dict[type, str] = {
    dict: "an object",
    Repeated: "an object",
    list: "an array",
    str: "a text",
    bool: "a truth value",
    json_text.Number: "a number",
    Constant: "a constant",
}
_PLAIN = frozenset({str, json_text.Number, type(None)})
"""What is its own text, where the column is not JSON."""


class Rows:
    """Turns the values of a file into columns that keep the contract.

    Args:
        fields: The columns to read.
        stream: What the contract says.
        on_breach: Told of each row that breaks the contract.
        place: The file, for messages.
        counted: What numbers its values.

    Attributes:
        breaches: The number of rows that break the contract.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        stream: Stream,
        on_breach: OnBreach,
        *,
        place: str,
        counted: str,
    ) -> None:
        self._fields = fields
        self._stream = stream
        self._on_breach = on_breach
        self._place = place
        self._counted = counted
        sources = {column.name: column.source_name for column in stream.columns}
        self._texts = [
            (sources.get(field.name, field.name), _text_of(field, is_known=field.name in sources))
            for field in fields
        ]
        self._names = [name for name, _ in self._texts]
        self._is_plain = not any(isinstance(field.type, Json) for field in fields)
        self._known = {*sources.values(), *self._names}
        self._is_quotable = not any(column.is_pii for column in stream.columns)
        self._unusable: dict[str, str] = {}
        self.breaches = 0

    def columns(self, items: Sequence[Item]) -> list[Values]:
        """The values column by column, in the order of the fields.

        A member that is missing is NULL as `null` is. Rows that break the contract are left out.

        Raises:
            WaybillError: A member is unknown to a contract that is frozen.
        """
        rows = [(item, row) for item in items if (row := self._row(item)) is not None]
        columns: list[Values] = (
            list(zip(*(row for _, row in rows), strict=True)) if rows else [()] * len(self._fields)
        )
        if all(map(_keeps_contract, self._fields, columns)):
            return columns
        good = [row for item, row in rows if self._is_good(item, row)]
        return list(zip(*good, strict=True)) if good else [()] * len(self._fields)

    def _row(self, item: Item) -> list[str | None] | None:
        """The texts of the fields, before they are held to their types."""
        if problem := item.fault or self._problem(item, item.value):
            self._breach(item, None, problem)
            return None
        row = [item.value.get(name) for name in self._names]
        if self._is_plain and _PLAIN.issuperset(map(type, row)):
            return row
        try:
            return [
                None if (found := item.value.get(name)) is None else text(found)
                for name, text in self._texts
            ]
        except _MisfitError:
            self._misfit(item, item.value)
            return None

    def _problem(self, item: Item, value: Any) -> str:
        """Why a value is no row at all."""
        if not isinstance(value, dict):
            return f"{_KINDS.get(type(value), 'null')}, not an object"
        if isinstance(value, Repeated):
            return f"member {self._shown(value.name)} twice"
        if value.keys() <= self._known:
            return ""
        return self._unknown(item, value.keys() - self._known)

    def _misfit(self, item: Item, value: Mapping[str, Any]) -> None:
        """Bury a row in which a value is of a kind that its column has no text for."""
        first: tuple[str, str] | None = None
        row: list[str | None] = []
        for (name, text), field in zip(self._texts, self._fields, strict=True):
            found = value.get(name)
            try:
                row.append(None if found is None else text(found))
            except _MisfitError as misfit:
                first = first or (field.name, misfit.reason)
                row.append(_written(found))
        if first:
            self._breach(item, first[0], first[1], row)

    def _unknown(self, item: Item, names: set[str]) -> str:
        """What is wrong with members the contract does not know."""
        name = min(names)
        if self._stream.drift == "freeze":
            msg = f"{self._place}, {self._counted} {item.number}: the contract does not know the member {self._shown(name)}."
            remedy = (
                f"Add it to stream {self._stream.name} in the contract, or set its drift to evolve."
            )
            raise WaybillError(msg, remedy)
        if self._stream.drift == "quarantine":
            return ""
        for name in sorted(names):
            if problem := self.problem_of(name):
                return f"a member {problem}"
        return ""

    def problem_of(self, name: str) -> str:
        """Why a member that the contract does not know can be no column, in words."""
        if name not in self._unusable:
            self._unusable[name] = unusable(name, self._shown(name))
            if any(column.name == name for column in self._stream.columns):
                self._unusable[name] = (
                    f"{self._shown(name)} has the name of a column that the file calls otherwise"
                )
        return self._unusable[name]

    def _is_good(self, item: Item, row: list[str | None]) -> bool:
        for field, value in zip(self._fields, row, strict=True):
            if reason := fault(field, value):
                self._breach(item, field.name, reason, row)
                return False
        return True

    def _breach(
        self, item: Item, column: str | None, reason: str, row: list[str | None] | None = None
    ) -> None:
        self.breaches += 1
        names = (field.name for field in self._fields)
        values = None if row is None else dict(zip(names, row, strict=True))
        self._on_breach(Breach(item.number, item.raw, column, reason, values, self._counted))

    def _shown(self, name: str) -> str:
        return shorten(name) if self._is_quotable else "whose name is not shown for class pii"


def _text_of(field: Field, *, is_known: bool) -> Callable[[Any], str]:
    """What gives the text of a value that is not null, as a CSV file would have it."""
    if isinstance(field.type, Json):
        return _json
    return _scalar if is_known else _anything


class _MisfitError(Exception):
    """A value is of a kind that its column has no text for."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _scalar(value: Any) -> str:
    if isinstance(value, Constant):
        reason = f"{value} is no JSON"
        raise _MisfitError(reason)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    reason = f"{_KINDS[type(value)]}, and its column is not json"
    raise _MisfitError(reason)


def _json(value: Any) -> str:
    if problem := json_text.fault(value):
        raise _MisfitError(problem)
    return json_text.write(value)


def _anything(value: Any) -> str:
    return _json(value) if isinstance(value, (dict, list)) else _scalar(value)


def _written(value: object) -> str | None:
    try:
        return str(value) if isinstance(value, str) else json_text.write(value)
    except RecursionError:
        return None


def _keeps_contract(field: Field, column: Values) -> bool:
    if isinstance(field.type, Json):
        return not field.is_required or None not in column
    present = [value for value in column if value is not None]
    if field.is_required and len(present) < len(column):
        return False
    return field.type.admits_all(present)
