import { open } from 'node:fs/promises';
import { openConsul } from '../stores/consul/consul.ts';
import { fillStore } from './fill.ts';
import { recordsOf, sizeOf, type Tree } from './tree.ts';

/** Fills an empty Consul. @returns bytes of keys and values */
export async function fillConsul(address: string, tree: Tree): Promise<number> {
  const store = openConsul({ addresses: [address], consistency: 'consistent' });
  const { keys, bytes } = await fillStore(store, recordsOf(tree));
  if (keys !== tree.keys) throw new Error(`Consul was given ${keys} of ${tree.keys} keys.`);
  return bytes;
}

/** Writes what `consul kv export` would write of this tree. @returns bytes of keys and values */
export async function writeExport(file: string, tree: Tree): Promise<number> {
  await using out = await open(file, 'w');
  let bytes = 0;
  let separator = '[';
  for (const batch of recordsOf(tree)) {
    let text = '';
    for (const record of batch) {
      const { key, value } = record;
      text += `${separator}${JSON.stringify({ key: key.toString(), flags: 0, value: value?.toString('base64') })}`;
      separator = ',\n';
      bytes += sizeOf(record);
    }
    await out.write(text);
  }
  await out.write(']\n');
  return bytes;
}

/** One more write, so that no backup finds the store as the one before has left it. */
export async function touch(address: string, round: number): Promise<void> {
  const response = await fetch(`${address}/v1/kv/round`, { method: 'PUT', body: String(round) });
  if (!response.ok) throw new Error(`Consul answered ${response.status}: ${await response.text()}`);
}
