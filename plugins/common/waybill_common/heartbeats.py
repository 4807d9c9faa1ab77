"""The table of heartbeats in a source database: rows whose time of writing is known.

It has a row for each slot and no more, so that neither it nor what lands of it grows.
"""

from __future__ import annotations

TABLE = "waybill_heartbeat"
KEY = "slot"
BEATEN_AT = "beaten_at"
SLOTS = 1440
"""A day of beats at one a minute; what no run has read by then is overwritten."""
