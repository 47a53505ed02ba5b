# What a backup of all keys needs:
#   consul acl policy create -name holdfast-backup -rules @backup.hcl
#   consul acl token create -policy-name holdfast-backup -description 'Holdfast, backups'
# Of a job with a `prefix`, write that in the place of "".
key_prefix "" {
  policy = "read"
}

# Names the version of Consul in the manifest, and no more: backups work without it.
agent_prefix "" {
  policy = "read"
}
