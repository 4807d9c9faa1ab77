"""The page on adding a source, followed as it stands by somebody whose samples have landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pages

from waybill_common import connections

if TYPE_CHECKING:
    from conftest import Project


def test_a_source_is_added_by_following_the_page(project_after_first_run: Project) -> None:
    """Whoever types what docs/add-a-source.md says has three sources, a model and a receipt."""
    project = project_after_first_run
    folder = project.root / ".waybill" / "postgres"
    source = connections.embedded(connections.SUPERUSER, connections.SOURCE_DATABASE, folder=folder)
    with source.connect() as session:
        session.execute(
            f"create role crm_reader login password 'read'; grant connect on database {source.dbname} to crm_reader;"
            " create table customers (id integer primary key, city text, updated_at timestamptz);"
            " insert into customers values (1, 'Leeds', now()), (2, null, now());"
            " grant usage on schema public to crm_reader; grant select on customers to crm_reader"
        )
    url = f"postgresql://crm_reader:read@127.0.0.1:{source.port}/{source.dbname}"
    printed = [
        done.stdout
        for done in pages.follow(
            project.root / "docs" / "add-a-source.md", project, WAYBILL_CRM=url
        )
    ]
    assert any("shop.products" in text and "balanced" in text for text in printed)
    assert project.rows("select sku, price::text from staging.stg_shop__products order by 1") == [
        ("A-1", "12.50"),
        ("A-2", "8.00"),
    ]
    assert project.rows("select city from raw_crm.customers order by id") == [("Leeds",), (None,)]
    assert project.rows("select tags -> 'ab' from raw_events.events order by id") == [
        (None,),
        ([1, 2],),
    ]
