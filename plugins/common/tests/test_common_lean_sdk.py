from __future__ import annotations

import subprocess
import sys

import pytest

COSTLY = "{'requests', 'urllib3', 'jsonpath_ng', 'fsspec', 'cloudpickle', 'loky', 'packaging'}"


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120
    )
    assert not done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "command", ["tap_csv.__main__", "tap_json.__main__", "tap_postgres.cli", "target_postgres.cli"]
)
def test_a_start_loads_nothing_that_is_not_used(command: str) -> None:
    # Protects the time of a start, of which `meltano run` has three: an import at the wrong place adds a third.
    assert run(f"import sys, {command}; print({COSTLY} & set(sys.modules))") == "set()"


def test_what_waits_is_the_real_thing() -> None:
    # Whoever uses a part of the SDK that was left for later gets it as if it had never been left.
    program = """
from waybill_common import lean_sdk
lean_sdk.defer()
import singer_sdk
from singer_sdk.helpers._batch import UPath
class Own(singer_sdk.RESTStream): url_base = path = "x"
print(issubclass(Own, singer_sdk.Stream), isinstance(UPath("/tmp"), UPath), isinstance(1, singer_sdk.StreamSchema))
"""
    assert run(program) == "True True False"
