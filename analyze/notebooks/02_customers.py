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
# # Customers: segments, coming back, lifetime value
#
# A person is a `customer_unique_id`, as each order has a `customer_id` of its own
# (docs/decisions/identity.md). Amounts are in reais and are what was spent so far.

# %%
import pandas as pd
from sqlalchemy import text

from waybill_analyze import charts, intervals, queries, wording
from waybill_analyze.findings import catalogue
from waybill_analyze.formats import Column
from waybill_analyze.notebooks.showing import chart, conclusions, connect, table

warehouse = connect()

# %% [markdown]
# ## Segments
#
# Recency, frequency and money, each in fifths by rank, make eight segments; the rule stands in the mart
# `customer_lifetime_value` and nowhere else.

# %%
segments = queries.rows(warehouse, "marketplace/segment_value")
table(
    segments,
    [
        Column("rfm_segment", "Segment"),
        Column("customer_count", "People", "count"),
        Column("customer_share", "of all people", "share"),
        Column("revenue", "Revenue", "money"),
        Column("revenue_share", "of all revenue", "share"),
        Column("average_order_value", "Per order", "money"),
    ],
    caption="Segments, the best first",
)

# %%
shares = segments.melt(
    id_vars="rfm_segment",
    value_vars=["customer_share", "revenue_share"],
    var_name="what",
    value_name="share",
).replace({"what": {"customer_share": "People", "revenue_share": "Revenue"}})
chart(
    charts.grouped_bars(
        shares,
        Column("rfm_segment", "Segment"),
        Column("share", "Share", "share"),
        Column("what", ""),
    ),
    "Share of people and of revenue by segment",
)

# %% [markdown]
# ## Who comes back
#
# Each row is a month of first orders, each column the months since. A cell is the part of these people who ordered in
# that month, so that the diagonal edge is where the data end. Only cohorts of thirty people and more are shown.

# %%
COHORTS = """
    select
        cohort_month_start_date,
        months_since,
        is_complete,
        cohort_customer_count,
        retention_share,
        revenue
    from marketplace.rpt_customer_cohorts
    order by cohort_month_start_date, months_since
"""
with warehouse.connect() as session:
    cohorts = pd.read_sql(text(COHORTS), session)
shown = cohorts[
    (cohorts["cohort_customer_count"] >= 30)
    & cohorts["months_since"].between(1, 12)
    & cohorts["is_complete"]
]
chart(
    charts.heat(
        shown,
        Column("months_since", "Months since the first order", "count"),
        Column("cohort_month_start_date", "First order in", "month"),
        Column("retention_share", "Ordered again", "share"),
    ),
    "Part of the people who ordered again, by month of the first order and months since",
)

# %% [markdown]
# ## Lifetime value
#
# What a person has brought in by so many months after the first order, of cohorts that could be followed for all of
# them. The interval is over cohorts: the months in which people came differ more than people within one do.

# %%
SPAN = 12
whole = cohorts[cohorts["is_complete"]]
reach = whole.groupby("cohort_month_start_date")["months_since"].max()
lengths = [
    span
    for span in range(SPAN, -1, -1)
    if whole.loc[
        whole["cohort_month_start_date"].isin(reach[reach >= span].index)
        & (whole["months_since"] == 0),
        "cohort_customer_count",
    ].sum()
    >= 30
]
span = lengths[0] if lengths else 0
followed = whole[
    whole["cohort_month_start_date"].isin(reach[reach >= span].index)
    & (whole["months_since"] <= span)
]
values = followed.pivot_table(
    index="cohort_month_start_date", columns="months_since", values="revenue", aggfunc="sum"
).cumsum(axis=1)
people = followed[followed["months_since"] == 0].set_index("cohort_month_start_date")[
    "cohort_customer_count"
]
per_person = values.div(people, axis=0)
curve = pd.DataFrame(
    {
        "months_since": values.columns,
        "value": [values[month].sum() / people.sum() for month in values.columns],
    }
)
table(
    curve,
    [
        Column("months_since", "Months since the first order", "count"),
        Column("value", "Spent per person, reais", "money"),
    ],
    caption=f"Lifetime value of {people.sum():,} people who could be followed for {span} months",
)

# %% [markdown]
# How unequal it is: the part of the revenue that comes from the people who spent most.

# %%
spent = queries.rows(warehouse, "marketplace/lifetime_values")
spent = spent.sort_values("revenue", ascending=False)
spent["people"] = spent["customer_count"].astype(float).cumsum() / spent["customer_count"].sum()
money = (spent["revenue"].astype(float) * spent["customer_count"].astype(float)).cumsum()
spent["money"] = money / money.iloc[-1]
top_tenth = spent.loc[spent["people"] >= 0.1, "money"].iloc[0]
median = spent.loc[spent["people"] >= 0.5, "revenue"].iloc[0]
table(
    pd.DataFrame(
        [
            {"part": part, "money": spent.loc[spent["people"] >= part, "money"].iloc[0]}
            for part in (0.01, 0.05, 0.1, 0.2, 0.5)
        ]
    ),
    [
        Column("part", "People who spent most", "share"),
        Column("money", "Part of the revenue", "share"),
    ],
    caption="Concentration of the revenue",
)

# %%
end = intervals.mean([float(each) for each in per_person[span]])
start = curve["value"].iloc[0]
gain = curve["value"].iloc[-1] - start
further = [
    (
        f"The tenth of the people who spent most bring {wording.percent(top_tenth, 0)} of the revenue; half of the people"
        f" have spent {wording.money(float(median), 'reais')} or less."
    ),
    f"After {wording.counted(span, 'month')} a person has brought {wording.money(curve['value'].iloc[-1], 'reais')};"
    f" {wording.percent(gain / start)} more than in the month of the first order"
    f" (mean of the cohorts {wording.money(end.value)}; {wording.sure(end, wording.money, 'cohorts')})."
    " So a forecast of lifetime value stands or falls with the value of the first order."
    if gain < start
    else f"After {wording.counted(span, 'month')} a person has brought"
    f" {wording.money(curve['value'].iloc[-1], 'reais')}, {wording.times(1 + gain / start)} the first month"
    f" (mean of the cohorts {wording.money(end.value)}; {wording.sure(end, wording.money, 'cohorts')}).",
]

# %% [markdown]
# ## What the numbers say, and how sure that is

# %%
conclusions(catalogue.of(warehouse, "marketplace", "repeat", "segments"), further)
