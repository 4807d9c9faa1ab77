"""Which schemas of the warehouse a source and its domain write, as the data contracts say.

Only the heads of the contracts are read: steps that need no more should not wait for the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Collection

SHARED = "common"
"""The schema of the marts that several domains build."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def schemas(names: Collection[str] = ()) -> set[str]:
    """The raw schemas and those of the marts.

    Args:
        names: Ids of contracts or names of domains; none means all.

    Raises:
        WaybillError: There is no such source or domain, or a contract does not name its schema.
    """
    known = list(_heads())
    given = {name for source, domain, _ in known for name in (source, domain)}
    if unknown := sorted(set(names) - given):
        msg = f"No contract in extract/contracts has the id or the domain {', '.join(unknown)}."
        raise WaybillError(msg, f"Name one of: {', '.join(sorted(given))}.")
    return {
        schema
        for source, domain, raw_schema in known
        if not names or {source, domain} & set(names)
        for schema in (raw_schema, domain)
    }


def _heads() -> list[tuple[str, str, str]]:
    """Source, domain and raw schema of each contract."""
    found = []
    for path in sorted((project.root() / "extract" / "contracts").glob("*.yml")):
        try:
            # A loader that makes plain values only, as yaml.safe_load takes.
            document: dict[str, Any] = yaml.load(path.read_bytes(), Loader=_LOADER)  # noqa: S506 # nosec B506
            found.append((document["id"], document["domain"], document["servers"][0]["schema"]))
        except (yaml.YAMLError, KeyError, IndexError, TypeError) as error:
            msg = f"{path.name} does not name its id, its domain and its server's schema."
            raise WaybillError(msg, "Mend the contract: it must be valid ODCS.") from error
    return found
