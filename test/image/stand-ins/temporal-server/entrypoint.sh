#!/bin/sh
# As in the public image: the server itself makes its configuration of the environment.
set -eu
[ "$BIND_ON_IP" != 0.0.0.0 ] || export TEMPORAL_BROADCAST_ADDRESS="$(hostname -i)"
exec temporal-server start
