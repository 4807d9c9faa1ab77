"""Whether a document is valid in the Open Data Contract Standard, by its published JSON schema.

The check takes as long as a tap's start, and each step of a job makes it: a document that has passed
is known by its hash.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from importlib import resources
from typing import TYPE_CHECKING, Any

from waybill_common import private_files, project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

    import jsonschema


def check(path: Path, text: str, document: Any) -> None:
    """Check a contract.

    Args:
        path: Its file.
        text: What the file holds.
        document: The same, parsed.

    Raises:
        WaybillError: It breaks the standard; names the place in it.
    """
    schema = resources.files("open_data_contract_standard").joinpath("schema.json").read_bytes()
    digest = hashlib.sha256(schema + text.encode()).hexdigest()
    known = _known(path)
    if known:
        with suppress(OSError):
            if known.read_text() == digest:
                return
    if found := _violation(json.loads(schema), document):
        msg = f"{path.name}: {found.json_path}: {found.message[:200]}."
        raise WaybillError(msg, "Mend the contract: it must be valid ODCS.")
    if known:
        with suppress(OSError):
            private_files.folder(known.parent)
            private_files.write(known, digest)


def _known(path: Path) -> Path | None:
    """Where the hash of one of the project's contracts is kept; None of another."""
    try:
        is_own = path.absolute().is_relative_to(project.root())
    except WaybillError:
        return None
    return project.home() / "contracts" / path.stem if is_own else None


def _violation(schema: Any, document: Any) -> jsonschema.ValidationError | None:
    import jsonschema  # noqa: PLC0415 - needed where a contract is new only

    violations = jsonschema.Draft201909Validator(schema).iter_errors(document)
    found: jsonschema.ValidationError | None = jsonschema.exceptions.best_match(violations)
    return found
