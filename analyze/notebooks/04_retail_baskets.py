# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: waybill
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   waybill:
#     domain: retail
# ---

# %% [markdown]
# # What is bought together: market basket analysis
#
# A basket is an invoice that sells goods. For a pair of goods A and B
#
# - *support* is the part of all baskets that hold both,
# - *confidence* of A to B is the part of the baskets with A that hold B as well,
# - *lift* is how many times as often both are together as if they had nothing to do with each other.
#
# The mart `rpt_item_pairs` holds every pair above the variable `item_pairs_min_support`; amounts are in pounds.

# %%
import pandas as pd
from sqlalchemy import text

from waybill_analyze import charts, intervals, queries, wording
from waybill_analyze.findings import catalogue, retail
from waybill_analyze.formats import Column
from waybill_analyze.notebooks.showing import chart, conclusions, connect, table

warehouse = connect()

# %% [markdown]
# ## How large a basket is

# %%
BASKETS = """
    select
        size_band,
        min(band_rank) as band_rank,
        sum(basket_count) as basket_count,
        sum(gross_amount) as gross_amount
    from retail.rpt_basket_sizes
    group by size_band
    order by 2
"""
with warehouse.connect() as session:
    sizes = pd.read_sql(text(BASKETS), session)
sizes["basket_share"] = sizes["basket_count"] / sizes["basket_count"].sum()
sizes["gross_share"] = sizes["gross_amount"] / sizes["gross_amount"].sum()
table(
    sizes,
    [
        Column("size_band", "Different goods"),
        Column("basket_count", "Baskets", "count"),
        Column("basket_share", "of all baskets", "share"),
        Column("gross_amount", "Charged", "money"),
        Column("gross_share", "of all charged", "share"),
    ],
    caption="Baskets by how many different goods are in them",
)

# %% [markdown]
# ## Pairs
#
# With some hundred pairs a few look strange by chance alone. So for each the ratio is worked out by which B is likelier
# on an invoice with A than on one without, with an interval at a level at which all pairs hold together at 95 %; the
# pairs are in the order of its lower end.

# %%
pairs = retail.pairs(queries.rows(warehouse, "retail/pairs"))
shown = pd.DataFrame(
    [
        {
            "first": pair.first,
            "second": pair.second,
            "baskets": pair.baskets,
            "confidence": pair.confidence,
            "lift": pair.lift,
            "low": pair.ratio.low,
            "high": pair.ratio.high,
        }
        for pair in pairs[:20]
    ],
    columns=["first", "second", "baskets", "confidence", "lift", "low", "high"],
)
table(
    shown,
    [
        Column("first", "A"),
        Column("second", "B"),
        Column("baskets", "Baskets with both", "count"),
        Column("confidence", "Confidence of A to B", "share"),
        Column("lift", "Lift", "number"),
        Column("low", "Ratio from", "number"),
        Column("high", "to", "number"),
    ],
    caption=f"The first {len(shown)} of {len(pairs)} pairs",
)

# %%
for finding in catalogue.of(warehouse, "retail", "bought-together"):
    top = pd.DataFrame(
        {"pair": finding.figure.categories, "lift": list(finding.figure.series[0].values)}
    )
    display(  # noqa: F821 - Jupyter's
        chart(
            charts.bars(top, Column("pair", "Pair"), Column("lift", "Lift", "number")),
            finding.figure.title,
        )
    )

# %% [markdown]
# ## One customer, or many?
#
# A pair can be one customer's standing order. So for the first pairs the customers behind it are counted, and the part
# of the common invoices that the busiest of them has.

# %%
CUSTOMERS = """
    select
        one.invoice_number,
        max(one.customer_number) as customer_number
    from retail.fct_invoice_lines as one
    inner join retail.fct_invoice_lines as other on one.invoice_number = other.invoice_number
    where one.item_code = :first and other.item_code = :second and one.is_sale and other.is_sale
    group by one.invoice_number
"""
codes = queries.rows(warehouse, "retail/pairs").set_index(
    ["first_description", "second_description"]
)
behind = []
with warehouse.connect() as session:
    for pair in pairs[:10]:
        if (pair.first, pair.second) not in codes.index:
            continue
        row = codes.loc[[(pair.first, pair.second)]].iloc[0]
        invoices = pd.read_sql(
            text(CUSTOMERS),
            session,
            params={"first": row["first_item_code"], "second": row["second_item_code"]},
        )
        named = invoices["customer_number"].dropna()
        behind.append(
            {
                "pair": pair.label,
                "invoices": len(invoices),
                "customers": named.nunique(),
                "busiest": named.value_counts().max() / len(invoices) if len(named) else None,
            }
        )
behind = pd.DataFrame(behind, columns=["pair", "invoices", "customers", "busiest"])
table(
    behind,
    [
        Column("pair", "Pair"),
        Column("invoices", "Common invoices", "count"),
        Column("customers", "Customers", "count"),
        Column("busiest", "of the busiest", "share"),
    ],
    caption="Who buys the first pairs",
)

# %%
further = []
if len(behind):
    first = behind.iloc[0]
    busiest = first["busiest"] or 0
    spread = "many" if busiest < 0.2 else "few"
    further.append(
        f"The first pair is on {wording.counted(first['invoices'], 'invoice')} of"
        f" {wording.counted(first['customers'], 'customer')}, of whom the busiest has {wording.percent(busiest)}: it rests"
        f" on {spread}. Invoices without a customer's number are not told apart."
    )
if len(sizes):
    large = sizes[sizes["band_rank"] >= sizes["band_rank"].max() - 1]
    share = intervals.share(large["basket_count"].sum(), sizes["basket_count"].sum())
    further.append(
        f"Baskets of {wording.listed(list(large['size_band']))} different goods are {wording.percent(share.value)} of all"
        f" ({wording.sure(share, wording.percent, 'baskets')}) and bring {wording.percent(large['gross_share'].sum())} of"
        " what is charged: pairs are found in them first of all, as they hold more pairs."
    )

# %% [markdown]
# ## What the numbers say, and how sure that is

# %%
conclusions(catalogue.of(warehouse, "retail", "bought-together", "returns"), further)
