#!/bin/sh
# What the public image adds to `agent`.
set -eu
[ "$1" = agent ] || exec consul "$@"
shift
exec consul agent -data-dir=/consul/data -config-dir=/consul/config "$@"
