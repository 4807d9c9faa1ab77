"""The settings of the samples, as `extract/samples/samples.yml` holds them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class OlistDay:
    """What a next day appends to the Olist files, in rows of the named kind.

    Attributes:
        orders: Orders bought on that day.
        late_orders: Orders bought 3 to 25 days before that arrive on that day.
        movers: Among the new orders, those of a known person with another zip code prefix.
        late_reviews: Reviews of old orders, answered 5 to 15 days before, that arrive on that day.
        products: New products.
    """

    orders: int = 30
    late_orders: int = 2
    movers: int = 3
    late_reviews: int = 2
    products: int = 2


@dataclass(frozen=True)
class TotesysDay:
    """What a next day appends to the totesys tables.

    Attributes:
        orders: New sales and purchase orders, each with its transaction and payment.
        late_orders: Among them, those that become visible late.
        late_seconds: How much older than the newest row before it a late row is.
    """

    orders: int = 30
    late_orders: int = 1
    late_seconds: int = 90


@dataclass(frozen=True)
class OnlineRetail:
    """How large the Online Retail samples are.

    Attributes:
        days: Days of business in the base files; each next day adds one more.
        invoices: Sales of a day, of about ten lines each.
    """

    days: int = 10
    invoices: int = 14


@dataclass(frozen=True)
class StorefrontDay:
    """What a next day appends to the storefront tables.

    Attributes:
        orders: New orders, each with its items and some with reviews.
        late_seconds: How much older than the newest row before it the first of them is.
    """

    orders: int = 20
    late_seconds: int = 90


@dataclass(frozen=True)
class Settings:
    """What decides every row of the samples.

    Attributes:
        seed: Another seed gives other rows.
        orders: Olist orders, storefront orders, and totesys sales and purchase orders together.
    """

    seed: int = 20160904
    orders: int = 1_000
    olist_day: OlistDay = field(default_factory=OlistDay)
    totesys_day: TotesysDay = field(default_factory=TotesysDay)
    online_retail: OnlineRetail = field(default_factory=OnlineRetail)
    storefront_day: StorefrontDay = field(default_factory=StorefrontDay)


_PREFIX = "WAYBILL_SAMPLES_"

Part = TypeVar("Part", Settings, OlistDay, TotesysDay, StorefrontDay, OnlineRetail)


def settings_path() -> Path:
    """Where the settings stand in the project."""
    return project.root() / "extract" / "samples" / "samples.yml"


def load(path: Path | None = None) -> Settings:
    """Read the settings.

    Args:
        path: The YAML file; the project's own by default. WAYBILL_SAMPLES_ORDERS and
            WAYBILL_SAMPLES_SEED in the environment win over it.

    Raises:
        WaybillError: The file is missing, is not YAML, or holds a key or value it should not.
    """
    path = path or settings_path()
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"No settings of the samples at {path}."
        raise WaybillError(msg, "Restore extract/samples/samples.yml.") from error
    except yaml.YAMLError as error:
        msg = f"{path} is not valid YAML: {error}."
        raise WaybillError(msg, "Mend the file.") from error
    settings = _fill(Settings(), document, path.name)
    if value := os.environ.get(f"{_PREFIX}ORDERS"):
        settings = replace(settings, orders=_number(value, f"{_PREFIX}ORDERS"))
    if value := os.environ.get(f"{_PREFIX}SEED"):
        settings = replace(settings, seed=_number(value, f"{_PREFIX}SEED"))
    return settings


def _number(value: object, name: str, least: int = 1) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()) or int(text) < least:
        msg = f"{name} is {value!r}."
        raise WaybillError(msg, f"Set {name} to a whole number, {least} or more.")
    return int(text)


def _fill(part: Part, values: Any, place: str) -> Part:
    if not isinstance(values, dict):
        msg = f"{place}: a mapping is expected."
        raise WaybillError(msg, "Mend extract/samples/samples.yml.")
    known = {known.name for known in fields(part)}
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            msg = f"{place}: unknown setting {name!r}."
            raise WaybillError(msg, f"Use one of: {', '.join(sorted(known))}.")
        default = getattr(part, name)
        if is_dataclass(default):
            changes[name] = _fill(default, value, f"{place}: {name}")  # type: ignore[type-var]
        else:
            least = 1 if isinstance(part, Settings) else 0
            changes[name] = _number(value, f"{place}: {name}", least)
    return replace(part, **changes)
