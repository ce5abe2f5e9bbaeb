#!/bin/sh
# Run once by the postgres image, on an empty volume: make the product's database and its role, which owns that database
# and may do nothing else. The superuser keeps no password, so that nobody signs in as one over the network.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set password="$POSTGRES_PASSWORD" --username postgres --dbname postgres <<'SQL'
CREATE ROLE rcm LOGIN PASSWORD :'password';
CREATE DATABASE rcm OWNER rcm;
REVOKE CONNECT, TEMPORARY ON DATABASE rcm FROM PUBLIC;
ALTER ROLE postgres PASSWORD NULL;
SQL
