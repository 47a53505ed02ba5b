# What `mode: snapshot` needs, to back up and to restore. Consul has no smaller right for it: a snapshot holds every
# ACL token, so whoever may take one could become anybody.
#   consul acl policy create -name holdfast-snapshot -rules @snapshot.hcl
#   consul acl token create -policy-name holdfast-snapshot -description 'Holdfast, snapshots'
acl = "write"

# Names the version of Consul in the manifest, and no more: snapshots work without it.
agent_prefix "" {
  policy = "read"
}
