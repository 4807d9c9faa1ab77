"""The rows of the totesys tables, as they are at the end of a day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from waybill_sources import totesys_days as days
from waybill_sources import totesys_names as names
from waybill_sources.draws import Draw, fraction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from waybill_sources.totesys_days import TotesysWorld

Row = tuple[Any, ...]

COLUMNS: dict[str, tuple[str, ...]] = {
    "address": (
        "address_id", "address_line_1", "address_line_2", "district", "city", "postal_code", "country", "phone",
        "created_at", "last_updated",
    ),
    "counterparty": (
        "counterparty_id", "counterparty_legal_name", "legal_address_id", "commercial_contact", "delivery_contact",
        "created_at", "last_updated",
    ),
    "currency": ("currency_id", "currency_code", "created_at", "last_updated"),
    "department": (
        "department_id", "department_name", "location", "manager", "created_at", "last_updated",
    ),
    "design": (
        "design_id", "created_at", "design_name", "file_location", "file_name", "last_updated",
    ),
    "payment": (
        "payment_id", "created_at", "last_updated", "transaction_id", "counterparty_id", "payment_amount",
        "currency_id", "payment_type_id", "paid", "payment_date", "company_ac_number", "counterparty_ac_number",
    ),
    "payment_type": ("payment_type_id", "payment_type_name", "created_at", "last_updated"),
    "purchase_order": (
        "purchase_order_id", "created_at", "last_updated", "staff_id", "counterparty_id", "item_code",
        "item_quantity", "item_unit_price", "currency_id", "agreed_delivery_date", "agreed_payment_date",
        "agreed_delivery_location_id",
    ),
    "sales_order": (
        "sales_order_id", "created_at", "last_updated", "design_id", "staff_id", "counterparty_id", "units_sold",
        "unit_price", "currency_id", "agreed_delivery_date", "agreed_payment_date", "agreed_delivery_location_id",
    ),
    "staff": (
        "staff_id", "first_name", "last_name", "department_id", "email_address", "created_at", "last_updated",
    ),
    "transaction": (
        "transaction_id", "transaction_type", "sales_order_id", "purchase_order_id", "created_at", "last_updated",
    ),
}  # fmt: skip
"""The eleven tables, by name, with their columns."""

_ADDRESSES = 30
_PARTIES = 20
_STAFF = 20
_SALES = 0.7064
_CODE_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SWAPPED_EVERY = 400


def _designs(world: TotesysWorld) -> int:
    return 20 + min(world.orders // 33, 450)


def _address(world: TotesysWorld, number: int, day: int) -> Row:
    draw = Draw(world.seed, "address", number)
    line_2 = draw.pick(names.BUILDINGS) if draw.chance(0.33) or number == 1 else None
    district = draw.pick(names.DISTRICTS) if draw.chance(0.53) or number == 1 else None
    city = f"{draw.pick(names.TOWNS)}{draw.pick(('', ' Green', '-on-Sea', ' St. Mary'))}"
    postal_code = f"{draw.integer(100, 99_999):05d}" + draw.pick(
        ("", f"-{draw.integer(0, 9_999):04d}")
    )
    phone = f"{draw.integer(0, 9_999):04d} {draw.integer(0, 999_999):06d}"
    country = names.COUNTRIES[number % len(names.COUNTRIES)]
    line_1 = f"{draw.integer(1, 9_999)} {draw.pick(names.STREETS)}"
    row = (number + 1, line_1, line_2, district, city, postal_code, country, phone)
    if changed := _last_change(world, "address", _ADDRESSES, number, day):
        draw = Draw(world.seed, "address", number, changed)
        line_1 = f"{draw.integer(1, 9_999)} {draw.pick(names.STREETS)}"
        row = (number + 1, line_1, line_2, district, city, postal_code, country, f"0{phone[1:]}")
    return (*row, days.FIRST_MOMENT, _updated(world, changed))


def _counterparty(world: TotesysWorld, number: int, day: int) -> Row:
    changed = _last_change(world, "counterparty", _PARTIES, number, day)
    draw = Draw(world.seed, "counterparty", number)
    address, delivery = draw.integer(1, _ADDRESSES), _person(draw)
    contact = _person(Draw(world.seed, "contact", number, changed))
    row = (number + 1, names.FIRMS[number], address, contact, delivery)
    return (*row, days.FIRST_MOMENT, _updated(world, changed))


def _department(world: TotesysWorld, number: int, day: int) -> Row:
    name, location, manager = names.DEPARTMENTS[number]
    changed = _last_change(world, "department", len(names.DEPARTMENTS), number, day)
    if changed:
        location = location.replace("Leeeds", "Leeds")
        manager = _person(Draw(world.seed, "manager", number, changed))
    return (number + 1, name, location, manager, days.FIRST_MOMENT, _updated(world, changed))


def _last_change(world: TotesysWorld, table: str, rows: int, number: int, day: int) -> int:
    """The last next day up to `day` on which a row of a dimension was changed; 0: never."""
    misspelt = 3
    for changed in range(day, 0, -1):
        target = int(fraction(world.seed, "changed", table, changed) * rows)
        if (misspelt if table == "department" and changed == 1 else target) == number:
            return changed
    return 0


def _updated(world: TotesysWorld, changed: int) -> dt.datetime:
    return days.changed_at(world, changed) if changed else days.FIRST_MOMENT


def _person(draw: Draw) -> str:
    return f"{draw.pick(names.FIRST_NAMES)} {draw.pick(names.LAST_NAMES)}"


def _staff(world: TotesysWorld, number: int) -> Row:
    first, last = names.FIRST_NAMES[number], names.LAST_NAMES[number]
    department = Draw(world.seed, "staff", number).integer(1, len(names.DEPARTMENTS))
    e_mail = f"{first}.{last.replace(chr(39), '')}@totesys.example".lower()
    return (number + 1, first, last, department, e_mail, days.FIRST_MOMENT, days.FIRST_MOMENT)


def _design(world: TotesysWorld, number: int) -> Row:
    first, base = 20, _designs(world)
    created = days.FIRST_MOMENT
    if number >= base:
        created = days.changed_at(world, number - base + 1)
    elif number >= first:
        created = days.created_at(world, (number - first) * world.orders // (base - first))
    draw = Draw(world.seed, "design", number)
    material = draw.pick(names.MATERIALS)
    drawn = created.date() - dt.timedelta(days=draw.integer(1, 900))
    code = "".join(draw.pick(_CODE_CHARACTERS) for _ in range(4))
    file = f"{material}-{drawn:%Y%m%d}-{code}.json".lower()
    return (number + 1, created, material, draw.pick(names.FOLDERS), file, created)


def orders(world: TotesysWorld, table: str, numbers: range, day: int) -> Iterator[Row]:
    """Rows of one of the tables that grow with the orders.

    Args:
        world: The settings of the samples.
        table: `sales_order`, `purchase_order`, `transaction` or `payment`.
        numbers: The orders, from 0.
        day: The day whose end is meant.
    """
    before = range(numbers.start)
    sales = sum(fraction(world.seed, "kind", number) < _SALES for number in before)
    today = days.date(day)
    for number in numbers:
        is_sale = fraction(world.seed, "kind", number) < _SALES
        sales += is_sale
        order_id = sales if is_sale else number + 1 - sales
        if table in {"sales_order", "purchase_order"} and is_sale != (table == "sales_order"):
            continue
        created = days.created_at(world, number)
        if table == "transaction":
            kind = ("SALE", order_id, None) if is_sale else ("PURCHASE", None, order_id)
            yield (number + 1, *kind, created, created)
            continue
        draw = Draw(world.seed, "order", number)
        party, staff, currency = (
            draw.integer(1, _PARTIES),
            draw.integer(1, _STAFF),
            draw.integer(1, 3),
        )
        units = draw.integer(1_000, 99_999) if is_sale else draw.integer(1, 999)
        price = Decimal(draw.integer(200, 400) if is_sale else draw.integer(300, 99_999)).scaleb(-2)
        due = created.date() + dt.timedelta(days=draw.integer(0, 6))
        delivery = created.date() + dt.timedelta(days=draw.integer(0, 7))
        if table == "payment":
            is_paid = days.is_settled(created, due, today)
            updated = days.settled_at(world, due) if is_paid else created
            accounts = (draw.integer(10_000_000, 99_999_999), draw.integer(10_000_000, 99_999_999))
            money = (units * price, currency, 1 if is_sale else 3, is_paid, due.isoformat())
            yield (
                _payment_id(world, number),
                created,
                updated,
                number + 1,
                party,
                *money,
                *accounts,
            )
            continue
        location = draw.integer(1, _ADDRESSES)
        terms = (currency, delivery.isoformat(), due.isoformat(), location)
        if is_sale:
            known = _known_designs(world, number)
            design = draw.integer(1, known)
            yield (order_id, created, created, design, staff, party, units, price, *terms)
        else:
            code = "".join(draw.pick(_CODE_CHARACTERS) for _ in range(7))
            yield (order_id, created, created, staff, party, code, units, price, *terms)


def _known_designs(world: TotesysWorld, number: int) -> int:
    """How many designs there are when an order is made."""
    first, base = 20, _designs(world)
    return base if number >= world.orders else first + number * (base - first) // world.orders


def _payment_id(world: TotesysWorld, number: int) -> int:
    """Mostly the transaction's id, but not always: two sessions drew theirs in another order."""
    if number >= world.orders - 1:
        return number + 1
    position = number % _SWAPPED_EVERY
    return number + 2 if position == 0 else number if position == 1 else number + 1


def tables(world: TotesysWorld, day: int) -> dict[str, Callable[[], Iterator[Row]]]:
    """All rows at the end of a day, by table; those that grow with the orders are made one by one."""
    first = days.FIRST_MOMENT
    total = world.total(day)
    small: dict[str, list[Row]] = {
        "address": [_address(world, number, day) for number in range(_ADDRESSES)],
        "counterparty": [_counterparty(world, number, day) for number in range(_PARTIES)],
        "currency": [(at, code, first, first) for at, code in enumerate(names.CURRENCIES, 1)],
        "department": [_department(world, number, day) for number in range(len(names.DEPARTMENTS))],
        "design": [_design(world, number) for number in range(_designs(world) + day)],
        "payment_type": [
            (at, name, first, first) for at, name in enumerate(names.PAYMENT_TYPES, 1)
        ],
        "staff": [_staff(world, number) for number in range(_STAFF)],
    }

    def rows_of(table: str) -> Callable[[], Iterator[Row]]:
        if table in small:
            return lambda: iter(small[table])
        return lambda: orders(world, table, range(total), day)

    return {table: rows_of(table) for table in COLUMNS}
