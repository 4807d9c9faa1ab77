"""From the settings to who publishes the rates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tap_exchange_rates.recorded import Recorded
from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from tap_exchange_rates.responses import Days
    from tap_exchange_rates.windows import Window


class Publisher(Protocol):
    """Where rates come from.

    Attributes:
        is_local: Whether a window costs next to nothing to read again.
    """

    is_local: bool

    @property
    def publisher(self) -> str:
        """Its name, which each rate carries."""

    @property
    def first_day(self) -> dt.date:
        """The first day that it may have."""

    @property
    def last_day(self) -> dt.date:
        """The last day that it may have."""

    def read(self, window: Window) -> Days:
        """What it publishes for a window; days around it may be among them."""


def find(config: Mapping[str, Any], symbols: tuple[str, ...]) -> Publisher:
    """The publisher that the settings name.

    Args:
        config: The tap's settings.
        symbols: Codes of the currencies asked for; none for all.

    Raises:
        WaybillError: No address is set, or one that is none; names the setting.
    """
    setting, base = config["api_setting"], config["base"]
    address = (config.get("api_url") or "").strip()
    if address.startswith(("http://", "https://")):
        if not urlsplit(address).hostname:
            msg = f"{setting}: {address} names no host."
            raise WaybillError(
                msg, f"Set {setting} to an address such as https://api.frankfurter.dev/v1."
            )
        # Loaded only here: the HTTP client takes longer to import than all recorded rates to read.
        from tap_exchange_rates.api import Api, Patience  # noqa: PLC0415

        patience = Patience(
            tries=config["tries"],
            backoff=float(config["backoff_seconds"]),
            timeout=float(config["timeout_seconds"]),
        )
        return Api(address, setting, base=base, symbols=symbols, patience=patience)
    if address:
        return Recorded(_path(address, setting), setting, "files", base=base)
    if default := config.get("default_path"):
        folder = project.home() / default
        if not folder.exists():
            msg = f"{setting} is not set, and there are no samples in {folder}."
            remedy = f"Make them with `meltano invoke sources:prepare`, or set {setting}."
            raise WaybillError(msg, remedy)
        return Recorded(folder, setting, "samples", base=base)
    msg = f"{setting} is not set."
    raise WaybillError(msg, f"Set {setting} to an address such as https://api.frankfurter.dev/v1.")


def _path(address: str, setting: str) -> Path:
    parts = urlsplit(address)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    if "://" in address:
        msg = f"{setting}: {parts.scheme}:// is no place of rates."
        raise WaybillError(msg, "Use http(s)://, file:// or a folder of recorded responses.")
    return project.resolve(address)
