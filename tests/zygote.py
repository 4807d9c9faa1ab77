"""A process that has loaded the code of some commands, and forks one of them at each request.

To load it takes ten times as long as the work of most tests, and is not what they are about.
What is forked is a process like any other: it has its own pid, streams, environment and exit code.
"""

from __future__ import annotations

import array
import atexit
import json
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any

_MESSAGE = 1 << 16
_MOST_DESCRIPTORS = 4096
_STREAMS = 4
"""Standard input, output and error, and where the exit code goes."""


def serve(requests: socket.socket, mains: dict[str, str], preloaded: list[str]) -> None:
    """Fork for each request until there are no more.

    Args:
        requests: Where they come from.
        mains: Name of each command, and the module whose `main` it is.
        preloaded: Modules that the commands load late.
    """
    for module in (*mains.values(), *preloaded):
        import_module(module)
    awake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    ends: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([requests, awake], [], [])
        if awake in ready:
            os.read(awake, _MESSAGE)
            _report(ends)
        if requests in ready:
            message, streams, _, _ = socket.recv_fds(requests, _MESSAGE, _STREAMS)
            if not message:
                return
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _become(json.loads(message), streams, mains)
            for stream in streams[:-1]:
                os.close(stream)
            ends[pid] = streams[-1]
            requests.sendall(array.array("q", [pid]).tobytes())


def _report(ends: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            pid, status = ended
            end = ends.pop(pid)
            with suppress(BrokenPipeError):
                os.write(end, array.array("q", [os.waitstatus_to_exitcode(status)]).tobytes())
            os.close(end)


def _become(request: dict[str, Any], streams: list[int], mains: dict[str, str]) -> None:
    """Be the command of a request, and end as it does."""
    code: Any = 1
    try:
        for number, stream in enumerate(streams[:-1]):
            os.dup2(stream, number)
        os.closerange(3, _MOST_DESCRIPTORS)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv = request["arguments"]
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - the process's own
        import_module(mains[sys.argv[0]]).main()
        code = 0
    except SystemExit as end:
        code = 0 if end.code is None else end.code
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
    atexit._run_exitfuncs()
    with suppress(OSError):
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), *json.loads(sys.argv[2]))
