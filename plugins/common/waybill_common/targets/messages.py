"""Singer messages as the target reads them."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import Any

from singer_sdk.io_base import SingerReader

from waybill_common.errors import WaybillError

_SHOWN_OF_A_BROKEN_LINE = 80


class MessageReader(SingerReader):
    """Reads messages with every digit kept, and does not repeat a broken one in full."""

    def __init__(self) -> None:
        super().__init__()
        # A whole numeric can have 131,072 digits; Python refuses more than 4,300 by default.
        sys.set_int_max_str_digits(0)

    def deserialize_json(self, line: str) -> dict[str, Any]:
        """One message.

        Raises:
            WaybillError: The line is not a JSON object.
        """
        try:
            message = json.loads(line, parse_float=Decimal)
        except json.JSONDecodeError as error:
            message = error
        if not isinstance(message, dict):
            shown = line.partition('"record"')[0][:_SHOWN_OF_A_BROKEN_LINE]  # no value of a row
            msg = f"The input is not Singer: {shown!r}…"
            raise WaybillError(msg, "A tap that was killed ends in half a line; run it again.")
        return message
