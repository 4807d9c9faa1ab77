"""A dbt project of three small models, and the raw Olist tables with a few rows a test can name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from forking import zygote_of

from waybill_common import contracts, identifiers
from waybill_warehouse import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forking import Zygote

    from waybill_common.contracts import Contract
    from waybill_warehouse.cluster import Cluster
    from waybill_warehouse.scratch import ScratchDatabase

PROJECT = Path(__file__).parents[4]
EXECUTABLE = Path(sys.executable).with_name("waybill-dbt")
_LOADED = (
    {EXECUTABLE.name: "waybill_dbt.cli"},
    ("waybill_dbt.running", "dbt.adapters.postgres"),
)


@dataclass(frozen=True)
class Dbt:
    """`waybill-dbt` on one project, with a target folder of its own.

    Attributes:
        root: The project.
        target: The folder.
        zygote: Has loaded dbt, which takes longer than most commands.
    """

    root: Path
    target: Path
    zygote: Zygote

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "MELTANO_PROJECT_ROOT": str(self.root),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.target / "logs"),
        }

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start the command from its very start, and leave it to itself."""
        return subprocess.Popen(
            [EXECUTABLE, *arguments],
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, **variables: str) -> tuple[int, str]:
        """Run the command as a fork of a process that has loaded it."""
        settings = self.environment | variables
        done = self.zygote.run([EXECUTABLE.name, *arguments], settings, self.root)
        return done.returncode, done.stdout + done.stderr

    def succeed(self, *arguments: str) -> str:
        code, output = self.run(*arguments)
        assert code == 0, output
        return output


@pytest.fixture(scope="session")
def measured_zygote() -> Iterator[Zygote]:
    """Loads dbt once for all tests of the command itself."""
    with zygote_of(*_LOADED) as running:
        yield running


@pytest.fixture
def small_project(tmp_path: Path, measured_zygote: Zygote) -> Dbt:
    """Three models: one that builds, one whose test fails, one that takes a minute after the first."""
    root = tmp_path / "project"
    models = root / "transform" / "models"
    models.mkdir(parents=True)
    (root / "meltano.yml").touch()
    shutil.copy(PROJECT / "transform" / "profiles.yml", root / "transform")
    (root / "transform" / "dbt_project.yml").write_text("name: small\nprofile: waybill\n")
    (models / "sound.sql").write_text("select 1 as id")
    (models / "flawed.sql").write_text("select cast(null as integer) as id")
    (models / "slow.sql").write_text(
        "{{ config(materialized='table') }} -- depends_on: {{ ref('sound') }}\n"
        "select cast(pg_sleep(60) as text) as slept"
    )
    (models / "models.yml").write_text(
        "models: [{name: flawed, columns: [{name: id, data_tests: [not_null]}]}]"
    )
    return Dbt(root, tmp_path / "target", measured_zygote)


