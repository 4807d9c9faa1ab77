"""A job's blocks as steps: what runs on its own, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Step:
    """One task of a DAG.

    Attributes:
        name: Its id within the DAG.
        blocks: What `meltano run` is to run: one command, or an extractor and its loader.
        after: Names of the steps that it waits for.
    """

    name: str
    blocks: tuple[str, ...]
    after: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Step:
        """The step as the cache has it."""
        return cls(kept["name"], tuple(kept["blocks"]), tuple(kept["after"]))


def split(tasks: Iterable[str | list[str]]) -> list[Step]:
    """The steps of a job.

    Extractions that follow each other stand side by side: they share neither stream nor state.
    An extractor that comes twice has its second turn after its first, as its runs share a folder.

    Args:
        tasks: As Meltano lists them, each a line of blocks or a list of such lines.
    """
    blocks = [block for task in tasks for line in _lines(task) for block in line.split()]
    layers: list[list[Step]] = []
    names: set[str] = set()
    for group in _groups(blocks):
        name = _unique(group[0].replace(":", "."), names)
        is_extraction = len(group) > 1
        beside = is_extraction and layers and len(layers[-1][0].blocks) > 1
        if beside and all(group[0] != other.blocks[0] for other in layers[-1]):
            layers[-1].append(Step(name, group, layers[-1][0].after))
        else:
            before = tuple(step.name for step in layers[-1]) if layers else ()
            layers.append([Step(name, group, before)])
    return [step for layer in layers for step in layer]


def whole(job: str) -> list[Step]:
    """The job as one step."""
    return [Step(job, (job,))]


def _lines(task: str | list[str]) -> Sequence[str]:
    return [task] if isinstance(task, str) else task


def _groups(blocks: list[str]) -> Iterable[tuple[str, ...]]:
    """Commands, which hold a colon, one by one; what stands between them up to each loader."""
    open_group: list[str] = []
    for block in blocks:
        if ":" in block:
            if open_group:
                yield tuple(open_group)
                open_group = []
            yield (block,)
            continue
        open_group.append(block)
        if block.startswith("target-"):
            yield tuple(open_group)
            open_group = []
    if open_group:
        yield tuple(open_group)


def _unique(name: str, names: set[str]) -> str:
    candidate, number = name, 2
    while candidate in names:
        candidate, number = f"{name}.{number}", number + 1
    names.add(candidate)
    return candidate
