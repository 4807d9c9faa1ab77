#!/bin/sh
# Runs a command with secrets in its environment: each file of /run/secrets whose name is one of a variable
# (WAREHOUSE_URL, WAYBILL_PII_SALT, …) gives it its value, unless the environment has one. ECS and Cloud Run set
# variables themselves, and have no such folder.
set -eu
for file in "${SECRETS_FOLDER:-/run/secrets}"/*; do
    name=${file##*/}
    case $name in *[!A-Z0-9_]* | [!A-Z]*) continue ;; esac
    if [ -f "$file" ] && [ -z "$(printenv "$name" || true)" ]; then
        value=$(cat "$file")
        export "$name=$value"
    fi
done
exec "$@"
