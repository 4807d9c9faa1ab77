#!/usr/bin/env bash
# Compile each peer's .in file to a .txt with hashes; each peer has an environment of its own.
set -euo pipefail
cd "$(dirname "$0")"

for source in *.in; do
    ../../../.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links \
        --custom-compile-command benchmarks/peers/requirements/lock.sh \
        "$source" --output-file "${source%.in}.txt" "$@"
    echo "lock: ${source%.in}.txt"
done
