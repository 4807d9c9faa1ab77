"""S3 buckets whose objects nobody can change or remove.

In a moto server of this process, or, where WAYBILL_TEST_S3 is its address and AWS_* the login, in a
real one (`make real-s3`).
"""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def locked_bucket() -> Iterator[str]:
    """The name of a bucket with object lock; AWS_* leads to its server meanwhile."""
    bucket = f"lake-{uuid.uuid4().hex}"  # a server keeps the buckets of other tests
    with _server() as settings, pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        client = boto3.client("s3")
        client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
        client.put_object_lock_configuration(
            Bucket=bucket,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}},
            },
        )
        client.close()
        yield bucket


@contextmanager
def _server() -> Iterator[dict[str, str]]:
    if real := os.environ.get("WAYBILL_TEST_S3"):
        yield {"AWS_ENDPOINT_URL": real}
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server.stop()
