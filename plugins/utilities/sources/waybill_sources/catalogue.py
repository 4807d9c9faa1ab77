"""Products and sellers: each is a function of its number, so a larger sample begins with the smaller one."""

from __future__ import annotations

from dataclasses import dataclass

from waybill_sources import geography
from waybill_sources.categories import TRANSLATED, UNTRANSLATED
from waybill_sources.draws import Draw, Quantiles, Weighted, fraction, identifier

PRODUCTS_PER_SELLER = 11

_CATEGORIES = Weighted.of(
    {name: float(weight) for name, _, weight in TRANSLATED} | dict(UNTRANSLATED)
)
_FORCED_CATEGORIES: dict[int, str | None] = {
    3: None,
    7: UNTRANSLATED[0][0],
    19: UNTRANSLATED[1][0],
    40: None,
}
"""Rare cases that a sample of any size has, by product number."""
_FORCED_WEIGHTLESS = 23
_ROUND_FROM = 1_000

_NAME_LENGTH: Quantiles = ((0, 5), (0.1, 33), (0.25, 42), (0.5, 51), (0.75, 57), (0.9, 59), (1, 77))
_DESCRIPTION_LENGTH: Quantiles = (
    (0, 4), (0.1, 207), (0.25, 339), (0.5, 595), (0.75, 972), (0.9, 1578), (1, 3993),
)  # fmt: skip
_PHOTOS: Quantiles = ((0, 1), (0.52, 2), (0.72, 3), (0.82, 4), (0.9, 5), (0.97, 7), (1, 21))
_WEIGHT: Quantiles = (
    (0, 50), (0.1, 175), (0.25, 300), (0.5, 700), (0.75, 1900), (0.9, 6300), (0.99, 22500), (1, 40426),
)  # fmt: skip
_LENGTH: Quantiles = ((0, 7), (0.1, 16), (0.25, 18), (0.5, 25), (0.75, 38), (0.9, 53), (1, 106))
_HEIGHT: Quantiles = ((0, 2), (0.1, 4), (0.25, 8), (0.5, 13), (0.75, 21), (0.9, 33), (1, 106))
_WIDTH: Quantiles = ((0, 6), (0.1, 11), (0.25, 15), (0.5, 20), (0.75, 30), (0.9, 40), (1, 119))
_PRICE: Quantiles = (
    (0, 85), (0.1, 2380), (0.25, 3990), (0.5, 7499), (0.75, 13490), (0.9, 22980), (0.95, 34990),
    (0.99, 89000), (0.999, 210000), (1, 673501),
)  # fmt: skip
_FREIGHT: Quantiles = (
    (0, 0), (0.004, 100), (0.1, 873), (0.25, 1308), (0.5, 1626), (0.75, 2115), (0.9, 3404),
    (0.99, 8452), (0.999, 17500), (1, 40969),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Product:
    """A product; amounts in cents of a real."""

    price: int
    freight: int
    seller: int


def product_id(seed: int, number: int) -> str:
    """Key of a product."""
    return identifier(seed, "product", number)


def seller_id(seed: int, number: int) -> str:
    """Key of a seller."""
    return identifier(seed, "seller", number)


def product(seed: int, number: int) -> Product:
    """Price, freight and seller of a product; every eleventh product brings a new seller."""
    draw = Draw(seed, "product", number)
    price = draw.spread(_PRICE)
    if price > _ROUND_FROM and draw.chance(0.6):
        price = price // 100 * 100 + 90
    newest = number // PRODUCTS_PER_SELLER
    is_first = number % PRODUCTS_PER_SELLER == 0
    seller = newest if is_first else draw.integer(0, newest)
    return Product(price=price, freight=draw.spread(_FREIGHT), seller=seller)


def sellers_of(products: int) -> int:
    """How many sellers so many products have."""
    return (products + PRODUCTS_PER_SELLER - 1) // PRODUCTS_PER_SELLER


def category(seed: int, number: int) -> str | None:
    """Portuguese name of a product's category, if it has one."""
    if number in _FORCED_CATEGORIES:
        return _FORCED_CATEGORIES[number]
    share = fraction(seed, "category", number)
    missing = 0.0185
    return None if share < missing else _CATEGORIES.at((share - missing) / (1 - missing))


def product_row(seed: int, number: int, *, is_catalogued: bool = False) -> list[str | int | None]:
    """A row of the products file.

    Args:
        seed: The samples' seed.
        number: The product, from 0.
        is_catalogued: Whether a product that had no category has got one since.
    """
    draw = Draw(seed, "product sheet", number)
    name = category(seed, number)
    lengths: list[int | None] = [
        draw.spread(_NAME_LENGTH), draw.spread(_DESCRIPTION_LENGTH), draw.spread(_PHOTOS),
    ]  # fmt: skip
    sizes: list[int | None] = [
        draw.spread(_WEIGHT), draw.spread(_LENGTH), draw.spread(_HEIGHT), draw.spread(_WIDTH),
    ]  # fmt: skip
    if name is None and is_catalogued:
        name = draw.pick(TRANSLATED)[0]
    if name is None:
        lengths = [None, None, None]
    if number == _FORCED_WEIGHTLESS or draw.chance(0.00006):
        sizes = [None, None, None, None]
    return [product_id(seed, number), name, *lengths, *sizes]


def seller_home(seed: int, number: int) -> geography.Place:
    """Where a seller is."""
    return geography.place(Draw(seed, "seller", number))


def seller_row(seed: int, number: int) -> list[str | int | None]:
    """A row of the sellers file."""
    home = seller_home(seed, number)
    return [seller_id(seed, number), home.prefix, home.city, home.state]
