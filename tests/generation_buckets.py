"""Google Cloud Storage buckets, in an emulator of this process.

The emulator takes `ifGenerationMatch` and does not heed it; here it does, as Google's servers do: at
the end of an upload, also of one in several requests.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from gcp_storage_emulator import server as emulator
from gcp_storage_emulator import storage as emulated
from gcp_storage_emulator.exceptions import Conflict, NotFound
from gcp_storage_emulator.handlers import objects
from google.cloud import storage

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def generation_bucket(*, heeds: bool = True) -> Iterator[str]:
    """The name of a bucket; STORAGE_EMULATOR_HOST leads to its server meanwhile.

    Args:
        heeds: Whether the server heeds the condition.
    """
    with storage_server(heeds=heeds):
        bucket = f"lake-{uuid.uuid4().hex}"  # servers in one process share what they keep
        storage.Client(project=None).create_bucket(bucket)
        yield bucket


@contextmanager
def storage_server(*, heeds: bool = True) -> Iterator[None]:
    """A server, to which STORAGE_EMULATOR_HOST leads meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        if heeds:
            patch.setattr(emulator, "RequestHandler", _HeedingHandler)
            patch.setattr(emulator, "Storage", _HeedingStorage)
            patch.setattr(objects, "_handle_conflict", _refuse)
        server = emulator.create_server("127.0.0.1", 0, in_memory=True)
        server.start()
        port = server._api._httpd.server_port
        patch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
        yield
        server.stop()


class _TakenError(Conflict):
    """A generation of that name is there."""


class _HeedingStorage(emulated.Storage):  # type: ignore[misc]  # the emulator has no types
    only_new = False
    """Whether the request that is answered has the condition; the server answers one at a time."""

    def create_file(self, bucket_name: str, file_name: str, *others: Any, **options: Any) -> None:
        if self.only_new and self._is_there(bucket_name, file_name):
            raise _TakenError(file_name)
        super().create_file(bucket_name, file_name, *others, **options)

    def _is_there(self, bucket_name: str, file_name: str) -> bool:
        try:
            self.get_file_obj(bucket_name, file_name)
        except NotFound:
            return False
        return True


class _HeedingHandler(emulator.RequestHandler):  # type: ignore[misc]  # the emulator has no types
    def do_POST(self) -> None:  # noqa: N802 - the name of http.server
        self.storage.only_new = "ifGenerationMatch=0" in self.path
        super().do_POST()

    def do_PUT(self) -> None:  # noqa: N802 - the name of http.server
        self.storage.only_new = "ifGenerationMatch=0" in self.path
        super().do_PUT()


_conflict = objects._handle_conflict


def _refuse(response: Any, error: Conflict) -> None:
    _conflict(response, error)
    if isinstance(error, _TakenError):
        response.status = objects.HTTPStatus.PRECONDITION_FAILED
