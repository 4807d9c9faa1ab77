"""Exact numbers for people."""

from __future__ import annotations

import decimal
from decimal import Decimal

_EXACT = decimal.Context(
    prec=200_000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[decimal.Inexact]
)
"""Wide enough to add any two values of PostgreSQL's numeric without rounding."""


def exact(number: int | Decimal) -> str:
    """Every digit, with thousands separators; no exponent."""
    return f"{number:,f}" if isinstance(number, Decimal) else f"{number:,}"


def amount(value: Decimal | None) -> str:
    """A value of a control total as `exact` writes it, or `null`."""
    return "null" if value is None else exact(value)


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural where it needs one."""
    return f"{exact(number)} {noun}{'' if number == 1 else 's'}"


def decimals(totals: dict[str, object] | None) -> dict[str, Decimal]:
    """Sums as a bookmark or the ledger keeps them, strings or exact numbers; no sum is 0."""
    return {
        column: Decimal(0) if value is None else Decimal(str(value))
        for column, value in (totals or {}).items()
    }


def added(left: dict[str, Decimal], right: dict[str, Decimal]) -> dict[str, Decimal]:
    """Sums of two parts, column by column."""
    zero = Decimal(0)
    return {
        column: _EXACT.add(left.get(column, zero), right.get(column, zero))
        for column in left | right
    }