@pytest.fixture
def waybill_home(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A WAYBILL_HOME as all tests have it; but its databases have one name, as dbt parses anew where that differs."""
    home = tmp_path / "home"
    scratch.write_home(home, cluster, suffix="_dbt")
    monkeypatch.setenv("WAYBILL_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def target_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kept for the session: dbt parses the whole project only once."""
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """Loads dbt once for all tests; it is not measured, as tests of models are not about our code."""
    with zygote_of(*_LOADED, is_measured=False) as running:
        yield running


@pytest.fixture
def dbt(target_folder: Path, zygote: Zygote) -> Dbt:
    """The project's own models."""
    return Dbt(PROJECT, target_folder, zygote)


@dataclass(frozen=True)
class RawOlist:
    """The raw tables of Olist as the target makes them."""

    warehouse: ScratchDatabase
    contract: Contract

    def create(self) -> None:
        for stream in self.contract.streams:
            columns = ", ".join(
                f"{identifiers.quote(column.name)} {column.sql_type}" for column in stream.columns
            )
            key = f", primary key ({', '.join(stream.key)})" if stream.key else ""
            self.change(
                f"create table {self._table(stream.name)} ({columns},"
                " _sdc_extracted_at timestamptz, _sdc_batched_at timestamptz,"
                f" _sdc_deleted_at timestamptz, _sdc_source_file text{key})"
            )

    def change(self, statement: str) -> None:
        self.warehouse.execute(statement, role="loader")

    def add(self, stream: str, **row: Any) -> None:
        columns = ", ".join(identifiers.quote(name) for name in row)
        values = ", ".join(["%s"] * len(row))
        self.warehouse.execute(
            f"insert into {self._table(stream)} ({columns}, _sdc_batched_at)"
            f" values ({values}, now())",
            list(row.values()),
            role="loader",
        )

    def customer(self, customer_id: str, person: str, prefix: str, city: str, state: str) -> None:
        self.add(
            "customers",
            customer_id=customer_id,
            customer_unique_id=person,
            customer_zip_code_prefix=prefix,
            customer_city=city,
            customer_state=state,
        )

    def order(self, order_id: str, customer_id: str, bought: str, status: str) -> None:
        is_delivered = status == "delivered"
        self.add(
            "orders",
            order_id=order_id,
            customer_id=customer_id,
            order_status=status,
            order_purchase_timestamp=bought,
            order_delivered_customer_date="2018-03-20 09:00:00" if is_delivered else None,
            order_estimated_delivery_date="2018-03-19 00:00:00",
        )

    def item(self, order_id: str, number: int, price: str, freight: str) -> None:
        self.add(
            "order_items",
            order_id=order_id,
            order_item_id=number,
            product_id="p1",
            seller_id="s1",
            shipping_limit_date="2018-03-12 00:00:00",
            price=price,
            freight_value=freight,
        )

    def payment(self, order_id: str, number: int, amount: str) -> None:
        self.add(
            "order_payments",
            order_id=order_id,
            payment_sequential=number,
            payment_type="boleto",
            payment_installments=3,
            payment_value=amount,
        )

    def review(self, review_id: str, order_id: str, score: int) -> None:
        self.add("order_reviews", review_id=review_id, order_id=order_id, review_score=score)

    def _table(self, stream: str) -> str:
        return identifiers.qualify(self.contract.raw_schema, stream)


@pytest.fixture
def raw_olist(warehouse: ScratchDatabase) -> RawOlist:
    """Three people, four orders: ana moves between hers, bia's has no items, caio's no payment."""
    raw = RawOlist(warehouse, contracts.load(PROJECT / "extract" / "contracts" / "olist.yml"))
    raw.create()
    raw.customer("c1", "ana", "01001", "sao paulo", "SP")
    raw.customer("c2", "ana", "20040", "rio de janeiro", "RJ")
    raw.customer("c3", "bia", "69900", "rio branco", "AC")
    raw.customer("c4", "caio", "01001", "sao paulo", "SP")
    raw.order("o1", "c1", "2018-01-05 10:00:00", "delivered")
    raw.order("o2", "c2", "2018-03-07 11:00:00", "delivered")
    raw.order("o3", "c3", "2018-03-08 12:00:00", "unavailable")
    raw.order("o4", "c4", "2018-03-09 13:00:00", "shipped")
    raw.item("o1", 1, "100.10", "7.05")
    raw.item("o1", 2, "50.00", "3.10")
    raw.item("o2", 1, "20.00", "9.99")
    raw.item("o4", 1, "0.85", "22.30")
    raw.payment("o1", 1, "160.00")
    raw.payment("o1", 2, "0.25")
    raw.payment("o2", 1, "29.99")
    raw.payment("o3", 1, "11.00")
    raw.review("r1", "o1", 5)
    raw.review("r2", "o2", 1)
    raw.add("products", product_id="p1", product_category_name="brinquedos")
    raw.add(
        "product_category_name_translation",
        product_category_name="brinquedos",
        product_category_name_english="toys",
    )
    raw.add(
        "sellers",
        seller_id="s1",
        seller_zip_code_prefix="01002",
        seller_city="sao paulo",
        seller_state="SP",
    )
    return raw
