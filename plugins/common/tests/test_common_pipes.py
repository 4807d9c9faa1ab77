"""What a tap and a target leave behind when the other end of their pipe is gone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FAILS = """
from waybill_common.pipes import outlives_its_failure
@outlives_its_failure
def main():
    raise {error}
main()
"""
MORE_THAN_A_PIPE_HOLDS = b"x" * (4 << 20)


def _start(error: str, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", FAILS.format(error=error)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | environment,
    )


@pytest.mark.parametrize(("error", "code"), [("SystemExit(143)", 143), ("ValueError", 1)])
def test_what_is_sent_to_a_target_that_failed_breaks_no_pipe(error: str, code: int) -> None:
    # Meltano goes on writing until it has seen the end; it must see that, not a broken pipe.
    with _start(error, MELTANO_LOADER_NAME="target-postgres") as target:
        assert target.stdin
        assert target.stdout
        assert target.stderr
        assert target.wait(timeout=60) == code
        # Meltano waits for the end of both, so nobody may keep them open.
        assert target.stdout.read() == b""
        target.stderr.read()
        target.stdin.write(MORE_THAN_A_PIPE_HOLDS)


@pytest.mark.parametrize(
    ("error", "environment"),
    [("ValueError", {}), ("SystemExit(0)", {"MELTANO_LOADER_NAME": "target-postgres"})],
)
def test_a_tap_in_a_shell_learns_at_once_that_its_target_has_ended(
    error: str, environment: dict[str, str]
) -> None:
    # Without Meltano, and after success, nothing stands between the tap and the end of its reader.
    with _start(error, **environment) as target:
        assert target.stdin
        target.wait(timeout=60)
        with pytest.raises(BrokenPipeError):
            target.stdin.write(MORE_THAN_A_PIPE_HOLDS)
