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
#     domain: marketplace
# ---

# %% [markdown]
# # Sales: growth, categories, days of the week
#
# Does the marketplace grow, by orders or by what an order is worth? On how few categories does it rest? And does it
# matter on which day somebody buys? All figures come from the marts of `marketplace`; amounts are in reais.

# %%
import pandas as pd
from scipy import stats
from sqlalchemy import text

from waybill_analyze import charts, intervals, queries, wording
from waybill_analyze.findings import catalogue
from waybill_analyze.formats import Column
from waybill_analyze.notebooks.showing import chart, conclusions, connect, table

warehouse = connect()

# %% [markdown]
# ## Month by month
#
# `is_complete` is false where the data end within the month; such a month is drawn lighter and compared with nothing.

# %%
months = queries.rows(warehouse, "marketplace/growth")
chart(
    charts.trend(
        months,
        Column("month_start_date", "Month", "month"),
        Column("total_sale_amount", "Sales, reais", "money"),
    ),
    "Sales by month of purchase",
)

# %%
months["average_order_value"] = months["total_sale_amount"] / months["order_count"].replace(
    0, pd.NA
)
table(
    months.tail(13),
    [
        Column("month_start_date", "Month", "month"),
        Column("order_count", "Orders", "count"),
        Column("total_sale_amount", "Sales", "money"),
        Column("average_order_value", "Per order", "money"),
        Column("is_complete", "Complete", "yes"),
    ],
    caption="The last thirteen months",
)

# %% [markdown]
# ## Categories
#
# How many categories are needed for a part of the sales: the steeper the curve begins, the fewer carry the shop.

# %%
categories = queries.rows(warehouse, "marketplace/category_shares")
categories["running_share"] = categories["share_of_sales"].astype(float).cumsum()
table(
    categories.head(15),
    [
        Column("sales_rank", "Rank", "count"),
        Column("category", "Category"),
        Column("total_sale_amount", "Sales", "money"),
        Column("share_of_sales", "Share", "share"),
        Column("running_share", "Running share", "share"),
    ],
    caption="The fifteen largest categories",
)

# %% [markdown]
# ## Days of the week
#
# Orders by day of the week over whole weeks, so that no day has been counted once more than another.

# %%
ORDERS_BY_DAY = """
    select
        dates.day_of_week,
        dates.day_name,
        dates.week_start_date,
        count(*) as order_count
    from marketplace.fct_orders as orders
    inner join common.dim_date as dates on orders.purchase_date = dates.date_id
    group by dates.day_of_week, dates.day_name, dates.week_start_date
    order by dates.week_start_date, dates.day_of_week
"""
with warehouse.connect() as session:
    by_day = pd.read_sql(text(ORDERS_BY_DAY), session)
# The first and the last week are not whole.
weeks = sorted(by_day["week_start_date"].unique())[1:-1]
whole = by_day[by_day["week_start_date"].isin(weeks)]
days = whole.groupby(["day_of_week", "day_name"], as_index=False)["order_count"].sum()
chart(
    charts.bars(days, Column("day_name", "Day"), Column("order_count", "Orders", "count")),
    "Orders by day of the week, over whole weeks",
)

# %% [markdown]
# Were all days alike, each would have a seventh of the orders. A chi-square test says how well that fits; Cramér's V
# says how large the difference is, whatever the number of orders.

# %%
counts = days["order_count"].astype(float).to_numpy()
total = counts.sum()
further = []
if total >= 70:
    test = stats.chisquare(counts)
    size = (test.statistic / (total * (len(counts) - 1))) ** 0.5
    weekend = intervals.share(
        days.loc[days["day_name"].isin(["Saturday", "Sunday"]), "order_count"].sum(), total
    )
    word = wording.verb(
        weekend,
        "more orders than two sevenths",
        "fewer orders than two sevenths",
        "as many orders as two days of seven have by chance",
        against=2 / 7,
    )
    chance = f"= {test.pvalue:.2g}" if test.pvalue >= 0.001 else "< 0.001"
    further.append(
        f"Saturday and Sunday have {word}: {wording.percent(weekend.value)}"
        f" ({wording.sure(weekend, wording.percent, 'orders')}). The days differ with p {chance}"
        f" and a size of {size:.2f} (Cramér's V; 0.1 is small). Promotions that fall on certain days would look the same."
    )

# %% [markdown]
# ## What the numbers say, and how sure that is

# %%
conclusions(catalogue.of(warehouse, "marketplace", "growth", "categories"), further)
