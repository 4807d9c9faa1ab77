"""The environments of Meltano and of the peers."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.processes import BenchmarkError, environment

if TYPE_CHECKING:
    from benchmarks.peers.peer import Peer

_PEERS = Path(__file__).parent / "peers" / "requirements"
_PINNED = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


def install(name: str, folder: Path, requirements: Path | None = None) -> Path:
    """Make an environment, unless it is there.

    Args:
        name: Its name.
        folder: Where environments are kept from one benchmark to the next.
        requirements: What it holds; the peers' file of that name by default.

    Returns:
        The environment's folder.

    Raises:
        BenchmarkError: A package cannot be had.
    """
    requirements = requirements or _PEERS / f"{name}.txt"
    place = folder / folder_name(name, requirements)
    if place.exists():
        return place
    part = folder / f"{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    uv = str(Path(sys.executable).with_name("uv"))
    _call([uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, str(part)])
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode"]
    _call([*sync, "--python", str(part / "bin" / "python"), str(requirements)])
    part.rename(place)
    return place


def folder_name(name: str, requirements: Path | None = None) -> str:
    """Of an environment: it changes with its requirements."""
    content = (requirements or _PEERS / f"{name}.txt").read_bytes()
    return f"{name}-{hashlib.sha256(content).hexdigest()[:12]}"


def version(peer: type[Peer]) -> str:
    """The pinned version of a peer."""
    pins = dict(_PINNED.findall((_PEERS / f"{peer.requirements[-1]}.txt").read_text()))
    return str(pins[peer.package])


def _call(arguments: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - uv with fixed arguments
        arguments,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        msg = f"{' '.join(arguments[:3])}: {done.stderr.strip()}"
        raise BenchmarkError(msg)
