#!/usr/bin/env bash
# Check Meltano's files with the JSON schema that the installed Meltano brings.
set -euo pipefail
cd "$(dirname "$0")/.."
schema=$(.venv/bin/python -c 'from importlib.resources import files; print(files("meltano") / "schemas/meltano.schema.json")')
if [ $# -eq 0 ]; then
    mapfile -t files < <(git ls-files '*meltano.yml')
    set -- "${files[@]}"
fi
exec .venv/bin/check-jsonschema --schemafile "$schema" "$@"
