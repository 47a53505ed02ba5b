const part = /^[A-Za-z0-9._-]+$/;

/**
 * Refuses what is not a name of an object, before it gets near a storage: names also come from manifests, which
 * others can write to, and `..` must never lead out of the storage.
 */
export function checkName(name: string): void {
  const good = name.split('/').every((word) => part.test(word) && word !== '.' && word !== '..');
  if (!good) throw new TypeError(`Not a name of an object: ${JSON.stringify(name)}.`);
}
