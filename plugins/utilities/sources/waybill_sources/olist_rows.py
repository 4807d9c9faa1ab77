"""The rows of the Olist files, as the files of one day hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_sources import catalogue, clock, geography, lives, world
from waybill_sources.categories import TRANSLATED
from waybill_sources.csv_files import text
from waybill_sources.draws import Draw, fraction
from waybill_sources.orders import Order, order, order_id
from waybill_sources.reviews import Review, late_reviews, reviews
from waybill_sources.world import ORDERS_PER_PRODUCT

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_sources.lives import Life
    from waybill_sources.world import OrderKey, World

COLUMNS: dict[str, tuple[str, ...]] = {
    "customers": (
        "customer_id", "customer_unique_id", "customer_zip_code_prefix", "customer_city", "customer_state",
    ),
    "geolocation": (
        "geolocation_zip_code_prefix", "geolocation_lat", "geolocation_lng", "geolocation_city", "geolocation_state",
    ),
    "order_items": (
        "order_id", "order_item_id", "product_id", "seller_id", "shipping_limit_date", "price", "freight_value",
    ),
    "order_payments": (
        "order_id", "payment_sequential", "payment_type", "payment_installments", "payment_value",
    ),
    "order_reviews": (
        "review_id", "order_id", "review_score", "review_comment_title", "review_comment_message",
        "review_creation_date", "review_answer_timestamp",
    ),
    "orders": (
        "order_id", "customer_id", "order_status", "order_purchase_timestamp", "order_approved_at",
        "order_delivered_carrier_date", "order_delivered_customer_date", "order_estimated_delivery_date",
    ),
    "products": (
        "product_id", "product_category_name", "product_name_lenght", "product_description_lenght",
        "product_photos_qty", "product_weight_g", "product_length_cm", "product_height_cm", "product_width_cm",
    ),
    "sellers": ("seller_id", "seller_zip_code_prefix", "seller_city", "seller_state"),
    "product_category_name_translation": ("product_category_name", "product_category_name_english"),
}  # fmt: skip
"""Streams as the contract names them, with their columns as the files spell them."""

GEOLOCATION_ORDERS = 100_000
"""Base orders that add observations; after so many, the country is known well enough."""
LONGEST_LIFE = 260 * clock.DAY
"""No order changes later than this after it was bought."""


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _time(second: int | None) -> str:
    return "" if second is None else clock.text(second)


def _known(second: int | None, until: int) -> str:
    return "" if second is None or second >= until else clock.text(second)


def _order_line(found: Order, until: int) -> str:
    life = found.life
    delivered = "" if life.is_undated else _known(life.customer, until)
    return (
        f"{text(found.order_id)},{text(found.customer_id)},{lives.status(life, until)},"
        f"{clock.text(life.purchased)},{_known(life.approved, until)},{_known(life.carrier, until)},"
        f"{delivered},{clock.text(life.promised)}"
    )


def _is_changed(life: Life, start: int, end: int) -> bool:
    """Whether an order's row is another one at the end of a day than at its start."""
    times = (life.approved, life.carrier, life.customer, life.ended)
    if any(second is not None and start <= second < end for second in times):
        return True
    return lives.status(life, start) != lives.status(life, end)


def _write_arrival(seed: int, found: Order, write: Callable[[str, str], None]) -> None:
    """What arrives together with an order and never changes."""
    home, order_text = found.home, text(found.order_id)
    write(
        "customers",
        f"{text(found.customer_id)},{text(found.person_id)},{text(home.prefix)},{text(home.city)},{home.state}",
    )
    for number, item in enumerate(found.items, start=1):
        product = text(catalogue.product_id(seed, item.product))
        seller = text(catalogue.seller_id(seed, item.seller))
        write(
            "order_items",
            f"{order_text},{number},{product},{seller},{clock.text(item.shipping_limit)},"
            f"{_money(item.price)},{_money(item.freight)}",
        )
    for number, payment in enumerate(found.payments, start=1):
        write(
            "order_payments",
            f"{order_text},{number},{payment.means},{payment.instalments},{_money(payment.value)}",
        )
    if found.key.day or found.key.number < GEOLOCATION_ORDERS:
        draw = Draw(seed, "geolocation", *found.key)
        places = [
            home,
            *(catalogue.seller_home(seed, number) for number in _new_sellers(found.key)),
        ]
        for prefix, latitude, longitude, city, state in geography.observations(seed, draw, places):
            write("geolocation", f"{text(prefix)},{latitude},{longitude},{text(city)},{state}")


