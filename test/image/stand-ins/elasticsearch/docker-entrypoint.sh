#!/bin/bash
# What of the entry point of the public image docker-compose.yml uses: variables with a dot are settings.
set -eu
settings=()
while IFS='=' read -r name value; do
  case $name in
    *.*) settings+=("-E$name=$value") ;;
  esac
done < <(env)
exec bin/elasticsearch "${settings[@]}"
