"""The dashboard's server: Streamlit on this machine alone, with dbt's pages beside it."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from streamlit.starlette import App

from waybill_analyze.dashboard import dictionary
from waybill_common.ports import HOST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

_SCRIPT = Path(__file__).with_name("app.py")
_LINKS = {"light": "#1a5fa3", "dark": "#7ab8f0"}


def run(port: int) -> None:
    """Serve the dashboard until SIGTERM or Ctrl-C.

    Args:
        port: A free port of this machine.
    """
    app = App(
        _SCRIPT,
        routes=[
            Route(dictionary.DICTIONARY, _dbt_page),
            Route(dictionary.LINEAGE, _dbt_page),
        ],
        lifespan=_says_where(port),
        on_script_error=_explained,
    )
    # uvicorn has closed everything by then, and tells that it was asked to.
    with suppress(KeyboardInterrupt):
        app.run(config=_settings(port))


def _settings(port: int) -> dict[str, Any]:
    """Streamlit's settings; a config.toml of the user's changes only what is not among them."""
    colours = {
        f"theme.{look}.{part}": colour
        for look, colour in _LINKS.items()
        for part in ("primaryColor", "linkColor")
    }
    return colours | {
        "server.address": HOST,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "logger.hideWelcomeMessage": True,
    }


def _says_where(port: int) -> Any:
    @asynccontextmanager
    async def lifespan(_: App) -> AsyncIterator[None]:
        print(f"dashboard: http://{HOST}:{port} (Ctrl-C ends it)", flush=True)
        yield

    return lifespan


async def _dbt_page(request: Request) -> Response:
    page = dictionary.file(request.url.path)
    if page.is_file():
        return FileResponse(page)
    return PlainTextResponse(dictionary.not_built(request.url.path), status_code=404)


def _explained(error: Exception) -> bool:
    """Keep a traceback off the page; it is for who runs the dashboard."""
    from waybill_analyze.dashboard import notes  # noqa: PLC0415 - imports Streamlit's widgets

    logging.getLogger(__name__).error("a page failed", exc_info=error)
    notes.DEFECT.show()
    return True
