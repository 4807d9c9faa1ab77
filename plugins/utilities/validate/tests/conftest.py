"""A small project of its own with two raw tables, and the real command run over it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from forking import zygote_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from forking import Zygote

    from waybill_warehouse.scratch import ScratchDatabase

CONTRACTS = Path(__file__).parents[4] / "extract"

TABLES = """
    create table raw_olist.orders (
        order_id text, order_status text, order_delivered_customer_date timestamp
    );
    create table raw_olist.order_items (order_id text, order_item_id integer, price numeric);
    insert into raw_olist.orders values
        ('o1', 'delivered', '2018-01-09 10:00'),
        ('o2', 'shipped', null),
        ('known', 'delivered', null);
    insert into raw_olist.order_items values ('o1', 1, 10.00), ('o1', 2, 0), ('o2', 1, 7.25);
"""


def check(
    kind: str, description: str, *, severity: str = "critical", **kwargs: Any
) -> dict[str, Any]:
    """One expectation as a suite holds it."""
    return {"type": kind, "severity": severity, "description": description, "kwargs": kwargs}


def rule(sql: str, description: str, *, severity: str = "critical") -> dict[str, Any]:
    """One rule in SQL as a suite holds it."""
    return check(
        "unexpected_rows_expectation", description, severity=severity, unexpected_rows_query=sql
    )


SHOP: dict[str, list[dict[str, Any]]] = {
    "orders": [
        check("expect_column_values_to_be_unique", "order_id is unique", column="order_id"),
        check("expect_column_values_to_not_be_null", "order_id is there", column="order_id"),
        check("expect_column_values_to_not_be_null", "status is there", column="order_status"),
        check(
            "expect_column_values_to_be_in_set",
            "status is known",
            column="order_status",
            value_set=["delivered", "shipped"],
        ),
        rule(
            "select * from {batch} where order_status = 'delivered'"
            " and order_delivered_customer_date is null and order_id not in ('known')",
            "delivered orders have a delivery date",
        ),
    ],
    "order_items": [
        check(
            "expect_compound_columns_to_be_unique",
            "the item number is unique in its order",
            column_list=["order_id", "order_item_id"],
        ),
        check(
            "expect_column_values_to_be_between",
            "price is not negative",
            column="price",
            min_value=0,
        ),
        rule(
            "select items.order_id, items.order_item_id from {batch} as items"
            " left join raw_olist.orders on orders.order_id = items.order_id"
            " where orders.order_id is null",
            "the order exists",
        ),
    ],
}


@dataclass(frozen=True)
class Ended:
    """How the command ended."""

    code: int
    output: str
    errors: str

    @property
    def text(self) -> str:
        return self.output + self.errors


@dataclass(frozen=True)
class Project:
    """A project's folder, its home and its warehouse."""

    root: Path
    home: Path
    database: ScratchDatabase
    zygote: Zygote

    def write(
        self,
        tables: dict[str, list[dict[str, Any]]],
        *,
        stage: str = "raw",
        selector: str = "olist",
        schema: str = "raw_olist",
    ) -> None:
        """Write a suite."""
        folder = self.root / "validate" / "suites" / stage
        folder.mkdir(parents=True, exist_ok=True)
        suite = {
            "suite": f"{stage}_{selector}",
            "schema": schema,
            "tables": [
                {"table": table, "expectations": checks} for table, checks in tables.items()
            ],
        }
        (folder / f"{selector}.yml").write_text(yaml.safe_dump(suite, sort_keys=False))

    def limit(self, table: str, where: str) -> None:
        """Have only some rows of a table of the written suite checked."""
        path = self.root / "validate" / "suites" / "raw" / "olist.yml"
        suite = yaml.safe_load(path.read_text())
        (limited,) = (entry for entry in suite["tables"] if entry["table"] == table)
        limited["where"] = where
        path.write_text(yaml.safe_dump(suite, sort_keys=False))

    def run(self, *arguments: str, **environment: str) -> Ended:
        """Run `waybill-validate` as a fork of a process that has loaded it."""
        settings = self._environment(environment)
        done = self.zygote.run(["waybill-validate", *arguments], settings, self.root)
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **environment: str) -> Ended:
        """Run `waybill-validate` from its very start."""
        with self.open(*arguments, **environment) as started:
            output, errors = started.communicate()
        return Ended(started.returncode, output, errors)

    def open(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start `waybill-validate` and leave it to itself."""
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("waybill-validate")), *arguments],
            env=self._environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.root,
        )

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """Its own home folder shows what it writes behind our back."""
        home = {"MELTANO_PROJECT_ROOT": str(self.root), "HOME": str(self.root / "user")}
        return dict(os.environ) | home | dict(more)


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """Loads Great Expectations once for all tests."""
    mains = {"waybill-validate": "waybill_validate.cli"}
    with zygote_of(
        mains, preloaded=["waybill_validate.gates", "waybill_validate.data_docs"]
    ) as running:
        yield running


@pytest.fixture
def empty_project(
    tmp_path: Path, waybill_home: Path, warehouse: ScratchDatabase, zygote: Zygote
) -> Project:
    """A project with the contracts, without a suite and without a table."""
    root = tmp_path / "project"
    (root / "user").mkdir(parents=True)
    (root / "extract").symlink_to(CONTRACTS)
    return Project(root, waybill_home, warehouse, zygote)


@pytest.fixture
def shop(empty_project: Project) -> Project:
    """A project whose suite passes."""
    empty_project.database.execute(TABLES, role="loader")
    empty_project.write(SHOP)
    return empty_project
