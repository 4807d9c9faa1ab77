#!/bin/sh
# Run once by the image of Postgres: a login and a database each for the warehouse, Airflow and Meltano's state.
# Waybill makes the roles of its steps itself (load/bootstrap), for which its login may create roles.
set -eu
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname="${POSTGRES_DB:-postgres}" <<SQL
\\set waybill_password \`cat ${SECRETS_FOLDER:-/run/secrets}/waybill_password\`
\\set airflow_password \`cat ${SECRETS_FOLDER:-/run/secrets}/airflow_password\`
\\set meltano_password \`cat ${SECRETS_FOLDER:-/run/secrets}/meltano_password\`
create role waybill login createrole password :'waybill_password';
create role airflow login password :'airflow_password';
create role meltano login password :'meltano_password';
create database warehouse owner waybill;
create database airflow owner airflow;
create database meltano owner meltano;
revoke all on database warehouse, airflow, meltano from public;
SQL
