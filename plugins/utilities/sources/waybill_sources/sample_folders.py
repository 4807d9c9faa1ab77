"""A folder of sample files: what it holds, and how it appears or is replaced as a whole."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waybill_common import private_files
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

MANIFEST = "samples.json"


@dataclass(frozen=True)
class Samples:
    """What a folder of samples holds.

    Attributes:
        identity: What decides its rows: generator, seed, sizes.
        days: How many next days have been appended.
        rows: Rows of each stream, over all its files.
    """

    identity: dict[str, Any]
    days: int
    rows: dict[str, int]


def manifest(folder: Path) -> Samples | None:
    """What the samples in a folder are, or None where it holds none."""
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Samples(document["identity"], document["days"], document["rows"])
    except (FileNotFoundError, NotADirectoryError, KeyError, TypeError, ValueError):
        return None


def write_manifest(folder: Path, samples: Samples) -> None:
    """Say what a folder holds now."""
    part = folder / f"{MANIFEST}.part"
    part.write_text(json.dumps(asdict(samples), indent=2) + "\n", encoding="utf-8")
    part.replace(folder / MANIFEST)


def check_samples(folder: Path, command: str) -> Samples:
    """What the samples in a folder are.

    Args:
        folder: Where they stand.
        command: What makes them, for the message.

    Raises:
        WaybillError: There are none.
    """
    if samples := manifest(folder):
        return samples
    msg = f"There are no samples in {folder}."
    raise WaybillError(msg, f"Make them with `{command}`.")


def check_free(folder: Path) -> None:
    """Check that nothing stands where samples are to go.

    Raises:
        WaybillError: A file stands there, or a folder that is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"{folder} holds something else than samples."
        raise WaybillError(msg, "Move it away, or name another folder.")


def locked(folder: Path) -> AbstractContextManager[None]:
    """Hold a folder of samples against other processes; the lock is beside it, as it may be replaced."""
    return private_files.locked(folder.with_name(f".{folder.name}.lock"))


def replace(folder: Path, write: Callable[[Path], Samples]) -> Samples:
    """Let a folder appear, or be replaced, only when it is whole.

    Args:
        folder: Where the files go; samples that stand there are replaced.
        write: Makes the folder that it is given the path of.

    Returns:
        What the folder holds now.

    Raises:
        WaybillError: The folder holds something else than samples.
    """
    if manifest(folder) is None:
        check_free(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        prefix = f".{folder.name}-"
        for abandoned in folder.parent.glob(f"{prefix}*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=prefix) as scratch:
            new = Path(scratch) / "new"
            samples = write(new)
            if folder.exists():
                folder.replace(Path(scratch) / "old")
            new.replace(folder)
    return samples
