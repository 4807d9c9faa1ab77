"""READMEs and Meltano's definitions name the settings that the plugins have."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "plugin_settings.py"


@pytest.fixture(scope="module")
def script() -> Any:
    """The script as a module."""
    specification = importlib.util.spec_from_file_location("plugin_settings", SCRIPT)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_what_is_committed_agrees() -> None:
    """A setting that was added or renamed is in the README and can be set in Meltano."""
    done = subprocess.run([sys.executable, SCRIPT, "check"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lacking": None}, "lacks the setting mode"),
        ({"strange": {"name": "strange"}}, "has the setting strange"),
        ({"mode": {"value": "record", "options": []}}, "mode begins with 'record'"),
        ({"mode": {"value": "batch", "options": []}}, "mode has other options"),
        ({"path": {"sensitive": True}}, "holds path for sensitive"),
    ],
)
def test_a_difference_is_named(script: Any, change: dict[str, Any], says: str) -> None:
    """Whoever changed one of the two knows where the other one stands."""
    options = [{"value": "batch"}, {"value": "record"}]
    settings = {"mode": {"enum": ["batch", "record"], "default": "record"}, "path": {}}
    definition: dict[str, Any] = {"mode": {"value": "batch", "options": options}, "path": {}}
    assert not list(script.differences("tap-csv", settings, definition))
    if "lacking" in change:
        del definition["mode"]
    else:
        definition |= change
    (found, *_) = script.differences("tap-csv", settings, definition)
    assert says in found


def test_a_readme_with_another_table_is_found_and_mended(script: Any) -> None:
    """What stands around the table stays."""
    before = f"# A\n\n{script._BEGIN}\nold\n{script._END}\n\nafter\n"
    rows = script.table({"mode": {"default": True, "description": "a|b"}}, [])
    after = script.with_table(before, rows)
    assert "| `mode` | `true` | a\\|b |" in after
    assert after.startswith("# A\n")
    assert after.endswith("\n\nafter\n")
    assert "old" not in after
    assert script.with_table(after, rows) == after
