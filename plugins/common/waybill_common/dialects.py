"""How CSV files are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Dialect:
    """How a stream's CSV files are written; the custom properties have the names of W3C's CSVW.

    Attributes:
        delimiter: The character between fields.
        quote: The character around fields that hold a delimiter; doubled inside them.
        encoding: As Python names it, such as `utf-8`, `cp1252`, `utf-16`.
    """

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        """Refuse what no file can be read by.

        Raises:
            ValueError: More than one character, two alike, a line end, or no known encoding.
        """
        for name, character in (("delimiter", self.delimiter), ("quoteChar", self.quote)):
            if len(character) != 1 or character in "\r\n\0":
                msg = f"{name} is {character!r}, not one character"
                raise ValueError(msg)
        if self.delimiter == self.quote:
            msg = f"delimiter and quoteChar are both {self.quote!r}"
            raise ValueError(msg)
        try:
            "".encode(self.encoding)
        except LookupError as error:
            msg = f"encoding {self.encoding!r} is not known"
            raise ValueError(msg) from error


PLAIN = Dialect()


def dialect_in(custom: Mapping[str, Any]) -> Dialect:
    """The dialect that a stream's custom properties give.

    Raises:
        ValueError: No file can be read by it.
    """
    return Dialect(
        delimiter=custom.get("delimiter", ","),
        quote=custom.get("quoteChar", '"'),
        encoding=custom.get("encoding", "utf-8"),
    )
