from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

PACKAGE = "meltanolabs-tap-postgres==0.10.0"
VALUES = {
    "id": "7",
    "small": "-32768",
    "big": "9223372036854775807",
    "money": "123456789012345678.123456789012",
    "flag": "true",
    "note": "E'a\\tb\\n\"é\"'",
    "nothing": "null::text",
    "at": "'2026-03-29 01:30:00.123456+00'::timestamptz",
    "local_at": "'2026-03-29 01:30:00.5'::timestamp",
    "day": "'0044-03-15'::date",
    "mark": "'6f1ed002-ab5f-4f3c-9d2e-0123456789ab'::uuid",
    "document": """'{"a": [1.10, null], "b": "é"}'::jsonb""",
    "tags": "array['a', 'b\"']",
}


@pytest.fixture(scope="module")
def tap() -> Path:
    """The published tap in an environment of its own, made once for all runs of the tests."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "waybill-tests" / PACKAGE.replace("==", "-")
    executable = folder / "bin" / "tap-postgres"
    if not executable.exists():
        uv = Path(sys.executable).with_name("uv")
        for command in (
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder],
            [uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python", PACKAGE],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"{PACKAGE} cannot be installed here: {done.stderr.strip()[-200:]}")
    return executable


@pytest.mark.pypi
def test_records_of_the_meltanolabs_tap_land_typed(
    wire: Any,
    warehouse: ScratchDatabase,
    source_database: ScratchDatabase,
    tap: Path,
    tmp_path: Path,
) -> None:
    # The published tap-postgres, as a process: its FULL_TABLE stream lands with exact values, and rows it lost go.
    selected = ", ".join(f"{value} as {name}" for name, value in VALUES.items())
    source_database.execute(
        f"create table public.orders as select {selected}; alter table public.orders add primary key (id);"
        " insert into public.orders (id) values (8); grant select on public.orders to public"
    )
    login = conninfo_to_dict(source_database.url())
    config = tmp_path / "tap.json"
    config.write_text(
        json.dumps(
            {
                "host": login["host"],
                "port": int(str(login["port"])),
                "user": login["user"],
                "password": login["password"],
                "database": login["dbname"],
                "filter_schemas": ["public"],
                "emit_activate_version_messages": True,
            }
        )
    )

    def call(*arguments: Any) -> str:
        command = [tap, "--config", config, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return done.stdout

    catalog = json.loads(call("--discover"))
    for each in (part for stream in catalog["streams"] for part in stream["metadata"]):
        each["metadata"] |= {"selected": True}
    chosen = tmp_path / "catalog.json"
    chosen.write_text(json.dumps(catalog))

    def run() -> None:
        sent = call("--catalog", chosen)
        assert '"ACTIVATE_VERSION"' in sent
        done = wire.run(*sent.splitlines(), default_target_schema="raw_test")
        assert done.returncode == 0, done.stderr

    run()
    names = [name for name in VALUES if name not in {"mark", "local_at"}]
    wanted = source_database.rows(f"select {', '.join(names)} from public.orders order by id")
    landed = 'select {} from raw_test."public-orders" where _sdc_deleted_at is null order by id'
    assert warehouse.rows(landed.format(", ".join(names))) == wanted
    # The tap says of a uuid that it is a string, and of a time without a zone that it has one.
    assert warehouse.rows(landed.format("mark::uuid::text, local_at::text")) == [
        ("6f1ed002-ab5f-4f3c-9d2e-0123456789ab", "2026-03-29 01:30:00.5+00"),
        (None, None),
    ]

    source_database.execute("delete from public.orders where id = 8")
    run()
    assert warehouse.rows(landed.format("id")) == [(7,)]
