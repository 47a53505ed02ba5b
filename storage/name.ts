const part = /^[A-Za-z0-9._-]+$/;

/** Whether it is a name as storages have them: parts of `[A-Za-z0-9._-]` with `/` between, none of them `.` or `..`. */
export function isName(name: string): boolean {
  return name.split('/').every((word) => part.test(word) && word !== '.' && word !== '..');
}

/**
 * Refuses what is not a name of an object before it gets near a storage: names also come from manifests, which
 * others can write to, and `..` must never lead out of the storage.
 */
export function checkName(name: string): void {
  if (!isName(name)) throw new TypeError(`Not a name of an object: ${JSON.stringify(name)}.`);
}
