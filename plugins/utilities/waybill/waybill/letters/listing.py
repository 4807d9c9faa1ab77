"""Open dead letters as tables for a person, and as a file to mend."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from waybill.letters import store
from waybill.receipt.numbers import counted, exact
from waybill_common import connections, contracts
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from waybill.letters.replay import Outcome
    from waybill.letters.store import Letter

ID = "dead_letter_id"
REASON = "dead_letter_reason"
RAW = "dead_letter_raw"
_SHOWN = 200
_SHOWN_OF_A_REASON = 100


def find(source: str | None, stream: str | None) -> list[Letter]:
    """The open letters of a source and stream, or of all.

    Raises:
        WaybillError: There is no contract of that source.
    """
    schemas = None if source is None else [_schema_of(source)]
    with connections.warehouse("auditor").connect() as session:
        return store.open_letters(session, schemas, stream)


def show(letters: Sequence[Letter], out: Console) -> None:
    """Print how many there are of each stream and reason, and then each."""
    if not letters:
        out.print("No open dead letters.")
        return
    sums = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("stream", "column", "reason"):
        sums.add_column(heading, overflow="fold")
    sums.add_column("letters", justify="right")
    alike = Counter((_stream(each), each.column_name or "-", each.reason) for each in letters)
    for (stream, column, reason), number in alike.most_common(_SHOWN):
        sums.add_row(escape(stream), escape(column), escape(_cut(reason)), exact(number))
    out.print(sums)
    out.print()
    out.print(_table([(each, each.column_name, each.reason) for each in letters[:_SHOWN]]))
    if len(letters) > _SHOWN:
        out.print(f"… and {exact(len(letters) - _SHOWN)} more: --export has them all.")
    out.print(
        f"\n{counted(len(letters), 'open dead letter')}. Mend them: `waybill:dead-letters --stream"
        " … --export FILE.csv`, then `waybill:replay FILE.csv`."
    )


def show_outcomes(outcomes: Sequence[Outcome], out: Console) -> None:
    """Print what a replay has done, and the rows that stay dead."""
    if not outcomes:
        out.print("No open dead letters.")
    for outcome in outcomes:
        parts = [f"{exact(number)} {name}" for name, number in outcome.landed.items() if number]
        if outcome.resolved:
            parts.append(f"{exact(outcome.resolved)} resolved before")
        if outcome.refused:
            parts.append(f"{exact(len(outcome.refused))} still dead")
        out.print(escape(f"{outcome.stream}: {', '.join(parts)}"), soft_wrap=True)
    refused = [each for outcome in outcomes for each in outcome.refused]
    if refused:
        out.print()
        out.print(_table([(letter, *why) for letter, why in refused[:_SHOWN]]))
        out.print(f"\n{counted(len(refused), 'row')} still dead; each keeps its letter.")


def export(letters: Sequence[Letter], path: Path) -> str:
    """Write the letters of one stream to a file in which they can be mended.

    Args:
        letters: The letters.
        path: The file; it must not exist yet.

    Returns:
        What was written, in words.

    Raises:
        WaybillError: There are none, they are of several streams, or the file exists.
    """
    streams = sorted({_stream(letter) for letter in letters})
    if not streams:
        msg = "There are no such open dead letters."
        raise WaybillError(msg)
    if len(streams) > 1:
        msg = f"There are open dead letters of {len(streams)} streams: {', '.join(streams)}."
        raise WaybillError(msg, "Choose one by --stream, and its source by --source.")
    columns = _columns(letters)
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(_line([ID, REASON, *columns, RAW]))
            for letter in letters:
                values = letter.payload or letter.key or {}
                texts = [values.get(name) for name in columns]
                file.write(_line([str(letter.dead_letter_id), letter.reason, *texts, letter.raw]))
    except FileExistsError as error:
        msg = f"{path} exists already."
        raise WaybillError(msg, "Name another file, so that nothing mended is lost.") from error
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}."
        raise WaybillError(msg) from error
    return f"{counted(len(letters), 'dead letter')} of {streams[0]} written to {path}."


def _table(rows: Sequence[tuple[Letter, str | None, str]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("id", justify="right")
    for heading in ("stream", "file:line or key", "column", "reason"):
        table.add_column(heading, overflow="fold")
    for letter, column, reason in rows:
        texts = (_stream(letter), letter.place, column or "-", _cut(reason))
        table.add_row(str(letter.dead_letter_id), *map(escape, texts))
    return table


def _line(values: Sequence[str | None]) -> str:
    """As COPY's CSV: NULL is an empty field, and the empty text is quoted."""
    return ",".join("" if value is None else _field(value) for value in values) + "\r\n"


def _field(text: str) -> str:
    if text and not any(character in text for character in ',"\r\n'):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _columns(letters: Sequence[Letter]) -> list[str]:
    """The contract's columns, then what else the letters have."""
    columns: dict[str, None] = {}
    for contract in contracts.load_all():
        if contract.raw_schema == letters[0].target_schema:
            for stream in contract.streams:
                if stream.name == letters[0].stream:
                    columns |= dict.fromkeys(column.name for column in stream.columns)
    for letter in letters:
        columns |= dict.fromkeys(letter.payload or {})
    return [name for name in columns if not name.startswith("_sdc_")]


def _schema_of(source: str) -> str:
    known = {contract.source: contract.raw_schema for contract in contracts.load_all()}
    if source not in known:
        msg = f"There is no contract of a source {source!r}."
        raise WaybillError(msg, f"Choose one of {', '.join(sorted(known))}.")
    return known[source]


def _stream(letter: Letter) -> str:
    return f"{letter.target_schema}.{letter.stream}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_OF_A_REASON else text[: _SHOWN_OF_A_REASON - 1] + "…"
