"""Running notebooks from top to bottom, and making pages of them."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jupytext
from traitlets.config import Config

from waybill_analyze.notebooks import STATIC
from waybill_common import private_files, project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from nbformat import NotebookNode

_SECONDS = 600
"""For how long a cell may run."""


@dataclass(frozen=True)
class Notebook:
    """A notebook as text.

    Attributes:
        domain: Whose marts it reads, as its header says; None where it reads whatever there is.
    """

    path: Path
    title: str
    domain: str | None

    @property
    def name(self) -> str:
        """Of the file, without its ending."""
        return self.path.stem


def folder() -> Path:
    """Where the notebooks are."""
    return project.root() / "analyze" / "notebooks"


def known(names: Collection[str] = ()) -> list[Notebook]:
    """The notebooks in the order of their names.

    Args:
        names: Only these, with or without their ending; all where it is empty.

    Raises:
        WaybillError: There is none of a name.
    """
    every = [_described(path) for path in sorted(folder().glob("*.py"))]
    asked = {name.removesuffix(".py") for name in names}
    if unknown := sorted(asked - {each.name for each in every}):
        msg = f"There is no notebook {', '.join(unknown)} in {folder()}."
        raise WaybillError(msg, f"Name one of: {', '.join(each.name for each in every)}.")
    return [each for each in every if not asked or each.name in asked]


def _described(path: Path) -> Notebook:
    read: Any = jupytext.read(path)
    first = read.cells[0].source if read.cells else ""
    title = first.splitlines()[0].lstrip("# ") if first else path.stem
    return Notebook(path, title, read.metadata.get("waybill", {}).get("domain"))


def run(notebook: Notebook) -> NotebookNode:
    """Run all cells in order in a kernel of its own.

    Returns:
        The notebook with its outputs.

    Raises:
        WaybillError: A cell fails, which is named with its number among the code cells.
    """
    # Jupyter's client takes most of a second to import, and its own folders are to be ours.
    os.environ["JUPYTER_RUNTIME_DIR"] = str(_private("runtime"))
    from nbclient import NotebookClient  # noqa: PLC0415
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError  # noqa: PLC0415

    read: NotebookNode = jupytext.read(notebook.path)
    client: Any = NotebookClient(
        read,
        timeout=_SECONDS,
        kernel_name="python3",
        # What a cell shows goes encrypted, also on this machine.
        config=Config({"KernelManager": {"transport_encryption": "auto"}}),
        resources={"metadata": {"path": str(notebook.path.parent)}},
    )
    environment = os.environ | {
        STATIC: "1",
        "IPYTHONDIR": str(_private("ipython")),
        "MELTANO_PROJECT_ROOT": str(project.root()),
    }
    try:
        client.execute(env=environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise _failure(notebook, read, error) from error
    return read


def _failure(notebook: Notebook, read: NotebookNode, error: Exception) -> WaybillError:
    code = [cell for cell in read.cells if cell.cell_type == "code"]
    failed = next((at for at, cell in enumerate(code) if _has_failed(cell)), None)
    if failed is None:
        started = [at for at, cell in enumerate(code) if cell.execution_count is not None]
        failed = min(started[-1] + 1 if started else 0, len(code) - 1)
    first = next(iter(code[failed].source.strip().splitlines()), "")
    kind = getattr(error, "ename", type(error).__name__)
    reason = getattr(error, "evalue", str(error)).strip().splitlines() or ["no reason given"]
    msg = (
        f"Notebook {notebook.path.name}, code cell {failed + 1} of {len(code)} (`{first}`):"
        f" {kind}: {reason[0]}"
    )
    return WaybillError(msg, "Open it with `make notebooks` and run it up to that cell.")


def _has_failed(cell: NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.outputs)


def _private(name: str) -> Path:
    made = project.home() / "notebooks" / name
    private_files.folder(made.parent)
    private_files.folder(made)
    return made


def to_pages(
    domains: Collection[str], target: Path, *, report: str | None = None
) -> list[tuple[str, str]]:
    """Run the notebooks of some domains and write a page of each; pages of before are removed.

    Args:
        domains: Those that have marts.
        target: The folder of the pages.
        report: Address of the report that the pages lead back to, relative to them.

    Returns:
        Title of each, and its address relative to the folder above.
    """
    shutil.rmtree(target, ignore_errors=True)
    private_files.folder(target)
    return list(
        _written([each for each in known() if each.domain in {None, *domains}], target, report)
    )


def _written(
    notebooks: list[Notebook], target: Path, report: str | None
) -> Iterator[tuple[str, str]]:
    from waybill_analyze.notebooks import pages  # noqa: PLC0415 - it takes half a second to import

    for notebook in notebooks:
        file = target / f"{notebook.name}.html"
        file.write_text(pages.render(run(notebook), notebook.title, report), encoding="utf-8")
        yield notebook.title, f"{target.name}/{file.name}"
