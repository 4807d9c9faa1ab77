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
# ---

# %% [markdown]
# # Explore on your own
#
# How to connect, what is there, and one question from beginning to end as a pattern for yours. Copy this file to a name
# of your own; notebooks are text, so that git shows what has changed in them.

# %% [markdown]
# ## Connect
#
# `connect()` gives a SQLAlchemy engine in the role `reader`, which sees the marts and can change nothing. It takes the
# embedded warehouse, or the one that `WAREHOUSE_READER_URL` or `WAREHOUSE_URL` names.

# %%
import pandas as pd
from sqlalchemy import inspect, text

from waybill_analyze import charts, downloads, intervals, wording
from waybill_analyze.findings import catalogue
from waybill_analyze.formats import Column
from waybill_analyze.notebooks.showing import chart, conclusions, connect, table

warehouse = connect()

# %% [markdown]
# ## What is there
#
# Each schema is a part of the business; `common` is shared. `dim_` and `fct_` are dimensions and facts, `rpt_` are
# summaries of them. The data dictionary has every column: `meltano invoke dbt:docs`.

# %%
schemas = ["common", *(domain.name for domain in catalogue.DOMAINS)]
inspector = inspect(warehouse)
present = set(inspector.get_schema_names())
names = [
    (schema, name)
    for schema in schemas
    if schema in present
    for name in sorted(inspector.get_table_names(schema))
]
with warehouse.connect() as session:
    tour = pd.DataFrame(
        [
            {
                "schema": schema,
                "table": name,
                "columns": len(inspector.get_columns(name, schema=schema)),
                # Names of the warehouse's own list, quoted as they stand there.
                "rows": session.execute(text(f'select count(*) from "{schema}"."{name}"')).scalar(),  # noqa: S608
            }
            for schema, name in names
        ],
        columns=["schema", "table", "columns", "rows"],
    )
table(
    tour,
    [
        Column("schema", "Schema"),
        Column("table", "Table"),
        Column("columns", "Columns", "count"),
        Column("rows", "Rows", "count"),
    ],
    caption="The tables that a reader sees",
)

# %% [markdown]
# ## Look into a table
#
# The types and comments of a table come from the warehouse, as dbt has written them there.

# %%
largest = (
    tour.sort_values(["rows", "table"], ascending=[False, True]).iloc[0] if len(tour) else None
)
if largest is not None:
    details = pd.DataFrame(
        [
            {"name": each["name"], "type": str(each["type"]), "comment": each.get("comment") or ""}
            for each in inspector.get_columns(largest["table"], schema=largest["schema"])
        ]
    )
    display(  # noqa: F821 - Jupyter's
        table(
            details,
            [Column("name", "Column"), Column("type", "Type"), Column("comment", "What it holds")],
            caption=f"Columns of {largest['schema']}.{largest['table']}",
        )
    )

# %% [markdown]
# ## A question from beginning to end
#
# *Are purchases of the weekend worth less than those of other days?* First the rows, with values bound by name and never
# put into the text; then a picture; then the difference with its interval.

# %%
QUESTION = """
    select
        case when dates.is_weekend then 'weekend' else 'other days' end as part,
        orders.total_sale_amount
    from marketplace.fct_orders as orders
    inner join common.dim_date as dates on orders.purchase_date = dates.date_id
    where orders.total_sale_amount > :least
"""
further = []
if ("marketplace", "fct_orders") in set(names):
    with warehouse.connect() as session:
        orders = pd.read_sql(text(QUESTION), session, params={"least": 0})
    parts = orders.groupby("part")["total_sale_amount"].agg(["count", "mean", "var"]).reset_index()
    display(  # noqa: F821 - Jupyter's
        chart(
            charts.bars(parts, Column("part", "Day"), Column("mean", "Mean value, reais", "money")),
            "Mean value of an order by part of the week",
        )
    )
    moments = {
        row["part"]: intervals.Moments(int(row["count"]), row["mean"], row["var"])
        for _, row in parts.iterrows()
    }
    if len(moments) == 2:
        difference = intervals.mean_difference(moments["weekend"], moments["other days"])
        word = wording.verb(difference, "more", "less", "neither surely more nor surely less")
        further.append(
            f"An order of the weekend is worth {word} than one of other days: {difference.value:+.2f} reais"
            f" ({wording.sure(difference, lambda each: f'{each:+.2f}', 'orders')}). Who buys on weekends may buy other"
            " things: compare within a category before you act on it."
        )

# %% [markdown]
# ## Take the rows with you
#
# As CSV that spreadsheets open well, with texts that would run as formulas made harmless.

# %%
first_lines = downloads.csv_of(tour.head(3)).decode("utf-8-sig").splitlines()
print("\n".join(first_lines))

# %% [markdown]
# ## What the numbers say, and how sure that is

# %%
if largest is not None:
    whole = tour["rows"].sum()
    further.append(
        f"{len(tour)} tables hold {whole:,} rows; {largest['schema']}.{largest['table']} has"
        f" {wording.percent(largest['rows'] / whole)} of them. These are counts, not estimates."
    )
conclusions([], further)
