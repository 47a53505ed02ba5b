/**
 * Names with `*`, tried in order as the servers do: a later `-name*` takes out what an earlier one took in. What has
 * several names, as a backing index goes by that of its data stream, too, is meant by each of them.
 */
export function matches(patterns: readonly string[], ...names: readonly string[]): boolean {
  let taken = false;
  for (const pattern of patterns) {
    const leavesOut = pattern.startsWith('-');
    const meant = leavesOut ? pattern.slice(1) : pattern;
    if (names.some((name) => matchesOne(meant, name))) taken = !leavesOut;
  }
  return taken;
}

function matchesOne(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}

/** For paths: servers take a comma list of names, and a path of at most some 4 KB. */
export function* inPaths(names: readonly string[]): Generator<string> {
  let path = '';
  for (const name of names.map(encodeURIComponent)) {
    if (path !== '' && path.length + name.length > 3_000) {
      yield path;
      path = '';
    }
    path += `${path === '' ? '' : ','}${name}`;
  }
  if (path !== '') yield path;
}
