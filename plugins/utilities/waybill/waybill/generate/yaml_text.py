"""YAML as a person would write it: indented lists, literal blocks, no anchors."""

from __future__ import annotations

from typing import Any

import yaml

WIDTH = 100


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's signature
        """Indent lists below their key, as yamllint wants them."""
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Repeat equal values instead of pointing at the first."""
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def dump(document: dict[str, Any], *, header: str) -> str:
    """A document as YAML text.

    Args:
        document: Plain dicts, lists and scalars; keys keep their order.
        header: The comment on the first line, without its `#`.
    """
    body = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH, indent=2
    )
    return f"# {header}\n{body}"
