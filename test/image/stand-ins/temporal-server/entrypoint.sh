#!/bin/sh
# Release 1.29 wants a file in the place of the environment: this one says what docker-compose.yml asks for.
set -eu
mkdir -p /tmp/config
database() {
  cat <<END
    $1:
      sql:
        pluginName: $DB
        databaseName: $2
        connectAddr: $POSTGRES_SEEDS:$DB_PORT
        connectProtocol: tcp
        user: $POSTGRES_USER
        password: $POSTGRES_PWD
END
}
service() {
  printf '  %s:\n    rpc: { grpcPort: %s, membershipPort: %s, bindOnIP: %s }\n' "$1" "$2" "$3" "$BIND_ON_IP"
}
cat > /tmp/config/docker.yaml <<END
log: { stdout: true, level: warn }
persistence:
  numHistoryShards: 4
  defaultStore: default
  visibilityStore: visibility
  datastores:
$(database default temporal)
$(database visibility temporal_visibility)
global:
  membership: { maxJoinDuration: 30s, broadcastAddress: $(hostname -i) }
services:
$(service frontend 7233 6933)
$(service history 7234 6934)
$(service matching 7235 6935)
$(service worker 7239 6939)
clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: { enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: '127.0.0.1:7233' }
publicClient: { hostPort: '127.0.0.1:7233' }
dynamicConfigClient: { filepath: $DYNAMIC_CONFIG_FILE_PATH, pollInterval: 60s }
END
exec temporal-server --root /tmp --config config --env docker --allow-no-auth start
