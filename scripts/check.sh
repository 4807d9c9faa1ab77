#!/usr/bin/env bash
# The static checks, each by name; all run, and the exit code is 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
failed=$(mktemp)
trap 'rm -f "$failed"' EXIT

check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "check: $name"
    else
        printf 'check: %s FAILED: %s\n%s\n' "$name" "$*" "$output"
        echo "$name" >>"$failed"
    fi
}

# Side by side, as most of them use one core.
{
    check mypy mypy plugins scripts benchmarks deploy
    check bandit bandit --quiet --recursive --configfile pyproject.toml plugins scripts benchmarks deploy
    check meltano-schema scripts/check_meltano_schema.sh
    check contracts waybill contracts check
    check plugin-settings scripts/plugin_settings.py check
    check benchmarks python -m benchmarks check
} &
{
    check ruff ruff check .
    check format ruff format --check .
    check sqlfluff sqlfluff lint --processes 2 transform load
    check yamllint yamllint --strict .
    check compose check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yml
    check workflows check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
    check dependabot check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
    check cloudbuild check-jsonschema --builtin-schema vendor.cloudbuild deploy/cloudbuild.yaml
    check shell bash -n .ci/run scripts/*.sh benchmarks/peers/requirements/*.sh deploy/*.sh deploy/*/*.sh
} &
wait

if [ -s "$failed" ]; then
    echo "failed: $(paste -sd' ' "$failed")"
    exit 1
fi
