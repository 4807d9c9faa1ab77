#!/usr/bin/env python3
"""Print the names of Meltano's plugins, for `meltano install`."""

from __future__ import annotations

import argparse
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Print the names in one line, those left out that are asked for by name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", nargs="*", default=[], metavar="NAME")
    without = parser.parse_args().without
    names = [
        plugin["name"]
        for path in sorted(ROOT.glob("*/*.meltano.yml"))
        for plugins in yaml.safe_load(path.read_text(encoding="utf-8")).get("plugins", {}).values()
        for plugin in plugins
    ]
    print(*(name for name in names if name not in without))


if __name__ == "__main__":
    main()
