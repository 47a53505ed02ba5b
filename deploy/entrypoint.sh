#!/bin/sh
# What a container of the image does:
#
#   (nothing)                 the worker; the one-shot where ACTION is set, or where there is no configuration but a
#                             bucket for it (S3_BACKUP_FOLDER): docs/one-shot.md
#   worker [--config FILE]    the worker
#   list consul-prod          any command of `holdfast`, also with that word before it
#   /bin/sh -c '…'            any program, by its path
set -eu

if [ $# -eq 0 ]; then
  if [ -n "${ACTION:-}" ] || { [ -n "${S3_BACKUP_FOLDER:-}" ] && [ ! -e "$HOLDFAST_CONFIG" ]; }; then
    set -- one-shot
  else
    set -- worker
  fi
fi

case $1 in
  worker)
    shift
    exec node --max-semi-space-size=4 --initial-heap-size=72 --max-old-space-size=256 /app/worker/main.ts "$@"
    ;;
  holdfast | /*) exec "$@" ;;
  *) exec holdfast "$@" ;;
esac
