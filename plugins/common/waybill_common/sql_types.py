"""The PostgreSQL types that may travel from a tap to a warehouse, by their exact names.

A type's name reaches SQL as it is, so only names that this module wrote itself are used.
"""

from __future__ import annotations

import re

_PLAIN = frozenset(
    {
        *("smallint", "integer", "bigint", "real", "double precision", "boolean"),
        *("text", "bytea", "date", "uuid", "json", "jsonb"),
        *("inet", "cidr", "macaddr", "macaddr8", "pg_lsn", "tsvector", "tsquery"),
        *("point", "line", "lseg", "box", "path", "polygon", "circle"),
        *("int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange"),
        *("int4multirange", "int8multirange", "nummultirange"),
        *("tsmultirange", "tstzmultirange", "datemultirange"),
    }
)
_WITH_LENGTH = {
    "character varying": "character varying",
    "varchar": "character varying",
    "character": "character",
    "char": "character",
    "bpchar": "character",
    "bit varying": "bit varying",
    "varbit": "bit varying",
    "bit": "bit",
}
_SYNONYMS = {
    "int2": "smallint",
    "int": "integer",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float": "double precision",
    "float8": "double precision",
    "bool": "boolean",
    "decimal": "numeric",
    "timestamptz": "timestamp with time zone",
    "timetz": "time with time zone",
}

_SHAPE = re.compile(
    r"""
    (?P<name> [a-z0-9_]+ (?: \s (?: varying | precision ))? )
    (?: \s? \( \s? (?P<first> \d{1,7} ) \s? (?: , \s? (?P<second> -?\d{1,4} ) \s? )? \) )?
    (?: \s (?P<zone> with | without ) \s time \s zone )?
    (?P<array> (?: \s? \[ \d{0,6} \] )* )
    """,
    re.VERBOSE,
)
_INTERVAL = re.compile(
    r"interval(?: (?:year|month|day|hour|minute|second)(?: to (?:month|hour|minute|second))?)?(?: ?\(\d\))?"
)

_INTEGERS = ("smallint", "integer", "bigint")
_FLOATS = ("real", "double precision")
_DIGITS_OF_INTEGER = {"smallint": 5, "integer": 10, "bigint": 19}


def canonical(text: str) -> str | None:
    """The name that `format_type` gives the type, if it is one that may travel.

    Args:
        text: A type as SQL writes it, such as `numeric(10, 2)` or `timestamptz`.

    Returns:
        The canonical name, such as `numeric(10,2)` or `timestamp with time zone`; None for
        anything that is not on the list.
    """
    lowered = " ".join(text.lower().split())
    if _INTERVAL.fullmatch(lowered):
        return lowered.replace(" (", "(")
    match = _SHAPE.fullmatch(lowered)
    if not match:
        return None
    base = _canonical_base(match)
    return base and base + "[]" * (1 if match["array"] else 0)


def _canonical_base(match: re.Match[str]) -> str | None:
    name = _SYNONYMS.get(match["name"], match["name"])
    name, zone = _split_zone(name, match["zone"])
    first, second = match["first"], match["second"]
    if name in {"timestamp", "time"}:
        precision = f"({first})" if first else ""
        return None if second else f"{name}{precision} {zone or 'without'} time zone"
    if zone:
        return None
    if name == "numeric":
        scale = int(second or 0)
        return f"numeric({int(first)},{scale})" if first else name
    if second:
        return None
    if known := _WITH_LENGTH.get(name):
        return _with_length(known, match["name"], first)
    return name if name in _PLAIN and not first else None


def _split_zone(name: str, zone: str | None) -> tuple[str, str | None]:
    if name.endswith(" time zone"):
        base, _, _ = name.partition(" ")
        return base, "with"
    return name, zone


def _with_length(name: str, written: str, length: str | None) -> str:
    if length:
        return f"{name}({int(length)})"
    if name in {"character", "bit"} and written != "bpchar":
        return f"{name}(1)"
    return "bpchar" if written == "bpchar" else name


def widest(existing: str, incoming: str) -> str | None:
    """The type of a column that holds values of both types without loss.

    Args:
        existing: The canonical type the column has.
        incoming: The canonical type of what arrives.

    Returns:
        `existing` where it holds both already, a wider type otherwise, or None where any type
        would lose or change values.
    """
    if existing == incoming:
        return existing
    for ladder in (_INTEGERS, _FLOATS):
        if existing in ladder and incoming in ladder:
            return max(existing, incoming, key=ladder.index)
    if "numeric" in {_name(existing), _name(incoming)}:
        return _widest_numeric(existing, incoming)
    names = {_name(existing), _name(incoming)}
    if names <= {"character varying", "text"}:
        return _longest(existing, incoming)
    if len(names) == 1 and names <= {"bit varying", "timestamp", "time"}:
        return _longest(existing, incoming)
    return None


def _name(type_name: str) -> str:
    return type_name if type_name.endswith("]") else re.split(r"\(| with", type_name)[0]


def _modifiers(type_name: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"-?\d+", type_name))


def _longest(existing: str, incoming: str) -> str | None:
    """Of two types that differ in nothing but their length or precision, the longer one."""
    if "text" in {existing, incoming}:
        return "text"
    if re.sub(r"\(\d+\)", "", existing) != re.sub(r"\(\d+\)", "", incoming):
        return None
    return max(existing, incoming, key=lambda name: _modifiers(name) or (10**9,))


def _widest_numeric(existing: str, incoming: str) -> str | None:
    if any(_name(each) not in {"numeric", *_INTEGERS} for each in (existing, incoming)):
        return None
    if existing == "numeric":
        return existing
    if existing.startswith("numeric(") and incoming != "numeric":
        whole, scale = _room(existing)
        other_whole, other_scale = _room(incoming)
        if whole >= other_whole and scale >= other_scale:
            return existing
    return "numeric"


def _room(type_name: str) -> tuple[int, int]:
    """Digits before and after the decimal point."""
    if type_name in _DIGITS_OF_INTEGER:
        return _DIGITS_OF_INTEGER[type_name], 0
    precision, scale = _modifiers(type_name)
    return precision - scale, scale
