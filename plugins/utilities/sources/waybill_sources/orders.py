"""An order of the samples with its customer, items and payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_sources import catalogue, clock, geography
from waybill_sources.draws import Draw, Quantiles, Weighted, fraction, identifier
from waybill_sources.lives import UNDATED, Life, life, twin
from waybill_sources.world import ORDERS_PER_PRODUCT, OrderKey, World

if TYPE_CHECKING:
    from waybill_sources.geography import Place

_ITEMS = Weighted.of(
    {1: 9007.0, 2: 762.0, 3: 134.0, 4: 51.0, 5: 21.0, 6: 20.0, 7: 2.0, 8: 1.0, 12: 1.0, 20: 1.0}
)
_INSTALMENTS = Weighted.of(
    {1: 335.0, 2: 162.0, 3: 136.0, 4: 92.0, 5: 68.0, 6: 51.0, 7: 21.0, 8: 56.0, 9: 8.0, 10: 69.0, 12: 1.0, 24: 1.0}
)  # fmt: skip
_MEANS = Weighted.of({"credit_card": 756.0, "boleto": 198.0, "voucher": 30.0, "debit_card": 16.0})
_WITHOUT_ITEMS_PAID: Quantiles = ((0, 2_000), (0.5, 11_000), (0.9, 28_000), (1, 90_000))
_REPEATS = 0.0335
_MOVES = 0.09
_DIFFERENT = 0.003
_SPLIT_FROM = 1_000

FORCED_WITHOUT_PAYMENT = 250
FORCED_DIFFERENCES = {260: 150, 261: -3, 262: 1}
"""Cents by which the payments of an order differ from its items, by number in the base files."""
FORCED_MOVES = {57: 12, 333: 44}
"""Orders of a known person from another place: number of the order, number of the person's first."""


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of an order; amounts in cents."""

    product: int
    seller: int
    price: int
    freight: int
    shipping_limit: int


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment of an order; the value in cents."""

    means: str
    instalments: int
    value: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order with all that arrives together with it."""

    key: OrderKey
    order_id: str
    customer_id: str
    person_id: str
    home: Place
    life: Life
    items: tuple[Item, ...]
    payments: tuple[Payment, ...]


def order_id(world: World, key: OrderKey) -> str:
    """Key of an order; the known exceptions of the contract have the contract's ids."""
    if key.day == 0 and key.number in UNDATED:
        return world.undated[UNDATED.index(key.number)]
    if key == (0, FORCED_WITHOUT_PAYMENT):
        return world.unpaid
    return identifier(world.seed, "order", *key)


def _person(world: World, key: OrderKey) -> tuple[OrderKey, bool]:
    """The person behind an order, by their first order, and whether they have moved since."""
    day, number = key
    if day == 0 and number in FORCED_MOVES:
        return OrderKey(0, FORCED_MOVES[number]), True
    if first := twin(world, key):
        return _person(world, first)
    earlier = number if day == 0 else world.orders
    is_mover = day > 0 and number < world.day_sizes.movers
    if earlier and (is_mover or fraction(world.seed, "repeat", *key) < _REPEATS):
        known = OrderKey(0, int(fraction(world.seed, "known", *key) * earlier))
        person, _ = _person(world, known)
        return person, is_mover or fraction(world.seed, "moves", *key) < _MOVES
    return key, False


def _home(world: World, key: OrderKey, person: OrderKey, *, has_moved: bool) -> Place:
    home = geography.place(Draw(world.seed, "home", *person))
    if not has_moved:
        return home
    draw = Draw(world.seed, "new home", *key)
    while (new := geography.place(draw)).prefix == home.prefix:
        pass
    return new


def _items(world: World, key: OrderKey, life_: Life, draw: Draw) -> tuple[Item, ...]:
    if life_.is_empty:
        return ()
    newest = key.number // ORDERS_PER_PRODUCT if key.day == 0 else world.products(key.day) - 1
    is_first_sale = key.day == 0 and key.number % ORDERS_PER_PRODUCT == 0
    number = newest if is_first_sale else draw.integer(0, newest)
    product = catalogue.product(world.seed, number)
    ready = life_.approved if life_.approved is not None else life_.purchased
    limit = ready + draw.integer(48, 216) * clock.HOUR
    items: list[Item] = []
    for position in range(draw.weighted(_ITEMS)):
        if position and draw.chance(0.3):
            number = draw.integer(0, newest)
            product = catalogue.product(world.seed, number)
        items.append(Item(number, product.seller, product.price, product.freight, limit))
    return tuple(items)


def _payments(key: OrderKey, items: tuple[Item, ...], draw: Draw) -> tuple[Payment, ...]:
    if key == (0, FORCED_WITHOUT_PAYMENT):
        return ()
    due = sum(item.price + item.freight for item in items) or draw.spread(_WITHOUT_ITEMS_PAID)
    due += _difference(key, draw)
    means = draw.weighted(_MEANS)
    instalments = draw.weighted(_INSTALMENTS) if means == "credit_card" else 1
    if not draw.chance(0.03):
        return (Payment(means, instalments, due),)
    parts: list[Payment] = []
    while due > _SPLIT_FROM and (not parts or draw.chance(0.35)):
        value = draw.integer(0, due // 2)
        parts.append(Payment("voucher", 1, value))
        due -= value
    parts.insert(0, Payment(means, instalments, due))
    return tuple(parts)


def _difference(key: OrderKey, draw: Draw) -> int:
    """Cents by which the payments differ from the items: three in a thousand by more than one."""
    share = draw.unit()
    if key.day == 0 and key.number in FORCED_DIFFERENCES:
        return FORCED_DIFFERENCES[key.number]
    if share < _DIFFERENT:
        return draw.integer(2, 400)
    return 1 if share < 2 * _DIFFERENT else 0


def order(world: World, key: OrderKey) -> Order:
    """The order of that key."""
    draw = Draw(world.seed, "order", *key)
    life_ = life(world, key)
    person, has_moved = _person(world, key)
    items = _items(world, key, life_, draw)
    return Order(
        key=key,
        order_id=order_id(world, key),
        customer_id=identifier(world.seed, "customer", *key),
        person_id=identifier(world.seed, "person", *person),
        home=_home(world, key, person, has_moved=has_moved),
        life=life_,
        items=items,
        payments=_payments(key, items, draw),
    )
