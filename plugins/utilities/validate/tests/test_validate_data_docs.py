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


def test_the_data_docs_need_no_other_host(shop: Project) -> None:
    """Offline and private: no page asks another host, not even where the data hold markup."""
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
    style = (found[0].parent / "data_docs.css").read_text()
    assert "url(" not in style
    assert "@import" not in style
    assert "evil.example" in (found[0].parent / "olist" / "orders.html").read_text()


def test_a_page_tells_what_was_found(shop: Project) -> None:
    """The pages are Great Expectations' own: each check with its state and what was observed."""
    shop.database.execute("insert into raw_olist.order_items values ('o2', 2, -1)", role="loader")
    assert shop.run("raw").code == 1

    folder = shop.home / "validate/data_docs/raw"
    items = (folder / "olist/order_items.html").read_text()

    assert "price is not negative: 1 row, e.g. order_id=o2 order_item_id=2 price=-1" in items
    assert "Observed Value" in items
    assert "text-danger" in items
    assert "text-success" in items
    index = (folder / "index.html").read_text()
    assert 'href="olist/order_items.html"' in index
    assert "price is not negative: 1 row" in index


def test_old_pages_go(shop: Project) -> None:
    """Data Docs do not grow: a run replaces its suite's pages, and pages of no suite go."""
    assert shop.run("raw").code == 0
    shop.write({"orders": [{**_always("order_id")}]})
    shop.write({"orders": [{**_always("order_id")}]}, selector="other")
    assert shop.run("raw").code == 0
    folder = shop.home / "validate/data_docs/raw"
    assert sorted(path.name for path in (folder / "olist").iterdir()) == ["orders.html"]
    assert (folder / "other").is_dir()

    (shop.root / "validate/suites/raw/other.yml").unlink()
    assert shop.run("raw").code == 0

    assert sorted(path.name for path in folder.iterdir()) == [
        "data_docs.css",
        "index.html",
        "olist",
    ]


def test_docs_prints_where_they_are(shop: Project) -> None:
    """`meltano invoke validate:docs` prints a path that exists, or says what to run first."""
    before = shop.run("docs")
    assert before.code == 2
    assert "meltano invoke validate:raw" in before.errors
    assert shop.run("raw").code == 0

    after = shop.run("docs")

    assert after.code == 0
    assert after.output == f"{shop.home / 'validate/data_docs/raw/index.html'}\n"


def _always(column: str) -> dict[str, object]:
    return {
        "type": "expect_column_values_to_not_be_null",
        "severity": "critical",
        "description": f"{column} is there",
        "kwargs": {"column": column},
    }
