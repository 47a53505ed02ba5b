# What a restore of all keys needs; it can do backups, too:
#   consul acl policy create -name holdfast-restore -rules @restore.hcl
#   consul acl token create -policy-name holdfast-restore -description 'Holdfast, backups and restores'
# Of a job with a `prefix`, write that in the place of "".
key_prefix "" {
  policy = "write"
}

# Names the version of Consul in the manifest, and no more: restores work without it.
agent_prefix "" {
  policy = "read"
}
