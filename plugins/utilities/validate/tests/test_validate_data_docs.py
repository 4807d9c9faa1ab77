from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Project

HOSTILE = '<img src="http://evil.example/pixel.png"><script src="//evil.example/x.js"></script>'


class Page(HTMLParser):
    """The tags of a page and what they point to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.targets: list[tuple[str, str]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.targets += [(tag, value or "") for name, value in attrs if name in {"src", "href"}]
        styles = [value or "" for name, value in attrs if name == "style"]
        assert not any("url(" in style for style in styles)


def pages(shop: Project) -> list[Path]:
    return sorted((shop.home / "validate" / "data_docs").rglob("*.html"))


def test_the_data_docs_need_no_other_host_and_tell_what_was_found(shop: Project) -> None:
    """Offline and private: no page asks another host, not even where the data hold markup."""
    before = shop.run("docs")
    assert before.code == 2
    assert "meltano invoke validate:raw" in before.errors
    shop.database.execute("insert into raw_olist.order_items values ('o2', 2, -1)", role="loader")
    shop.database.execute(
        "insert into raw_olist.orders values ('o9', %s, null)", [HOSTILE], role="loader"
    )
    assert shop.run("raw").code == 1

    found = pages(shop)
    assert [path.name for path in found] == ["index.html", "order_items.html", "orders.html"]
    for path in found:
        page = Page(path)
        assert not page.tags & {"img", "script", "iframe", "object", "embed"}
        for tag, target in page.targets:
            if target.startswith("data:"):
                continue
            parts = urlsplit(target)
            assert (parts.scheme, parts.netloc) == ("", ""), (path, tag, target)
            assert not parts.path or (path.parent / parts.path).is_file(), (path, target)
    index, items, orders = (path.read_text() for path in found)
    assert "evil.example" in orders
    style = (found[0].parent / "data_docs.css").read_text()
    assert "url(" not in style
    assert "@import" not in style

    assert "price is not negative: 1 row, e.g. order_id=o2 order_item_id=2 price=-1" in items
    assert "Observed Value" in items
    assert "text-danger" in items
    assert "text-success" in items
    assert 'href="olist/order_items.html"' in index
    assert "price is not negative: 1 row" in index
    assert shop.run("docs").output == f"{found[0]}\n"


def test_old_pages_go(shop: Project) -> None:
    """Data Docs do not grow: a run replaces its suite's pages, and pages of no suite go."""
    shop.write({"orders": [_always("order_id")]}, selector="other")
    assert shop.run("raw").code == 0
    folder = shop.home / "validate/data_docs/raw"
    assert sorted(path.name for path in folder.iterdir()) == [
        "data_docs.css",
        "index.html",
        "olist",
        "other",
    ]

    (shop.root / "validate/suites/raw/other.yml").unlink()
    shop.write({"orders": [_always("order_id")]})
    assert shop.run("raw").code == 0

    assert sorted(path.name for path in folder.iterdir()) == [
        "data_docs.css",
        "index.html",
        "olist",
    ]
    assert sorted(path.name for path in (folder / "olist").iterdir()) == ["orders.html"]


def _always(column: str) -> dict[str, object]:
    return {
        "type": "expect_column_values_to_not_be_null",
        "severity": "critical",
        "description": f"{column} is there",
        "kwargs": {"column": column},
    }
