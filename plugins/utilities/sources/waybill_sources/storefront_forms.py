"""The forms in which the storefront's values are written, and the names that they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

FIRST_NAMES = (
    "Ada", "Bruno", "Chloe", "Dmitri", "Elif", "Farid", "Gwen", "Hugo", "Iris", "Jonas",
    "Kaia", "Luca", "Mina", "Nils", "Oona", "Pavel", "Rosa", "Stefan", "Thea", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Byrne", "D'Arcy", "Eriksen", "Fontana", "Grove", "Haddad", "Ivanova", "Jansen", "Kowal",
    "Lindqvist", "Marsh", "Novak", "O'Neill", "Petrov", "Quist", "Rossi", "Sato", "Turner",
)  # fmt: skip
COUNTRIES = (
    "Germany", "germany ", "DE", "de", "France", "FR", "france", "Spain", "ES", "United Kingdom", "UK", "gb", "U.K.",
    "Italy", "IT", "Poland", "pl", "Japan", "JP", "Brazil",
)  # fmt: skip
CATEGORIES = (
    "Toys", "Garden", " books", "KITCHEN", "Sports", "Music", "Lamps", "Toys ", "garden", None, "Travel", "Paper  Goods",
)  # fmt: skip
"""By id: two names are written twice, and one is missing."""
THINGS = (
    "Lantern", "Kite", "Teapot", "Ledger", "Trowel", "Drum", "Racket", "Satchel", "Puzzle", "Ladle",
    "Globe", "Whistle", "Basket", "Compass", "Notebook",
)  # fmt: skip
MATERIALS = ("Oak", "Brass", "Linen", "Copper", "Cork", "Enamel", "Felt", "Willow")
NOTHING = (None, "", "N/A", "null", " - ")
"""What stands for a missing text."""
_WORDS = ("one", "two", "three", "four", "five")
_CANCELED = ("cancelled", "Canceled", "CANCELLED ")


def name(text: str, number: int) -> str:
    """A name in one of four cases."""
    return (text, text.upper(), text.lower(), f"  {text.replace(' ', '  ')} ")[number % 7 % 4]


def key(text: str, number: int) -> str:
    """A key as it is, or in lower case with stray spaces."""
    return f" {text.lower()}  " if number % 9 == 1 else text


def moment(at: dt.datetime, number: int) -> str:
    """A day or time in one of five forms."""
    forms = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%dT%H:%M:%S")
    return at.strftime(forms[number % len(forms)])


def price(amount: Decimal, number: int) -> str:
    """An amount in one of six forms."""
    forms = (
        f"{amount}",
        f"${amount:,}",
        f"{amount}".replace(".", ","),
        f"  {amount} ",
        f"{amount:,} USD",
        f"{amount:,}".translate(str.maketrans(",.", ".,")),
    )
    return forms[number % len(forms)]


def rating(stars: int, number: int) -> str:
    """A rating from 1 to 5 in one of five forms."""
    return (f"{stars}", f"{stars}.0", _WORDS[stars - 1], f" {stars} ", f"{stars}/5")[number % 5]


def status(text: str, number: int) -> str:
    """The state of an order in one of three spellings."""
    if text == "cancelled":
        return _CANCELED[number % len(_CANCELED)]
    return (text, text.upper(), f" {text.capitalize()}")[number % 3]