def _new_sellers(key: OrderKey) -> tuple[int, ...]:
    """The seller whose first product an order of the base files is the first to buy, if any."""
    product, is_later = divmod(key.number, ORDERS_PER_PRODUCT)
    seller, is_known = divmod(product, catalogue.PRODUCTS_PER_SELLER)
    return () if key.day or is_later or is_known else (seller,)


def _review_line(order_text: str, review: Review) -> str:
    title = text(review.title) if review.title else ""
    message = text(review.message) if review.message else ""
    return (
        f"{text(review.review_id)},{order_text},{review.score},{title},{message},"
        f"{_time(review.created)},{_time(review.answered)}"
    )


def write_orders(world_: World, days: range, write: Callable[[str, str], None]) -> None:
    """Write the orders, and what hangs on them, that are new or changed on the given days.

    Args:
        world_: The settings of the samples.
        days: Days of the samples; each row is written as it is at the end of the last of them.
        write: Takes each row.
    """
    start, end = world.start(days[0]), world.end(days[-1])
    for key in world_.keys(range(days[-1] + 1)):
        is_arrival = key.day in days
        if not is_arrival and lives.purchased_at(world_, key) < start - LONGEST_LIFE:
            continue
        found = order(world_, key)
        if is_arrival:
            _write_arrival(world_.seed, found, write)
        if is_arrival or _is_changed(found.life, start, end):
            write("orders", _order_line(found, end))
        for review in reviews(world_, key, found.life):
            if review.day in days:
                write("order_reviews", _review_line(text(found.order_id), review))
    for day in days:
        if day:
            for key, review in late_reviews(world_, day):
                write("order_reviews", _review_line(text(order_id(world_, key)), review))


def catalogued(world_: World, day: int) -> dict[int, int]:
    """Base products that had no category and have got one since, by number, with the day they did.

    Args:
        world_: The settings of the samples.
        day: The last day that counts; one product a day, as long as there are any left.
    """
    since: dict[int, int] = {}
    count = world_.products(0)
    for today in range(1, day + 1):
        first = int(fraction(world_.seed, "catalogued", today) * count)
        for number in (*range(first, count), *range(first)):
            if number not in since and catalogue.category(world_.seed, number) is None:
                since[number] = today
                break
    return since


def write_catalogue(world_: World, days: range, write: Callable[[str, str], None]) -> None:
    """Write products, sellers and, on day 0, the translation, that are new or changed."""
    first = world_.products(days[0] - 1) if days[0] else 0
    products = range(first, world_.products(days[-1]))
    since = catalogued(world_, days[-1])
    changed = (number for number, day in since.items() if day in days and number < first)
    for number in (*sorted(changed), *products):
        row = catalogue.product_row(world_.seed, number, is_catalogued=number in since)
        write("products", _line(row))
    for number in range(catalogue.sellers_of(first), catalogue.sellers_of(products.stop)):
        write("sellers", _line(catalogue.seller_row(world_.seed, number)))
    if days[0] == 0:
        for portuguese, english, _ in TRANSLATED:
            write("product_category_name_translation", f"{portuguese},{english}")


def _line(values: list[str | int | None]) -> str:
    return ",".join(
        "" if value is None else text(value) if isinstance(value, str) else str(value)
        for value in values
    )
