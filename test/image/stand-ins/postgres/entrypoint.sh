#!/bin/sh
# What of the entry point of the public image docker-compose.yml uses.
set -eu
data=/var/lib/postgresql/data
if [ ! -e "$data/PG_VERSION" ]; then
  password=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" > "$password"
  initdb --pgdata "$data" --username "$POSTGRES_USER" --pwfile "$password" --auth scram-sha-256
  rm "$password"
  echo 'host all all all scram-sha-256' >> "$data/pg_hba.conf"
  printf 'CREATE DATABASE %s;\n' "$POSTGRES_USER" |
    postgres --single -D "$data" postgres
fi
exec postgres -D "$data" -c 'listen_addresses=*'
