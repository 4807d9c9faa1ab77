"""How a bookmark says where its stream is in the lake: tap-landing writes it, a backfill begins from it."""

from __future__ import annotations

LANDING = "landing"
"""In a bookmark: an object with the two below."""
SEQUENCE = "sequence"
"""Up to which manifest the stream has been sent."""
SINCE = "since"
"""From which moment on manifests are to be sent again, though they have been."""
