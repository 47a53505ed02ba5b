#!/bin/bash
# What of the entry point of the public image docker-compose.yml uses: variables with a dot are settings.
set -eu
settings=()
while IFS='=' read -r name value; do
  case $name in
    xpack.*) ;; # OpenSearch knows none, and this distribution has no security.
    *.*) settings+=("-E$name=$value") ;;
  esac
done < <(env)
export OPENSEARCH_JAVA_OPTS="$ES_JAVA_OPTS"
exec bin/opensearch "${settings[@]}"
