#!/bin/sh
# Makes Temporal's two databases in PostgreSQL and brings their tables up to the version of this image.
# Where they are there already, each step finds nothing to do. SQL_HOST and so on come from the environment.
set -eu

for database in temporal temporal_visibility; do
  case $database in
    temporal) schema=temporal ;;
    temporal_visibility) schema=visibility ;;
  esac
  echo "Database $database"
  temporal-sql-tool --db "$database" create
  temporal-sql-tool --db "$database" setup-schema -v 0.0
  temporal-sql-tool --db "$database" update-schema --schema-name "postgresql/v12/$schema"
done
echo 'The databases are ready.'
