"""Doing what a page of the docs says: making and changing its files, and running its commands."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Project

_MELTANO = ".venv/bin/meltano "
_MAKE = re.compile(r"Make `(?P<path>[^`]+)`:$")
_END = re.compile(r"At the end of `(?P<path>[^`]+)`, ")
_BELOW = re.compile(r"In `(?P<path>[^`]+)`, below `(?P<text>[^`]+)`$")
_REPLACE = re.compile(r"In `(?P<path>[^`]+)`, replace `(?P<text>[^`]+)` by$")


@dataclass(frozen=True)
class Step:
    """One block of a page.

    Attributes:
        says: The line above it.
        block: Its text.
    """

    says: str
    block: str

    @property
    def commands(self) -> list[list[str]]:
        """The arguments of Meltano in each line of it."""
        lines = [line for line in self.block.splitlines() if line.startswith(_MELTANO)]
        return [shlex.split(line.removeprefix(_MELTANO)) for line in lines]

    def change(self, project: Path) -> bool:
        """Make or change the file that it speaks of; False where it speaks of none."""
        if made := _MAKE.match(self.says):
            path = project / made["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.block, encoding="utf-8")
        elif ended := _END.match(self.says):
            path = project / ended["path"]
            path.write_text(path.read_text("utf-8").rstrip("\n") + "\n" + self.block, "utf-8")
        elif found := _BELOW.match(self.says):
            _put(project / found["path"], found["text"] + "\n", found["text"] + "\n" + self.block)
        elif found := _REPLACE.match(self.says):
            _put(project / found["path"], found["text"], self.block.removesuffix("\n"))
        else:
            return False
        return True


def _put(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, f"{path} has no {old!r}"
    path.write_text(text.replace(old, new, 1), "utf-8")


def steps(page: Path) -> list[Step]:
    """The blocks of a page, in their order."""
    found: list[Step] = []
    says = ""
    block: list[str] = []
    for line in [*page.read_text("utf-8").splitlines(), "end"]:
        if line.startswith("    "):
            block.append(line[4:])
        elif block and not line:
            block.append("")
        elif line:
            if block:
                text = "\n".join(block).rstrip("\n") + "\n"
                found.append(Step(says, text))
                block = []
            says = line
    return found


def follow(
    page: Path, project: Project, **settings: str
) -> Iterator[subprocess.CompletedProcess[str]]:
    """Do all that a page says, in a project; each command must succeed.

    Args:
        page: The page.
        project: Where to do it.
        settings: What the page lets its reader set.
    """
    for step in steps(page):
        if step.change(project.root):
            continue
        for command, *arguments in step.commands:
            done = project.meltano(command, *arguments, **settings)
            assert done.returncode == 0, (command, *arguments, done.stdout[-8000:])
            yield done
