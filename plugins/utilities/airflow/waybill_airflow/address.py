"""Where the processes of this machine reach Airflow's API, whatever its settings say of it."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from waybill_common.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANY = {"0.0.0.0": HOST, "::": "::1"}  # noqa: S104  # nosec B104 - asked, not bound
_ASK_SECONDS = 2


@dataclass(frozen=True)
class Address:
    """A place that answers by HTTP."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def url(self) -> str:
        """The same as text, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"

    def answers(self) -> bool:
        """Whether the API is there."""
        client = self._client()
        try:
            client.request("GET", f"{self.path}/api/v2/version")
            return client.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            client.close()

    def _client(self) -> http.client.HTTPConnection:
        if self.scheme == "http":
            return http.client.HTTPConnection(self.host, self.port, timeout=_ASK_SECONDS)
        # Nothing is told or believed: the question is whether somebody is there.
        lax = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        lax.check_hostname = False
        lax.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(self.host, self.port, timeout=_ASK_SECONDS, context=lax)


def of(settings: Mapping[str, str], port: int) -> Address:
    """The address by settings of Airflow's.

    Args:
        settings: What an environment holds, such as AIRFLOW__API__HOST.
        port: The port that the API listens on.
    """
    host = settings.get("AIRFLOW__API__HOST") or HOST
    scheme = "https" if settings.get("AIRFLOW__API__SSL_CERT") else "http"
    path = urlsplit(settings.get("AIRFLOW__API__BASE_URL", "")).path.rstrip("/")
    return Address(scheme, _ANY.get(host, host), port, path)
