#!/bin/sh
# Makes two roles in an etcd with authentication, for jobs with `mode: keys`: holdfast-backup reads the keys,
# holdfast-restore writes them too.
#
#   ETCDCTL_ENDPOINTS=https://etcd-1:2379 ETCDCTL_USER=root ./roles.sh [PREFIX]     without PREFIX: all keys
#   etcdctl user add holdfast                    asks for the password; --no-password for one with a certificate
#   etcdctl user grant-role holdfast holdfast-backup
#
# Snapshots (`mode: snapshot`) need the role root: etcd gives them to nobody else.
set -eu
prefix=${1-}

for role in holdfast-backup=read holdfast-restore=readwrite; do
  name=${role%=*}
  # Run again, it changes nothing.
  etcdctl role get "$name" >/dev/null 2>&1 || etcdctl role add "$name"
  etcdctl role grant-permission "$name" "${role#*=}" --prefix "$prefix"
done
