"""Messages to a Slack-compatible webhook: `{"text": ...}` by POST."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from waybill.alerts.channels import SECONDS_TO_ANSWER, WEBHOOK
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill.alerts.messages import Message

_LONGEST = 3000
"""Characters that Slack shows of a text without folding it."""
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Whoever holds the URL may post: it is shown to no other server than its own."""

    def redirect_request(self, *_: object) -> None:
        return None


class Webhook:
    """One POST for each message."""

    name = "webhook"

    def send(self, message: Message) -> str:
        """Post a message.

        Raises:
            WaybillError: The URL cannot be, or the server cannot be reached or does not take it;
                names the host alone, for the rest of the URL is a secret.
        """
        url, host = _url()
        # The answer decides, not what is in it: an escaped `<` cannot become a mention of everybody.
        text = f"{message.subject}\n{message.text}".translate(_ESCAPES)[:_LONGEST]
        request = urllib.request.Request(  # noqa: S310 - https, or http on this machine
            url,
            data=json.dumps({"text": text}).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "waybill"},
            method="POST",
        )
        reason = ""
        try:
            opener = urllib.request.build_opener(_NoRedirects)
            with opener.open(request, timeout=SECONDS_TO_ANSWER):
                return ""
        except urllib.error.HTTPError as error:
            error.close()
            reason = f"it answered {error.code}"
        except urllib.error.URLError as error:
            reason = _network_reason(error.reason)
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = _network_reason(error)
        # Outside of the handlers: a traceback of the cause would show the URL.
        msg = f"No message to the webhook at {host}: {reason}."
        raise WaybillError(msg, f"Check {WEBHOOK}.")


def _url() -> tuple[str, str]:
    url = os.environ.get(WEBHOOK, "")
    host = ""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
        is_safe = is_safe and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        is_safe = False
    if not (is_safe and host):
        msg = f"{WEBHOOK} is no https URL."
        raise WaybillError(msg, f"Set {WEBHOOK} to the URL that the chat service gives.")
    return url, host


def _network_reason(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return f"no answer within {SECONDS_TO_ANSWER} s"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror.lower()
    return type(reason).__name__
