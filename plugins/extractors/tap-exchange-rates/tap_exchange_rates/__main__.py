"""The command `tap-exchange-rates`."""

from __future__ import annotations

from waybill_common import lean_sdk
from waybill_common.errors import reports_errors
from waybill_common.plugin_log import show_progress_only

lean_sdk.defer()

from tap_exchange_rates.tap import TapExchangeRates  # noqa: E402 - this loads the SDK


@reports_errors
def main() -> None:
    """Run the tap; a fault whose cause is known ends in one line and exit code 1."""
    show_progress_only(TapExchangeRates.name)
    TapExchangeRates.cli()


if __name__ == "__main__":
    main()
