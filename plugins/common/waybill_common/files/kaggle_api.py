"""The two calls of Kaggle's API that a data set needs, as its published client (kagglesdk) makes them.

The published client has no time-outs, writes notices to stdout (where Singer messages go) and reads
its address from no setting; so only its wire format is used here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDPOINT = "https://api.kaggle.com"
ENDPOINT_VARIABLE = "KAGGLE_API_ENDPOINT"
_SERVICE = "v1/datasets.DatasetApiService"
_TIMEOUT = (10, 60)
"""Seconds to connect, and between two arrivals of bytes."""
_CHUNK = 1 << 20
_LOGIN_NEEDED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class KaggleApi:
    """One data set on Kaggle.

    Args:
        owner: The first part of the data set's handle.
        dataset: The second.
        setting: The setting that names it, for messages.
    """

    def __init__(self, owner: str, dataset: str, setting: str) -> None:
        self._names = {"ownerSlug": owner, "datasetSlug": dataset}
        self._handle = f"{owner}/{dataset}"
        self._setting = setting
        self._endpoint = os.environ.get(ENDPOINT_VARIABLE) or ENDPOINT
        self._auth = credentials()

    def current_version(self) -> int:
        """The number of the data set's newest version.

        Raises:
            WaybillError: Kaggle refuses, knows no such data set, or cannot be reached.
        """
        with self._post("GetDataset", self._names) as response:
            try:
                version = int(response.json()["currentVersionNumber"])
            except (ValueError, KeyError, TypeError) as error:
                msg = f"{self._setting}: Kaggle's answer for {self._handle} names no version."
                raise WaybillError(msg, f"Check {ENDPOINT_VARIABLE}.") from error
        return version

    def download(self, version: int, path: Path) -> str | None:
        """Download one version's archive and check it against the checksum Kaggle states.

        Args:
            version: The version's number.
            path: The file to write.

        Returns:
            The MD5 that was stated and found, in base64, or None where none was stated.

        Raises:
            WaybillError: The download fails, breaks off, or is not what Kaggle states.
        """
        names = self._names | {"datasetVersionNumber": version}
        digest = hashlib.md5(usedforsecurity=False)
        size = 0
        with self._post("DownloadDataset", names) as response, path.open("wb") as file:
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            stated_size = response.headers.get("Content-Length")
            stated = _stated_md5(response.headers.get("x-goog-hash", ""))
        found = base64.b64encode(digest.digest()).decode()
        if (stated and stated != found) or (stated_size and int(stated_size) != size):
            msg = f"{self._setting}: the download of {self._handle}, version {version}, is damaged: its checksum or size is not the one Kaggle states."
            raise WaybillError(msg, "Run again; if it stays so, report it to Kaggle.")
        return stated

    @contextmanager
    def _post(self, method: str, names: dict[str, Any]) -> Iterator[requests.Response]:
        url = f"{self._endpoint.rstrip('/')}/{_SERVICE}/{method}"
        try:
            with requests.Session() as session:
                response = session.post(
                    url, json=names, auth=self._auth, stream=True, timeout=_TIMEOUT
                )
                with response:
                    self._refuse(response.status_code)
                    yield response
        except requests.RequestException as error:
            msg = f"{self._setting}: Kaggle's {method} at {self._endpoint} failed: {type(error).__name__}."
            raise WaybillError(msg, "Check the network and run again.") from error

    def _refuse(self, status: int) -> None:
        where = f"{self._setting}: kaggle:{self._handle}"
        if status in _LOGIN_NEEDED and self._auth is None:
            msg = f"{where} needs a login, and no Kaggle credentials are set."
            remedy = "Set KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY, or save ~/.kaggle/kaggle.json."
            raise WaybillError(msg, remedy)
        if status in _LOGIN_NEEDED:
            msg = f"{where}: Kaggle refuses these credentials (HTTP {status})."
            raise WaybillError(
                msg, "Renew them on kaggle.com, Settings, API; accept the data set's terms."
            )
        if status == HTTPStatus.NOT_FOUND:
            msg = f"{where}: Kaggle knows no such data set (HTTP 404)."
            raise WaybillError(msg, f"Set {self._setting} to kaggle:<owner>/<dataset>.")
        if status >= HTTPStatus.BAD_REQUEST:
            msg = f"{where}: Kaggle answers HTTP {status}."
            raise WaybillError(msg, "Run again later.")


def credentials() -> requests.auth.AuthBase | None:
    """Kaggle's login, looked for where Kaggle's own tools look.

    Raises:
        WaybillError: A credentials file is there but not readable as one.
    """
    folder = Path(os.environ.get("KAGGLE_CONFIG_DIR") or Path.home() / ".kaggle")
    if token := os.environ.get("KAGGLE_API_TOKEN"):
        path = Path(token)
        return _Bearer(path.read_text().strip() if path.is_file() else token.strip())
    username, key = os.environ.get("KAGGLE_USERNAME"), os.environ.get("KAGGLE_KEY")
    if username and key:
        return requests.auth.HTTPBasicAuth(username, key)
    if (path := folder / "access_token").is_file():
        return _Bearer(path.read_text().strip())
    if (path := folder / "kaggle.json").is_file():
        try:
            document = json.loads(path.read_text())
            return requests.auth.HTTPBasicAuth(document["username"], document["key"])
        except (ValueError, KeyError, TypeError) as error:
            msg = f"{path} is not a Kaggle credentials file."
            raise WaybillError(msg, "Download it anew from kaggle.com, Settings, API.") from error
    return None


def _stated_md5(header: str) -> str | None:
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "md5":
            return value
    return None
