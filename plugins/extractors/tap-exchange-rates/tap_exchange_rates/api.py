"""The rates from an HTTP API: patient with one that is busy or failing, and short with one that is wrong."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tap_exchange_rates import responses
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from tap_exchange_rates.responses import Days
    from tap_exchange_rates.windows import Window

_WORTH_A_RETRY = (429, 500, 502, 503, 504)
_LONGEST_WAIT = 300
"""Seconds; a server that asks for more is asked again by the next run."""
_LONGEST_HOLIDAY = 7
"""Days in a row without a rate, at most: so many at the start of a quarter may be unknown to the API."""


@dataclass(frozen=True)
class Patience:
    """How an API is asked again.

    Attributes:
        tries: How often in all.
        backoff: Seconds before the second try; each further wait is twice as long.
        timeout: Seconds to wait for a connection, and for each piece of the answer.
    """

    tries: int
    backoff: float
    timeout: float


class Api:
    """An API that answers `GET {url}/{from}..{to}?base=…&symbols=…`.

    Args:
        url: Its address, without the days.
        setting: What the user sets the address by, for messages.
        base: Code of the currency that rates are quoted for.
        symbols: Codes of the currencies asked for; none for all.
        patience: How it is asked again.
    """

    def __init__(
        self, url: str, setting: str, *, base: str, symbols: tuple[str, ...], patience: Patience
    ) -> None:
        self._url = url.rstrip("/")
        self._setting = setting
        self._base = base
        self._parameters = {"base": base} | ({"symbols": ",".join(symbols)} if symbols else {})
        self._patience = patience
        self._session = requests.Session()
        retry = Retry(
            total=patience.tries - 1,
            backoff_factor=patience.backoff,
            backoff_jitter=patience.backoff / 4,
            backoff_max=_LONGEST_WAIT,
            retry_after_max=_LONGEST_WAIT,
            status_forcelist=_WORTH_A_RETRY,
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    is_local = False

    @property
    def publisher(self) -> str:
        """The host."""
        return urlsplit(self._url).netloc.rpartition("@")[2]

    @property
    def last_day(self) -> dt.date:
        """Today, UTC: what is published for it may come later in the day."""
        return dt.datetime.now(tz=dt.UTC).date()

    @property
    def first_day(self) -> dt.date:
        """No bound of its own."""
        return dt.date.min

    def read(self, window: Window) -> Days:
        """Ask for a window.

        Returns:
            What it answers; nothing where it knows no rate of the few days that a quarter has yet.

        Raises:
            WaybillError: It cannot be reached, answers with an error, or not with rates; in one line.
        """
        path = f"{self._url}/{window.first}..{window.last}"
        place = _without_secrets(path)
        try:
            answer = self._session.get(
                path, params=self._parameters, timeout=self._patience.timeout
            )
        except requests.RequestException as error:
            msg = f"{self._setting}: {place} does not answer: {_reason(error)}."
            raise WaybillError(msg, "Run again later: it goes on from the last state.") from error
        if answer.status_code == requests.codes.not_found and window.days <= _LONGEST_HOLIDAY:
            return {}
        if not answer.ok:
            said = f"{answer.status_code} {answer.reason}".rstrip()
            msg = f"{self._setting}: {place} answers {said}{self._tries(answer)}."
            raise WaybillError(msg, self._remedy(answer.status_code))
        return responses.days_of(answer.content, f"{self._setting}: {place}", self._base)

    def _tries(self, answer: requests.Response) -> str:
        is_retried = answer.status_code in _WORTH_A_RETRY
        return f", {self._patience.tries} times" if is_retried else ""

    def _remedy(self, status: int) -> str:
        if status in _WORTH_A_RETRY:
            return "Run again later: it goes on from the last state."
        return f"Set {self._setting} to the address before the days, such as https://api.frankfurter.dev/v1."


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _reason(error: requests.RequestException) -> str:
    """The innermost cause in a few words: requests wraps urllib3, which wraps the system's."""
    if isinstance(error, requests.Timeout):
        return "timed out"
    cause: BaseException = error
    while cause.__context__ is not None:
        cause = cause.__context__
    return str(getattr(cause, "strerror", None) or cause).rstrip(".")
