import { hash } from 'node:crypto';
import { digits } from './file/key-entry.ts';
import { contentOf, listOf, mapOf, settledKinds, textOf, type Thing } from './file/kinds.ts';

/** One thing of Consul that stays as it is until somebody changes it, but no key: an ACL token, a config entry… */
export interface SettledThing {
  /** In the plural. */
  readonly kind: string;
  readonly id: string;
  readonly digest: string;
  /** Decimal strings. */
  readonly createIndex: string;
  readonly modifyIndex: string;
}

/** The settled things of one snapshot, and who may do what with it. Memory grows with their number, not with the keys. */
export interface Inventory {
  readonly onThing: (thing: Thing) => void;
  readonly things: ReadonlyMap<string, SettledThing>;
  /** Whether this token is among those of the snapshot. */
  holdsToken(secret: string): boolean;
  /** The secret of a token that may do everything, and does not expire; undefined where there is none. */
  managementToken(): string | undefined;
}

/** Consul's own policy for those who may do everything. */
const globalManagement = '00000000-0000-0000-0000-000000000001';

export function createInventory(): Inventory {
  const things = new Map<string, SettledThing>();
  const secrets = new Set<string>();
  let manager: string | undefined;

  function takeToken({ fields: { fields } }: Thing): void {
    const secret = textOf(fields.get('SecretID'));
    secrets.add(hash('sha256', secret));
    const policies = listOf(fields.get('Policies')).map((link) => textOf(mapOf(link)?.fields.get('ID')));
    const expires = fields.get('ExpirationTime') ?? null;
    if (expires === null && policies.includes(globalManagement)) manager ??= secret;
  }

  return {
    onThing(thing) {
      const { kind, id, fields } = thing;
      if (!settledKinds.includes(kind)) return;
      if (kind === 'ACL tokens') takeToken(thing);
      things.set(`${kind}\0${id}`, {
        kind,
        id,
        digest: hash('sha256', contentOf(fields)),
        createIndex: digits(fields.fields.get('CreateIndex')),
        modifyIndex: digits(fields.fields.get('ModifyIndex')),
      });
    },
    things,
    holdsToken: (secret) => secrets.has(hash('sha256', secret)),
    managementToken: () => manager,
  };
}

export interface ThingDifference {
  /** What it takes to make the one like the other. */
  readonly op: 'add' | 'change' | 'remove';
  readonly thing: SettledThing;
  /** The index of the one that is there; `0` where there is none. */
  readonly seen: string;
}

/** What it takes to make the things that are there like those that are wanted, in the order of kind and id. */
export function compareThings(
  there: Inventory['things'],
  wanted: Inventory['things'],
): { readonly differences: readonly ThingDifference[]; readonly equal: number } {
  const differences: ThingDifference[] = [];
  let equal = 0;
  for (const name of [...new Set([...there.keys(), ...wanted.keys()])].sort()) {
    const [found, other] = [there.get(name), wanted.get(name)];
    if (found === undefined) {
      if (other !== undefined) differences.push({ op: 'add', thing: other, seen: '0' });
    } else if (other === undefined) differences.push({ op: 'remove', thing: found, seen: found.modifyIndex });
    else if (found.digest === other.digest) equal++;
    else differences.push({ op: 'change', thing: other, seen: found.modifyIndex });
  }
  return { differences, equal };
}

/** What every server makes anew, each release in its own way. */
const ofTheServer: ReadonlySet<string> = new Set(['global-management', 'builtin/global-read-only']);

/**
 * Whether a difference that is there after a restore speaks against it. A server changes its own policies, and makes
 * the token of its configuration (`initial_management`); people and programs log in and get tokens.
 */
export function speaksAgainst({ op, thing }: ThingDifference, restoredIndex: string): boolean {
  if (thing.kind === 'ACL policies' && ofTheServer.has(thing.id)) return false;
  const isNew = BigInt(thing.createIndex) > BigInt(restoredIndex);
  return !(op === 'remove' && thing.kind === 'ACL tokens' && isNew);
}
