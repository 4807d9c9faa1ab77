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
# # Delivery and reviews
#
# Where do parcels come late, and what does a late one do to the review? An order is late when it reached the customer on
# a later day than it was promised for; `review_score` is 1 to 5 stars.

# %%
import pandas as pd
from scipy import stats
from sqlalchemy import text

from waybill_analyze import charts, figures, intervals, wording
from waybill_analyze.findings import catalogue
from waybill_analyze.formats import Column
from waybill_analyze.notebooks.showing import chart, conclusions, connect, table

warehouse = connect()

# %% [markdown]
# ## Late by month

# %%
BY_MONTH = """
    select
        month_start_date,
        is_complete,
        sum(delivered_order_count) as delivered_order_count,
        sum(late_order_count) as late_order_count
    from marketplace.rpt_delivery_performance
    group by month_start_date, is_complete
    having sum(delivered_order_count) > 0
    order by month_start_date
"""
with warehouse.connect() as session:
    months = pd.read_sql(text(BY_MONTH), session)
months["late_share"] = months["late_order_count"] / months["delivered_order_count"]
chart(
    charts.trend(
        months,
        Column("month_start_date", "Month of purchase", "month"),
        Column("late_share", "Late, of delivered orders", "share"),
    ),
    "Part of the delivered orders that came late, by month of purchase",
)

# %% [markdown]
# ## Late by state
#
# A state with few orders has a wide interval; whether a state is worse than the others is a question of that, not of its
# rank.

# %%
found = catalogue.of(warehouse, "marketplace", "late-by-state", "late-reviews")
findings = {each.name: each for each in found}
if "late-by-state" in findings:
    figure = findings["late-by-state"].figure
    display(chart(figures.chart(figure), figures.described(figure)))  # noqa: F821 - Jupyter's

# %% [markdown]
# ## Scores by how late it was
#
# If lateness lowers the score, more of it should lower it more. Days are counted from the promised day.

# %%
BY_DAYS = """
    select
        case
            when days_late <= -15 then '15 days early or more'
            when days_late <= -8 then '8 to 14 days early'
            when days_late <= 0 then 'up to 7 days early'
            when days_late <= 3 then '1 to 3 days late'
            when days_late <= 7 then '4 to 7 days late'
            else '8 days late or more'
        end as how_late,
        min(days_late) as first_day,
        review_score,
        state,
        count(*) as review_count
    from (
        select
            cast(orders.delivered_at_local as date) - orders.estimated_delivery_date as days_late,
            reviews.review_score,
            customers.state
        from marketplace.fct_reviews as reviews
        inner join marketplace.fct_orders as orders on reviews.order_id = orders.order_id
        inner join marketplace.dim_customer as customers on orders.customer_key = customers.customer_key
        where orders.delivered_at_local is not null
    ) as reviewed
    group by 1, 3, 4
    order by 2, 3, 4
"""
with warehouse.connect() as session:
    reviews = pd.read_sql(text(BY_DAYS), session)


def score(rows: pd.DataFrame) -> intervals.Interval:
    """The mean score of rows that are counted."""
    found = intervals.Moments.counted(
        rows["review_score"].astype(float).tolist(), rows["review_count"].astype(float).tolist()
    )
    return intervals.mean_of_moments(found.size, found.average, found.variance)


order = reviews.groupby("how_late")["first_day"].min().sort_values().index
steps = pd.DataFrame(
    [
        {
            "how_late": name,
            "value": each.value,
            "low": each.low,
            "high": each.high,
            "size": each.size,
        }
        for name in order
        for each in [score(reviews[reviews["how_late"] == name])]
    ]
)
table(
    steps,
    [
        Column("how_late", "Delivered"),
        Column("size", "Reviews", "count"),
        Column("value", "Mean score", "score"),
        Column("low", "from", "score"),
        Column("high", "to", "score"),
    ],
    caption="Mean score with its 95 % interval",
)

# %% [markdown]
# ## Is it the place rather than the delay?
#
# Far states get more late parcels. If distance alone made people unhappy, late and punctual parcels of one state would
# be liked alike. So the two are compared within each state, and the differences averaged by the number of late ones.

# %%
reviews["is_late"] = reviews["first_day"] > 0
within = []
for state, rows in reviews.groupby("state"):
    late, punctual = score(rows[rows["is_late"]]), score(rows[~rows["is_late"]])
    if min(late.size, punctual.size) >= 5:
        within.append(
            {"state": state, "size": late.size, "difference": late.value - punctual.value}
        )
within = pd.DataFrame(within, columns=["state", "size", "difference"])
further = []
if len(within) >= 2:
    average = (within["difference"] * within["size"]).sum() / within["size"].sum()
    below = intervals.share(int((within["difference"] < 0).sum()), len(within))
    late, punctual = (
        intervals.Moments.counted(
            rows["review_score"].astype(float).tolist(), rows["review_count"].astype(float).tolist()
        )
        for rows in (reviews[reviews["is_late"]], reviews[~reviews["is_late"]])
    )
    if not intervals.mean_difference(late, punctual).excludes(0):
        verdict = "As there is no sure difference of all, there is none to explain."
    elif below.low > 0.5:
        verdict = "So place alone does not explain the difference."
    else:
        verdict = "So place may explain the difference."
    further.append(
        f"Within one state late parcels differ by {average:+.2f} stars from punctual ones (mean over"
        f" {wording.counted(len(within), 'state')}, weighted by late parcels); in {wording.percent(below.value, 0)} of the"
        f" states they are liked less ({wording.sure(below, wording.percent, 'states')}). {verdict}"
    )
ranked = stats.spearmanr(range(len(steps)), steps["value"]) if len(steps) > 2 else None
if ranked is not None:
    falls = "the later, the lower" if ranked.statistic < -0.8 else "not simply the later, the lower"
    further.append(
        f"From {steps['value'].iloc[0]:.2f} stars ({steps['how_late'].iloc[0]}) to {steps['value'].iloc[-1]:.2f}"
        f" ({steps['how_late'].iloc[-1]}): {falls} (rank correlation of the {len(steps)} steps {ranked.statistic:.2f},"
        f" n = {steps['size'].sum():,} reviews)."
    )

# %% [markdown]
# ## What the numbers say, and how sure that is

# %%
conclusions(found, further)
