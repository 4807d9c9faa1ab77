"""The plugins work in a Meltano project that knows nothing of this one, as their READMEs say."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import yaml

from waybill_warehouse import binaries

if TYPE_CHECKING:
    from waybill_warehouse.cluster import Cluster

ROOT = Path(__file__).parents[1]
PLUGINS = ("extractors/tap-csv", "extractors/tap-postgres", "loaders/target-postgres")
_DATABASE = "elsewhere"


def _blocks(plugin: str) -> dict[str, str]:
    """The code blocks of a README's section, by the file that their first line names."""
    text = (ROOT / "plugins" / plugin / "README.md").read_text()
    section = text.partition("## In any Meltano project\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"(?:^    .*\n)+", section, re.MULTILINE)
    named = [textwrap.dedent(block) for block in blocks]
    return {re.split(r"[;\s]", block.lstrip("# "))[0]: block for block in named}


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> str:
    """A database with the ledger, made as the target's README says, and something to read."""
    with cluster.admin().connect(autocommit=True) as session:
        session.execute(f"create database {_DATABASE}")
    found = cluster.admin(_DATABASE).url
    program = binaries.psql()
    if program is None:
        pytest.skip("there is no psql on this machine")
    subprocess.run(
        ["bash", "-euc", _blocks("loaders/target-postgres")["for"]],
        cwd=ROOT,
        env=os.environ
        | {"WAREHOUSE_URL": found, "PATH": f"{Path(program).parent}:{os.environ['PATH']}"},
        check=True,
        capture_output=True,
    )
    with psycopg.connect(found) as session:
        session.execute(
            "create schema shop; create table shop.orders (id bigint primary key, total numeric);"
            "insert into shop.orders values (1, 12.50), (2, 0.10)"
        )
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new Meltano project of nothing but the READMEs' own lines."""
    made = tmp_path_factory.mktemp("elsewhere")
    (made / "meltano.yml").write_text(
        "send_anonymous_usage_stats: false\ndefault_environment: dev\n"
        "environments: [{name: dev}]\ninclude_paths: [plugin-*.yml]\n"
    )
    for number, plugin in enumerate(PLUGINS):
        for name, block in _blocks(plugin).items():
            path = made / (f"plugin-{number}.yml" if name == "meltano.yml" else name)
            if name.endswith(".yml"):
                assert yaml.safe_load(block)
                path.write_text(block)
    (made / "shop").mkdir()
    (made / "shop" / "products.csv").write_text("id,price\n1,9.99\n2,\n")
    return made


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="it installs from a clone")
def test_a_fresh_project_installs_the_plugins_and_runs_them(folder: Path, url: str) -> None:
    """What was committed last can be installed by `pip_url` and loads both sources, twice alike."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WAYBILL_", "WAREHOUSE_", "MELTANO_", "TAP_", "TARGET_"))
    }
    settings = {
        "WAYBILL_REPOSITORY": ROOT.as_uri(),
        "WAREHOUSE_URL": url,
        "SHOP_URL": url,
        "XDG_STATE_HOME": str(folder / ".state"),
    }

    def meltano(*arguments: str) -> None:
        done = subprocess.run(
            [ROOT / ".venv" / "bin" / "meltano", *arguments],
            cwd=folder,
            env=inherited | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:]

    meltano("install")
    for _ in range(2):
        meltano("run", "tap-csv", "target-postgres", "tap-postgres", "target-postgres")
        with psycopg.connect(url) as session:
            products = session.execute("select id, price::text from raw_shop.products order by id")
            assert products.fetchall() == [(1, "9.99"), (2, None)]
            orders = session.execute("select id, total::text from raw_shop.orders order by id")
            assert orders.fetchall() == [(1, "12.50"), (2, "0.10")]
