"""Which files are generated from the contracts, written or compared."""

from __future__ import annotations

import difflib
import itertools
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from waybill.generate import yaml_text
from waybill.generate.data_dictionary import data_dictionary
from waybill.generate.dbt_sources import dbt_sources
from waybill.generate.raw_suite import raw_suite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from waybill_common.contracts import Contract

COMMAND = "waybill contracts render"
_SHOWN_DIFFERENCE = 12


@dataclass(frozen=True)
class GeneratedFile:
    """A file whose whole content follows from the contracts.

    Attributes:
        path: Relative to the project's root.
    """

    path: PurePosixPath
    text: str

    def is_current(self, root: Path) -> bool:
        """Whether the project holds exactly this file."""
        return self._present(root) == self.text

    def write(self, root: Path) -> None:
        """Put it into the project."""
        target = root / self.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.text, encoding="utf-8")

    def difference(self, root: Path) -> Iterator[str]:
        """The first lines of a unified diff from the present file to this one."""
        present = self._present(root) or ""
        lines = difflib.unified_diff(
            present.splitlines(),
            self.text.splitlines(),
            fromfile=f"{self.path} (as it is)",
            tofile=f"{self.path} (as the contract says)",
            lineterm="",
            n=1,
        )
        yield from itertools.islice(lines, _SHOWN_DIFFERENCE)
        if rest := sum(1 for _ in lines):
            yield f"({rest} more lines of difference)"

    def _present(self, root: Path) -> str | None:
        target = root / self.path
        return target.read_text(encoding="utf-8") if target.is_file() else None


def generated_files(contracts: tuple[Contract, ...]) -> tuple[GeneratedFile, ...]:
    """Every generated file, in the order in which the pipeline uses them."""
    files = []
    for contract in contracts:
        source = contract.source
        header = _header(f"extract/contracts/{source}.yml")
        files += [
            GeneratedFile(
                PurePosixPath(f"transform/models/staging/{source}/_{source}__sources.yml"),
                yaml_text.dump(dbt_sources(contract), header=header),
            ),
            GeneratedFile(
                PurePosixPath(f"validate/suites/raw/{source}.yml"),
                yaml_text.dump(raw_suite(contract), header=header),
            ),
        ]
    dictionary = data_dictionary(contracts, header=_header("extract/contracts/*.yml"))
    files.append(GeneratedFile(PurePosixPath("docs/data-dictionary.md"), dictionary))
    return tuple(files)


def _header(origin: str) -> str:
    return f"Generated from {origin} by `{COMMAND}`; change the contract, not this file."
