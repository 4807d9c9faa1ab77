"""The extractor and the loader of a source, and Meltano as a child that runs them."""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from waybill_common import processes, project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_SHOWN = 2000
_STATE_BACKEND = "MELTANO_STATE_BACKEND_"
"""How the settings of the place begin where the states of all machines are."""
_SET_DEATH_SIGNAL = 1
"""Linux' PR_SET_PDEATHSIG."""


@dataclass(frozen=True)
class Pipeline:
    """One extractor and the loader that a job pairs it with.

    Attributes:
        environment: Meltano's environment, which is a part of the state's name.
    """

    extractor: str
    loader: str
    environment: str

    def state_id(self, suffix: str) -> str:
        """The name under which Meltano keeps a state of its own for a run with a suffix."""
        return f"{self.environment}:{self.extractor}-to-{self.loader}:{suffix}"

    def variable(self, setting: str) -> str:
        """The environment variable of a setting of the extractor."""
        return re.sub(r"[^A-Z0-9]", "_", f"{self.extractor}_{setting}".upper())


def of_schema(raw_schema: str, *, over_lake: bool = False) -> Pipeline:
    """The extractor that lands in a schema, and its loader.

    Args:
        raw_schema: The schema.
        over_lake: Whether it is to be the one that reads the lake, or the one that reads the source.

    Raises:
        WaybillError: No extractor lands there, or no job runs it.
    """
    documents = list(_documents())
    extractors = [
        plugin["name"]
        for plugin in _plugins(documents, "extractors")
        if plugin.get("load_schema") == raw_schema
        and _is_of_lake(plugin, "tap-landing") is over_lake
    ]
    into_lake = {
        plugin["name"]
        for plugin in _plugins(documents, "loaders")
        if _is_of_lake(plugin, "target-landing")
    }
    for document in documents:
        for job in document.get("jobs") or ():
            for task in _tasks(job):
                for name, loader in itertools.pairwise(task):
                    if name in extractors and loader not in into_lake:
                        return Pipeline(name, loader, _environment())
    of_lake = " of the lake" if over_lake else ""
    msg = f"No job runs an extractor{of_lake} whose load_schema is {raw_schema}."
    raise WaybillError(msg, "Add one to orchestrate/jobs.meltano.yml.")


def run(arguments: Sequence[str], settings: Mapping[str, str]) -> int:
    """Run `meltano` to its end; it dies with this process.

    Returns:
        Its exit code.
    """
    with subprocess.Popen(  # noqa: S603 - Meltano itself
        [*_program(), *arguments],
        env=_inherited() | dict(settings),
        cwd=project.root(),
        stdin=subprocess.DEVNULL,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - it only calls prctl
    ) as child:
        try:
            return child.wait()
        finally:
            if child.poll() is None:
                child.terminate()


def ask(arguments: Sequence[str]) -> str:
    """Run a short command of `meltano`, and show what it says only where it fails.

    Returns:
        What it wrote to standard output.

    Raises:
        WaybillError: It fails.
    """
    done = subprocess.run(  # noqa: S603 - Meltano itself
        [*_program(), *arguments],
        env=_inherited(),
        cwd=project.root(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write((done.stdout + done.stderr)[-_SHOWN:])
        msg = f"`meltano {' '.join(arguments[:2])}` ended with {done.returncode}."
        raise WaybillError(msg, "Its own words are above; mend that and run the same again.")
    return done.stdout


def has_state(state_id: str) -> bool:
    """Whether Meltano keeps a state under a name.

    Raises:
        WaybillError: It cannot say.
    """
    lines = ask(["state", "get", state_id]).strip().splitlines()
    try:
        return bool(json.loads(lines[-1]).get("singer_state"))
    except (IndexError, ValueError, AttributeError) as error:
        msg = f"`meltano state get {state_id}` gave no state."
        raise WaybillError(msg, "Run it by hand: it says what is wrong with the state.") from error


def _documents() -> Iterator[dict[str, Any]]:
    """The project's YAML files."""
    root = project.root()
    main = yaml.safe_load((root / "meltano.yml").read_text(encoding="utf-8"))
    yield main
    for pattern in main.get("include_paths") or ():
        for path in sorted(root.glob(pattern)):
            yield yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def _plugins(documents: Iterable[dict[str, Any]], kind: str) -> Iterator[dict[str, Any]]:
    for document in documents:
        yield from (document.get("plugins") or {}).get(kind) or ()


def _is_of_lake(plugin: Mapping[str, Any], base: str) -> bool:
    return base in {plugin["name"], plugin.get("inherit_from")}


def _tasks(job: Mapping[str, Any]) -> Iterator[list[str]]:
    tasks = job.get("tasks") or ()
    for task in [tasks] if isinstance(tasks, str) else tasks:
        words = task if isinstance(task, list) else [task]
        yield [name for word in words for name in str(word).split()]


def _environment() -> str:
    if name := os.environ.get("MELTANO_ENVIRONMENT"):
        return name
    msg = "MELTANO_ENVIRONMENT is not set, and without it Meltano keeps no state."
    raise WaybillError(msg, "Run this as `meltano invoke waybill:backfill`.")


def _program() -> list[str]:
    """The `meltano` that started this process, or else the one on the path."""
    if leader := processes.nearest_meltano():
        command = leader.cmdline()
        words = command[: len(command) - len(processes.meltano_arguments(command) or [])]
        return [
            str(Path(leader.cwd()) / word) if os.sep in word and not word.startswith("-") else word
            for word in words
        ]
    if found := shutil.which("meltano"):
        return [found]
    msg = "There is no `meltano` on the path."
    raise WaybillError(msg, "Run this as `meltano invoke waybill:backfill`.")


def _inherited() -> dict[str, str]:
    """The environment without what Meltano has set for this plugin alone."""
    kept = {"MELTANO_PROJECT_ROOT", "MELTANO_ENVIRONMENT", "MELTANO_DATABASE_URI"}
    return {
        name: value
        for name, value in os.environ.items()
        if name in kept
        or name.startswith(_STATE_BACKEND)
        or not name.startswith(("MELTANO_", "VIRTUAL_ENV", "PYTHONPATH"))
    }


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)
