#!/bin/sh
# Makes the namespace where it is missing. TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE come from the environment.
set -eu

tries=0
until temporal operator cluster health >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -ge 60 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS is not healthy after two minutes; see: docker compose logs temporal" >&2
    exit 1
  fi
  sleep 2
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  echo "Namespace $TEMPORAL_NAMESPACE is there."
else
  # How long closed runs stay visible.
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d
fi
