"""Running the server as somebody other than root, which PostgreSQL refuses.

As root, in this order:
1. A folder that belongs to another user: the server runs as that user.
2. A user namespace in which root's files belong to uid 1000; nothing changes its owner.
3. Where namespaces are refused, as in many containers: the user `nobody`, who gets the data
   directory and the one capability to pass through root's folders.
"""

from __future__ import annotations

import functools
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError
from waybill_warehouse import commands

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65534
_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


@dataclass(frozen=True)
class Runner:
    """How the server's programs are run.

    Attributes:
        prefix: Command that the program and its arguments are appended to.
        owner: Uid that must own the server's files, or None to leave them as they are.
    """

    prefix: tuple[str, ...] = ()
    owner: int | None = None

    def give(self, folder: Path) -> None:
        """Make the server's user the owner of a folder and all in it."""
        if self.owner is None:
            return
        for parent, _, names in os.walk(folder):
            os.chown(parent, self.owner, self.owner)
            for name in names:
                os.chown(os.path.join(parent, name), self.owner, self.owner)  # noqa: PTH118 - os.walk yields strings


def runner(data: Path) -> Runner:
    """How to run the server over a data directory, which need not exist yet; its folder does.

    Raises:
        WaybillError: The directory belongs to somebody else, or root can become nobody here.
    """
    owners = [path.stat().st_uid for path in (data, data.parent) if path.exists()]
    if (uid := os.geteuid()) != 0:
        if strangers := set(owners) - {uid}:
            msg = f"{data} belongs to uid {strangers.pop()}, not to you (uid {uid})."
            raise WaybillError(msg, "Run as its owner, or set WAYBILL_HOME to a folder of yours.")
        return Runner()
    if owner := next(filter(None, owners), None):
        return _as_user(owner)
    if _works(_NAMESPACE):
        return Runner(_NAMESPACE)
    return _as_user(NOBODY)


def _as_user(uid: int) -> Runner:
    for capability in ("dac_override", None):
        prefix = _setpriv(uid, capability)
        if _works(prefix):
            return Runner(prefix, owner=uid)
    msg = "PostgreSQL does not run as root, and no other user can be taken on here."
    remedy = "Run as another user, allow user namespaces, or set WAREHOUSE_URL to a server."
    raise WaybillError(msg, remedy)


def _setpriv(uid: int, capability: str | None) -> tuple[str, ...]:
    kept = f"-all,+{capability}" if capability else "-all"
    return (
        "setpriv",
        f"--reuid={uid}",
        f"--regid={uid}",
        "--clear-groups",
        f"--inh-caps={kept}",
        f"--ambient-caps={kept}",
    )


@functools.cache
def _works(prefix: tuple[str, ...]) -> bool:
    if not shutil.which(prefix[0]):
        return False
    return commands.run([*prefix, "true"]).returncode == 0
