"""The domains and their questions, in the order of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_analyze import warehouse, wording
from waybill_analyze.findings import customers, delivery, elsewhere, retail, sales
from waybill_analyze.findings.finding import Domain, Question, Tile

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

    from waybill_analyze.findings.finding import Finding, Found


def _marketplace(facts: pd.Series) -> tuple[Tile, ...]:
    return (
        Tile("Orders", wording.number(facts["order_count"])),
        Tile("Sales", wording.money(float(facts["total_sale_amount"]), sales.CURRENCY)),
        Tile("Average order", wording.money(float(facts["average_order_value"]), sales.CURRENCY)),
        Tile("Late", _percent(facts["late_share"])),
        Tile("Review score", _score(facts["average_review_score"])),
    )


def _retail(facts: pd.Series) -> tuple[Tile, ...]:
    return (
        Tile("Orders", wording.number(facts["order_count"])),
        Tile("Charged", wording.money(float(facts["gross_amount"]), retail.CURRENCY)),
        Tile("Net", wording.money(float(facts["net_amount"]), retail.CURRENCY)),
        Tile("Given back", _percent(facts["returned_share"])),
    )


def _trade(facts: pd.Series) -> tuple[Tile, ...]:
    currency = str(facts["reporting_currency_code"])
    return (
        Tile("Sales orders", wording.number(facts["sales_order_count"])),
        Tile("Sales", wording.money(float(facts["reporting_sale_amount"]), currency)),
        Tile("Purchase orders", wording.number(facts["purchase_order_count"] or 0)),
        Tile("Purchases", wording.money(float(facts["reporting_purchase_amount"] or 0), currency)),
    )


def _storefront(facts: pd.Series) -> tuple[Tile, ...]:
    return (
        Tile("Customers", wording.number(facts["customer_count"])),
        Tile("Orders", wording.number(facts["order_count"])),
        Tile("Sales", wording.money(float(facts["amount"]))),
    )


def _attribution(facts: pd.Series) -> tuple[Tile, ...]:
    return (
        Tile("Checkouts", wording.number(facts["checkout_count"])),
        Tile("Revenue", wording.money(float(facts["revenue"]))),
    )


def _percent(share: object) -> str:
    return "unknown" if share is None else wording.percent(float(str(share)))


def _score(score: object) -> str:
    return "unknown" if score is None else f"{float(str(score)):.2f} of 5"


DOMAINS = (
    Domain(
        "marketplace",
        "Marketplace",
        "marketplace/report_facts",
        _marketplace,
        (
            Question(("marketplace/growth",), sales.growth),
            Question(
                ("marketplace/category_shares", "marketplace/category_shares_by_month"),
                sales.categories,
            ),
            Question(
                ("marketplace/repeat_by_months_since", "marketplace/lifetime_values"),
                customers.repeat,
            ),
            Question(
                ("marketplace/segment_value", "marketplace/lifetime_values"), customers.segments
            ),
            Question(("marketplace/late_by_state",), delivery.late_by_state),
            Question(("marketplace/scores_by_outcome",), delivery.late_reviews),
        ),
    ),
    Domain(
        "retail",
        "Retail",
        "retail/report_facts",
        _retail,
        (
            Question(("retail/returns_by_month",), retail.returns),
            Question(("retail/pairs",), retail.bought_together),
            Question(("retail/segment_value",), retail.segments),
        ),
    ),
    Domain(
        "trade",
        "Trade",
        "trade/report_facts",
        _trade,
        (Question(("trade/sales_by_week",), elsewhere.sales_by_week),),
    ),
    Domain(
        "storefront",
        "Storefront",
        "storefront/report_facts",
        _storefront,
        (Question(("storefront/spending",), elsewhere.spending),),
    ),
    Domain(
        "attribution",
        "Attribution",
        "attribution/report_facts",
        _attribution,
        (Question(("attribution/channels",), elsewhere.channels),),
    ),
)


def ask(engine: Engine, only: str | None = None) -> list[Found]:
    """Ask every domain that has marts, or only one.

    Args:
        engine: The warehouse.
        only: The domain's name.
    """
    names = [domain.name for domain in DOMAINS]
    present = warehouse.relations(engine, names)
    found = [domain.ask(engine, present) for domain in DOMAINS if only in (None, domain.name)]
    return [each for each in found if each]


def of(engine: Engine, domain: str, *names: str) -> list[Finding]:
    """Findings of a domain by their names, those that the warehouse has rows for."""
    return [
        finding
        for found in ask(engine, domain)
        for finding in found.findings
        if not names or finding.name in names
    ]
