#!/bin/sh
# Makes the secrets that deploy/compose.yml mounts, those that are not there yet, and prints none of them.
# The folder is closed to others; its files are open, as the containers' users are not the one who runs this.
set -eu
umask 077
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

keep() {
    if [ ! -s "$1" ]; then
        cat >"$1.new"
        chmod 444 "$1.new"
        mv -f "$1.new" "$1"
        echo "secrets: made $1"
    fi
}

# A URL holds a password as it stands, so each is of hexadecimal digits.
random() { openssl rand -hex "${1:-24}"; }
of() { cat "$1"; }

for name in postgres_password waybill_password airflow_password meltano_password \
    mongodb_password mongodb_writer_password minio_password AWS_SECRET_ACCESS_KEY; do
    random | keep "$name"
done
random 32 | keep WAYBILL_PII_SALT
echo "postgresql://waybill:$(of waybill_password)@postgres:5432/warehouse" | keep WAREHOUSE_URL
echo "postgresql://airflow:$(of airflow_password)@postgres:5432/airflow" | keep WAYBILL_AIRFLOW_DATABASE
echo "postgresql+psycopg://meltano:$(of meltano_password)@postgres:5432/meltano" | keep MELTANO_DATABASE_URI
echo "mongodb://waybill:$(of mongodb_writer_password)@mongodb:27017/shop?authSource=shop" | keep WAYBILL_MONGODB
