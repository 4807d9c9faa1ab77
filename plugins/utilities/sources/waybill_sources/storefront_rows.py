"""The rows of the storefront tables as they are at the end of a day, with what is wrong with them.

Each thing is written once as row 2n + 1, and where it was written twice, the older version as 2n + 2.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from waybill_sources import storefront_forms as forms
from waybill_sources.draws import Draw, Weighted, fraction
from waybill_sources.storefront_world import FIRST_MOMENT, changed_at, changed_on, ordered_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from waybill_sources.storefront_world import StorefrontWorld

Row = tuple[Any, ...]

COLUMNS: dict[str, tuple[str, ...]] = {
    "customers": ("row_id", "customer_id", "name", "email", "country", "registered_at", "updated_at"),
    "orders": ("row_id", "order_id", "customer_id", "ordered_at", "status", "updated_at"),
    "order_items": ("row_id", "order_item_id", "order_id", "product_id", "quantity", "unit_price", "updated_at"),
    "products": ("row_id", "product_id", "name", "category_id", "list_price", "updated_at"),
    "categories": ("row_id", "category_id", "name", "updated_at"),
    "reviews": ("row_id", "review_id", "product_id", "customer_id", "rating", "reviewed_at", "updated_at"),
}  # fmt: skip
"""The six tables, by name, with their columns."""

_HOUR = dt.timedelta(hours=1)
_STATUSES = Weighted.of(
    {"delivered": 72.0, "shipped": 14.0, "cancelled": 9.0, "returned": 3.0, "": 2.0}
)
_STARS = Weighted.of({5: 48.0, 4: 27.0, 3: 12.0, 2: 6.0, 1: 7.0})
_REVIEWED = 0.4
_MOST_ITEMS = 8
_MISSING_PRODUCT = "P9999"
_MISSING_CUSTOMER = "C999999"


def _is_each(number: int, every: int, at: int) -> bool:
    """Whether a number is one of each so many, which have something wrong."""
    return number % every == at


def _customer_id(number: int) -> str:
    return f"C{number + 1:06d}"


def _product_id(number: int) -> str:
    return f"P{number + 1:04d}"


def _list_price(world: StorefrontWorld, number: int, day: int) -> Decimal:
    draw = Draw(
        world.seed, "price", number, changed_on(world, "products", number, world.products, day)
    )
    cents = draw.integer(120_000, 249_900) if _is_each(number, 15, 14) else draw.integer(299, 8_999)
    return Decimal(cents).scaleb(-2)


def customers(world: StorefrontWorld, numbers: range, day: int) -> Iterator[Row]:
    """Customers; some without country, address, name or id, some written twice."""
    base = world.customers(0)
    for number in numbers:
        draw = Draw(world.seed, "customer", number)
        first, last = draw.pick(forms.FIRST_NAMES), draw.pick(forms.LAST_NAMES)
        changed = changed_on(world, "customers", number, base, day)
        at = FIRST_MOMENT - dt.timedelta(days=draw.integer(1, 900), seconds=draw.integer(0, 80_000))
        if number >= base:
            at = changed_at(number - base + 1)
        written = max(at, FIRST_MOMENT)
        name: str | None = forms.name(f"{first} {last}", number)
        address = f"{first}.{last}{number}@shop.example".replace("'", "").lower()
        e_mail: str | None = address.upper() if _is_each(number, 5, 3) else address
        country = (
            draw.pick(forms.COUNTRIES) if not _is_each(number, 11, 3) else draw.pick(forms.NOTHING)
        )
        if _is_each(number, 13, 5):
            e_mail = draw.pick(forms.NOTHING)
        if _is_each(number, 29, 28):
            name = draw.pick(forms.NOTHING)
        if changed:
            e_mail, country = f"{first}{number}.{changed}@post.example".lower(), "Portugal"
        key = None if number == base // 2 else forms.key(_customer_id(number), number)
        registered = forms.moment(at, number)
        updated = changed_at(changed) if changed else written
        yield (2 * number + 1, key, name, e_mail, country, registered, updated)
        if _is_each(number, 17, 7):
            yield (2 * number + 2, key, name, e_mail, "??", registered, written - _HOUR)


def orders(world: StorefrontWorld, numbers: range, day: int) -> Iterator[Row]:
    """Orders; some of customers that are not there, some without a day that can be read."""
    for number in numbers:
        at = ordered_at(world, number)
        visible = world.day_of(number)
        is_recent = visible > 0 or number >= world.orders - world.recent
        status = Draw(world.seed, "status", number).weighted(_STATUSES)
        updated = at
        if is_recent and day == visible:
            status = "processing"
        elif is_recent:
            updated = changed_at(visible + 1) + dt.timedelta(seconds=number % 3_600)
        ordered = forms.moment(at, number)
        if _is_each(number, 173, 60):
            ordered = "2024-02-30" if number % 2 else "soon"
        key = forms.key(f"O{number + 1:07d}", number)
        customer = _customer_of(world, number)
        if customer is not None:
            customer = forms.key(customer, number + 4)
        yield (
            2 * number + 1,
            key,
            customer,
            ordered,
            forms.status(status, number) or None,
            updated,
        )
        if _is_each(number, 53, 13):
            yield (2 * number + 2, key, customer, ordered, "new", at - _HOUR)


def _customer_of(world: StorefrontWorld, order: int) -> str | None:
    day = world.day_of(order)
    comes_tomorrow = world.orders - 2 if day == 0 else world.total(day) - 2
    if order == comes_tomorrow:
        return _customer_id(world.customers(day))
    if _is_each(order, 149, 100):
        return None
    if _is_each(order, 67, 66):
        return _MISSING_CUSTOMER
    return _customer_id(int(fraction(world.seed, "buyer", order) ** 2 * world.customers(0)))


def _items(world: StorefrontWorld, order: int) -> Iterator[tuple[int, int, Draw]]:
    """Number, product and further draws of each item of an order."""
    draw = Draw(world.seed, "items", order)
    for place in range(draw.integer(1, 4)):
        number = _MOST_ITEMS * order + place
        yield number, int(draw.unit() ** 2 * world.products), draw


def order_items(world: StorefrontWorld, numbers: range, day: int) -> Iterator[Row]:  # noqa: ARG001 (as its neighbours)
    """Items; prices in six forms, some without price, quantity, or a product that is there."""
    for order in numbers:
        at = ordered_at(world, order)
        for number, product, draw in _items(world, order):
            quantity: int | None = draw.weighted(Weighted.of({1: 60.0, 2: 25.0, 3: 9.0, 5: 6.0}))
            price: str | None = forms.price(
                _list_price(world, product, world.day_of(order)), number + order
            )
            key = _product_id(product)
            if _is_each(number, 61, 7):
                price = draw.pick(forms.NOTHING)
            if _is_each(number, 211, 5):
                price = "free"
            if _is_each(number, 83, 21):
                quantity = None
            if _is_each(number, 127, 33):
                quantity = -1 if number % 2 else 0
            if _is_each(number, 71, 12):
                key = _MISSING_PRODUCT
            updated = at + dt.timedelta(seconds=number % _MOST_ITEMS)
            row = (
                f"I{number + 1:08d}",
                f"O{order + 1:07d}",
                forms.key(key, number),
                quantity,
                price,
                updated,
            )
            yield (2 * number + 1, *row)
            if _is_each(number, 43, 8):
                yield (2 * number + 2, *row)


def products(world: StorefrontWorld, numbers: range, day: int) -> Iterator[Row]:
    """Products; some without a price or a category, some written twice."""
    for number in numbers:
        draw = Draw(world.seed, "product", number)
        changed = changed_on(world, "products", number, world.products, day)
        name: str | None = f"{draw.pick(forms.MATERIALS)} {draw.pick(forms.THINGS)} {number + 1}"
        category: str | None = f"K{draw.integer(1, len(forms.CATEGORIES)):02d}"
        price: Decimal | None = _list_price(world, number, day)
        if _is_each(number, 19, 4):
            price = None
        if _is_each(number, 23, 9):
            category = draw.pick(forms.NOTHING)
        if _is_each(number, 31, 30):
            category = "K99"
        if _is_each(number, 47, 33):
            name = draw.pick(forms.NOTHING)
        updated = changed_at(changed) if changed else FIRST_MOMENT
        yield (2 * number + 1, _product_id(number), name, category, price, updated)
        if _is_each(number, 37, 20):
            yield (
                2 * number + 2,
                _product_id(number).lower(),
                "old name",
                category,
                price,
                FIRST_MOMENT - _HOUR,
            )


def categories(world: StorefrontWorld, numbers: range, day: int) -> Iterator[Row]:  # noqa: ARG001 (as its neighbours)
    """Categories; one without a name, one written twice, two names under two ids each."""
    for number in numbers:
        row = (f"K{number + 1:02d}", forms.CATEGORIES[number])
        yield (2 * number + 1, *row, FIRST_MOMENT)
        if number == 1:
            yield (2 * number + 2, row[0], "Garten", FIRST_MOMENT - _HOUR)


def reviews(world: StorefrontWorld, numbers: range, day: int) -> Iterator[Row]:  # noqa: ARG001 (as its neighbours)
    """Reviews of bought products; ratings in five forms, some missing or impossible."""
    for order in numbers:
        if _is_each(order, 149, 100):
            continue
        for number, product, draw in list(_items(world, order))[:2]:
            if fraction(world.seed, "reviewed", number) > _REVIEWED:
                continue
            at = ordered_at(world, order) + dt.timedelta(minutes=5, seconds=number % _MOST_ITEMS)
            rating: str | None = forms.rating(draw.weighted(_STARS), number + order)
            key = _product_id(product)
            if _is_each(number, 47, 20):
                rating = "11" if number % 2 else "zero"
            if _is_each(number, 59, 30):
                rating = draw.pick(forms.NOTHING)
            if _is_each(number, 73, 40):
                key = _MISSING_PRODUCT
            row = (
                f"R{number + 1:08d}",
                key,
                _customer_of(world, order),
                rating,
                forms.moment(at, order),
                at,
            )
            yield (2 * number + 1, *row)
            if _is_each(number, 37, 8):
                yield (2 * number + 2, *row[:3], "1", *row[4:5], at - _HOUR)


ROWS: dict[str, Callable[[StorefrontWorld, range, int], Iterator[Row]]] = {
    "customers": customers,
    "orders": orders,
    "order_items": order_items,
    "products": products,
    "categories": categories,
    "reviews": reviews,
}


def count(world: StorefrontWorld, table: str, day: int) -> int:
    """How many things a table's rows are written of, at the end of a day."""
    if table == "customers":
        return world.customers(day)
    if table == "products":
        return world.products
    return len(forms.CATEGORIES) if table == "categories" else world.total(day)


def tables(world: StorefrontWorld, day: int) -> dict[str, Callable[[], Iterator[Row]]]:
    """All rows at the end of a day, by table, made one by one."""

    def rows_of(table: str) -> Callable[[], Iterator[Row]]:
        return lambda: ROWS[table](world, range(count(world, table, day)), day)

    return {table: rows_of(table) for table in COLUMNS}
