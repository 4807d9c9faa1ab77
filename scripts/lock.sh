#!/usr/bin/env bash
# Compile each .in file to a .txt with hashes. The development environment is solved first and
# constrains the others, so that the tests run the very versions that the plugins run.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
    local source=$1
    shift
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
        "$source" --output-file "${source%.in}.txt" "$@"
    echo "lock: ${source%.in}.txt"
}

compile requirements-dev.in "${@}"
compile requirements.in --constraint requirements-dev.txt
# In an environment of its own, so nothing of ours has to fit it.
compile deploy/tests/checkov.in
for source in plugins/requirements/*.in; do
    case "$source" in */common.in | */analyze.in) continue ;; esac # they are parts of others
    compile "$source" --constraint requirements-dev.txt
done
