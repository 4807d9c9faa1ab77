#!/usr/bin/env python3
"""The settings of taps and targets, from their config schemas into their READMEs.

`render` writes the tables; `check` fails where one differs, or where Meltano's definition of the
plugin names other settings, or other values to begin with.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.plugin_base import PluginBase

ROOT = Path(__file__).parents[1]
COMMAND = "scripts/plugin_settings.py render"
PLUGINS = {
    "extractors/tap-csv": "tap_csv.tap:TapCsv",
    "extractors/tap-json": "tap_json.tap:TapJson",
    "extractors/tap-exchange-rates": "tap_exchange_rates.tap:TapExchangeRates",
    "extractors/tap-landing": "tap_landing.tap:TapLanding",
    "extractors/tap-postgres": "tap_postgres.tap:TapPostgres",
    "loaders/target-landing": "target_landing.target:TargetLanding",
    "loaders/target-mongodb": "target_mongodb.target:TargetMongodb",
    "loaders/target-postgres": "target_postgres.target:TargetPostgres",
}
"""Folders under plugins/, and their class."""
CHOSEN = {
    ("tap-csv", "mode"): "batch",
    ("tap-json", "mode"): "batch",
    ("tap-landing", "landing_uri"): "${LANDING_URI}",
    ("tap-landing", "mode"): "batch",
    ("tap-postgres", "mode"): "batch",
    ("target-landing", "landing_uri"): "${LANDING_URI}",
    ("target-landing", "source"): "${MELTANO_EXTRACT__LOAD_SCHEMA}",
    ("target-postgres", "default_target_schema"): "${MELTANO_EXTRACT__LOAD_SCHEMA}",
}
"""Where this project's definition begins with another value than the plugin, and which."""

_BEGIN = f"<!-- settings: written by {COMMAND} -->"
_END = "<!-- /settings -->"
_SDK = {
    "add_record_metadata",
    "batch_size_rows",
    "flattening_enabled",
    "flattening_key_separator",
    "flattening_max_depth",
    "flattening_max_key_length",
    "faker_config",
    "stream_map_config",
    "stream_maps",
    "validate_records",
}
"""Settings that the SDK may bring, described in its own documentation."""


def main() -> None:
    """Write the tables, or say what differs and end with 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["render", "check"])
    action = parser.parse_args().action
    problems = [
        problem
        for folder, place in PLUGINS.items()
        for problem in _problems(ROOT / "plugins" / folder, _plugin(place), action)
    ]
    if problems:
        sys.exit("\n".join(problems))


def _plugin(place: str) -> type[PluginBase]:
    module, _, name = place.partition(":")
    found: type[PluginBase] = getattr(importlib.import_module(module), name)
    return found


def _problems(folder: Path, plugin: type[PluginBase], action: str) -> Iterator[str]:
    settings: dict[str, Any] = plugin.config_jsonschema["properties"]
    required = plugin.config_jsonschema.get("required", [])
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8")
    wanted = with_table(text, table(settings, required))
    if text != wanted and action == "render":
        readme.write_text(wanted, encoding="utf-8")
        print(f"written: {readme.relative_to(ROOT)}")
    elif text != wanted:
        yield f"{readme.relative_to(ROOT)} has another table of settings. Run {COMMAND}."
    yield from differences(plugin.name, settings, _definition(plugin.name))


def table(settings: dict[str, Any], required: list[str]) -> str:
    """The settings as a Markdown table."""
    lines = ["| setting | default | |", "| --- | --- | --- |"]
    for name, setting in settings.items():
        default = "required" if name in required else _shown(setting.get("default"))
        if allowed := setting.get("enum"):
            choices = ", ".join(f"`{each}`" for each in allowed if each is not None)
            default += f" (one of {choices})"
        description = " ".join(setting.get("description", "").split()).replace("|", "\\|")
        lines.append(f"| `{name}` | {default} | {description} |".replace("|  |", "| |"))
    return "\n".join(lines) + "\n"


def with_table(text: str, rows: str) -> str:
    """A README with the table between its marks.

    Raises:
        SystemExit: It has no marks.
    """
    begin, end = text.find(_BEGIN), text.find(_END)
    if begin < 0 or end < begin:
        sys.exit(f"A README of a plugin lacks {_BEGIN} and {_END}.")
    return text[:begin] + f"{_BEGIN}\n{rows}" + text[end:]


def differences(plugin: str, settings: dict[str, Any], definition: dict[str, Any]) -> Iterator[str]:
    """How Meltano's definition differs from the config schema.

    Args:
        plugin: The plugin's name.
        settings: Its config schema's properties.
        definition: Meltano's `settings` of the plugin, by name.
    """
    place = f"Meltano's definition of {plugin}"
    for name in settings.keys() - definition.keys():
        yield f"{place} lacks the setting {name}."
    for name in definition.keys() - settings.keys() - _SDK:
        yield f"{place} has the setting {name}, which the plugin does not know."
    for name in settings.keys() & definition.keys():
        expected = CHOSEN.get((plugin, name), settings[name].get("default"))
        if definition[name].get("value") != expected:
            yield f"{place}: {name} begins with {definition[name].get('value')!r}, the plugin with {expected!r}."
        options = [option["value"] for option in definition[name].get("options", ())]
        if sorted(options) != sorted(filter(None, settings[name].get("enum", ()))):
            yield f"{place}: {name} has other options than the plugin, {options}."
        if bool(definition[name].get("sensitive")) != bool(settings[name].get("secret")):
            yield f"{place}: only one of it and the plugin holds {name} for sensitive."


def _definition(plugin: str) -> dict[str, Any]:
    for path in ROOT.glob("*/*.meltano.yml"):
        kinds = yaml.safe_load(path.read_text(encoding="utf-8")).get("plugins", {})
        for definitions in kinds.values():
            for definition in definitions:
                if definition["name"] == plugin:
                    return {each["name"]: each for each in definition["settings"]}
    sys.exit(f"Meltano has no definition of {plugin}.")


def _shown(default: object) -> str:
    if default is None:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    main()
