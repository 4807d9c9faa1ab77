"""Airflow's UI under `up`: asked until it answers, announced once, and told of where it never does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from waybill_airflow import places, secret_values

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_airflow.address import Address

_READY_SECONDS = 1.0
_SILENCE_SECONDS = 60.0


class Page:
    """The UI of one run of `up`.

    Args:
        address: Where it is asked.
        log: What its process prints.
    """

    def __init__(self, address: Address, log: Path) -> None:
        self._address = address
        self._log = log
        self._is_there = False
        self._is_announced = False
        self._next_look = 0.0
        self._complain_at = time.monotonic() + _SILENCE_SECONDS

    def answers(self) -> bool:
        """Whether it has answered."""
        if not self._is_there and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _READY_SECONDS
            self._is_there = self._address.answers()
        return self._is_there

    def tell(self) -> None:
        """Say where it is, once it answers; say now and then that it does not."""
        if self._is_announced:
            return
        if self.answers():
            self._is_announced = True
            self._announce()
        elif time.monotonic() >= self._complain_at:
            self._complain_at = time.monotonic() + _SILENCE_SECONDS
            print(
                f"airflow: {self._address.url} does not answer, and the scheduler waits for it."
                f" See {self._log}; AIRFLOW__API__HOST, PORT, BASE_URL and SSL_CERT say where it is.",
                flush=True,
            )

    def _announce(self) -> None:
        print(
            f"airflow: {self._address.url}\n"
            f"airflow: user {secret_values.USER}, password in {places.passwords()}\n"
            f"airflow: logs in {places.process_logs()} and {places.logs()}; Ctrl-C ends it",
            flush=True,
        )
