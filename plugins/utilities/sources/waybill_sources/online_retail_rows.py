"""The lines of one day's invoices, as the shop's files have them: with their traps."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from waybill_sources.draws import Draw, Quantiles, Weighted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COLUMNS = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country",
)  # fmt: skip
FIRST_INVOICE = 536_365
_INVOICES_A_DAY = 100
"""Numbers kept for a day; a file has fewer."""
_CUSTOMERS = 90
_ITEMS = 150
_RENAMED_ON = 4
"""From this day on, each seventh item has another description."""
ADJUSTED_ON = 3
"""The day with adjustments of bad debt."""

_COUNTRIES = Weighted.of(
    {"United Kingdom": 88.0, "Germany": 4.0, "France": 3.0, "EIRE": 3.0, "Hong Kong": 1.0, "Unspecified": 1.0}
)  # fmt: skip
_LINES: Quantiles = ((0, 1), (0.25, 3), (0.5, 8), (0.75, 16), (0.95, 30), (1, 45))
_PIECES: Quantiles = ((0, 1), (0.4, 3), (0.6, 8), (0.8, 13), (0.95, 40), (1, 480))
_PENCE: Quantiles = ((0, 12), (0.25, 85), (0.5, 165), (0.75, 375), (0.95, 995), (1, 2_995))
_MATERIALS = ("METAL", "WOODEN", "GLASS", "CERAMIC", "PAPER", "VINTAGE", "RETROSPOT", "POLKADOT")
_COLOURS = ("RED", "CREAM", "BLUE", "PINK", "WHITE")
_THINGS = (
    "LANTERN",
    "T-LIGHT HOLDER",
    "LUNCH BAG",
    "CAKE TIN",
    "PHOTO FRAME",
    "BUNTING",
    "DOORMAT",
)

_ANONYMOUS = 0.25
_CANCELS = 0.16
_LOWER_CASE = 0.02
_TWICE = 0.015
_NOT_STOCK = (
    # code, description, pence, pieces
    ("POST", "POSTAGE", 1_800, 2),
    ("DOT", "DOTCOM POSTAGE", 5_642, 1),
    ("M", "Manual", 125, 1),
    ("C2", "CARRIAGE", 5_000, 1),
    ("BANK CHARGES", "Bank Charges", 1_500, 1),
    ("gift_0001_20", "Dotcomgiftshop Gift Voucher £20.00", 1_667, 1),
)
_REMARKS = ("damaged", "?", "wet/rusty, thrown away", "lost", "")


@dataclass(frozen=True)
class Line:
    """A line of an invoice.

    Attributes:
        tenths: Price of a piece in tenths of a penny.
        customer: Number of the customer, or None.
    """

    invoice: str
    code: str
    description: str
    quantity: int
    written_at: dt.datetime
    tenths: int
    customer: int | None
    country: str

    def text(self) -> str:
        """The line as the files have it, with its end."""
        pounds, rest = divmod(abs(self.tenths), 1_000)
        price = f"{'-' if self.tenths < 0 else ''}{pounds}.{f'{rest:03d}'.rstrip('0') or '0'}"
        customer = "" if self.customer is None else f"{self.customer}.0"
        values = (
            self.invoice,
            self.code,
            self.description,
            self.quantity,
            self.written_at,
            price,
            customer,
        )
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow((*values, self.country))
        return buffer.getvalue()


def lines(seed: int, day: int, date: dt.date, invoices: int) -> list[Line]:
    """What the shop wrote on one day.

    Args:
        seed: Another one gives other lines.
        day: Number of the day of business, from 0.
        date: Its date.
        invoices: How many sales it has.
    """
    written: list[Line] = []
    number = FIRST_INVOICE + day * _INVOICES_A_DAY
    for place in range(invoices):
        draw = Draw(seed, "invoice", day, place)
        at = dt.datetime.combine(date, dt.time(8)) + dt.timedelta(
            minutes=9 * place + draw.integer(0, 8)
        )
        sale = list(_sale(draw, seed, day, str(number), at))
        written += sale
        number += 1
        if draw.chance(_CANCELS) or place == 0:
            later = at + dt.timedelta(minutes=draw.integer(1, 8))
            written += _cancelled(draw, sale, f"C{number}", later)
            number += 1
    closing = dt.datetime.combine(date, dt.time(17, 30))
    written += _moved_stock(seed, day, number, closing)
    if day == ADJUSTED_ON:
        written += _adjusted(number + 10, closing)
    return written


def corrected(sent: list[Line]) -> list[Line]:
    """The same day after somebody mended it: a line is gone, one has another quantity, one is new."""
    first, _, *others = sent
    added = replace(first, code="PADS", description="PADS TO MATCH ALL CUSHIONS", tenths=1)
    return [replace(first, quantity=first.quantity + 5), *others, added]


def _item(seed: int, number: int, day: int) -> tuple[str, str, int]:
    """Code, description and pence of an item of stock on a day."""
    draw = Draw(seed, "item", number)
    code = str(20_000 + number * 37) + draw.pick(("", "", "", "A", "B", "C", "BL"))
    words = (draw.pick(_COLOURS), draw.pick(_MATERIALS), draw.pick(_THINGS))
    description = " ".join(words)
    if number % 7 == 0:
        description = (
            f"{description}, SET OF {2 + number % 5}" if day >= _RENAMED_ON else f"{description} "
        )
    return code, description, draw.spread(_PENCE)


def _mostly_low(draw: Draw, count: int) -> int:
    """A number below `count`: a few customers buy often, and a few items are in most baskets."""
    share = draw.unit()
    return int(share * share * count)


def _sale(draw: Draw, seed: int, day: int, invoice: str, at: dt.datetime) -> Iterator[Line]:
    customer, country = None, "United Kingdom"
    if not draw.chance(_ANONYMOUS):
        customer = 12_346 + _mostly_low(draw, _CUSTOMERS)
        country = Draw(seed, "customer", customer).weighted(_COUNTRIES)
    for _ in range(max(1, draw.spread(_LINES))):
        code, description, pence = _item(seed, _mostly_low(draw, _ITEMS), day)
        pence = pence * 2 if customer is None else pence
        code = code.lower() if draw.chance(_LOWER_CASE) else code
        pieces = max(1, draw.spread(_PIECES))
        line = Line(invoice, code, description, pieces, at, pence * 10, customer, country)
        yield line
        if draw.chance(_TWICE):
            yield line
    if country != "United Kingdom" or draw.chance(0.06):
        code, description, pence, pieces = draw.pick(_NOT_STOCK)
        # As the till does, it takes a minute more.
        later = at + dt.timedelta(minutes=1)
        yield Line(invoice, code, description, pieces, later, pence * 10, customer, country)


def _cancelled(draw: Draw, sale: list[Line], invoice: str, at: dt.datetime) -> Iterator[Line]:
    for line in sale[: draw.integer(1, 3)]:
        yield replace(line, invoice=invoice, written_at=at, quantity=-line.quantity)
    if draw.chance(0.2):
        first = sale[0]
        discount = replace(first, code="D", description="Discount", quantity=-1, tenths=5_440)
        yield replace(discount, invoice=invoice, written_at=at)


def _moved_stock(seed: int, day: int, number: int, at: dt.datetime) -> Iterator[Line]:
    """Stock that leaves or comes without a price: on invoices of one line, without a customer."""
    draw = Draw(seed, "stock", day)
    for place, remark in enumerate(_REMARKS):
        code, description, _ = _item(seed, draw.integer(0, _ITEMS - 1), day)
        is_found = place == day % len(_REMARKS)
        pieces = draw.integer(1, 90) * (1 if is_found else -1)
        text = description if is_found else remark
        yield Line(str(number + place), code, text, pieces, at, 0, None, "United Kingdom")


def _adjusted(number: int, at: dt.datetime) -> Iterator[Line]:
    for place, sign in enumerate((1, -1, -1)):
        yield Line(
            f"A{number + place}", "B", "Adjust bad debt", 1, at, sign * 11_062_060, None, "United Kingdom"
        )  # fmt: skip


def texts(written: Iterable[Line]) -> str:
    """A whole file."""
    return ",".join(COLUMNS) + "\n" + "".join(line.text() for line in written)
