import type { Value, ValueMap } from './msgpack.ts';
import { decodeAt } from './msgpack.ts';

/** What a message of `state.bin` stands for, of what people know. */
export interface Thing {
  /** In the plural, as counts name it: `ACL tokens`. */
  readonly kind: string;
  /** What tells it from the others of its kind. */
  readonly id: string;
  readonly fields: ValueMap;
}

type Identify = (fields: ValueMap) => string;

const field =
  (...names: readonly string[]): Identify =>
  ({ fields }) =>
    names.map((name) => textOf(fields.get(name))).find((text) => text !== '') ?? '';

/** By the type of the message. Keys are read elsewhere; tombstones, indexes and the like are Consul's own matter. */
const kinds: ReadonlyMap<number, readonly [kind: string, identify: Identify]> = new Map([
  [3, ['sessions', field('ID')]],
  [7, ['prepared queries', field('Name', 'ID')]],
  [12, ['intentions', field('ID')]],
  [13, ['CA roots', field('ID')]],
  [17, ['ACL tokens', field('AccessorID', 'SecretID')]],
  [19, ['ACL policies', field('Name', 'ID')]],
  [23, ['ACL roles', field('Name', 'ID')]],
  [25, ['ACL binding rules', field('ID')]],
  [27, ['ACL auth methods', field('Name')]],
  [30, ['federation states', field('Datacenter')]],
]);

const registerRequest = 0;
const configEntryRequest = 22;
const peeringWrite = 35;
/** From here on messages are of Consul Enterprise. */
const enterprise = 64;

/**
 * Those that stay as they are until somebody changes them. The others (nodes, services, checks, sessions) follow what
 * lives in the datacenter, and the CA its own rules.
 */
export const settledKinds: readonly string[] = [
  'ACL tokens',
  'ACL policies',
  'ACL roles',
  'ACL binding rules',
  'ACL auth methods',
  'config entries',
  'prepared queries',
  'intentions',
];

/** Undefined where the message is Consul's own matter. @throws NotMessagePack */
export function thingOf(type: number, bytes: Buffer): Thing | undefined {
  if (type === registerRequest) return registered(mapIn(bytes));
  if (type === configEntryRequest) return configEntry(bytes);
  if (type === peeringWrite) return { kind: 'peerings', id: '', fields: nothing };
  if (type >= enterprise) return { kind: 'messages of Consul Enterprise', id: '', fields: nothing };
  const found = kinds.get(type);
  if (found === undefined) return undefined;
  const [kind, identify] = found;
  const fields = mapIn(bytes);
  return { kind, id: identify(fields) + tenancy(fields), fields };
}

const nothing: ValueMap = { fields: new Map() };

/** A registration is of a node, or of one service or check of it. */
function registered(fields: ValueMap): Thing {
  const node = textOf(fields.fields.get('Node'));
  const service = mapOf(fields.fields.get('Service'));
  if (service !== undefined) return { kind: 'services', id: `${node}/${field('ID')(service)}`, fields };
  const check = mapOf(fields.fields.get('Check'));
  if (check !== undefined) return { kind: 'health checks', id: `${node}/${field('CheckID')(check)}`, fields };
  return { kind: 'nodes', id: node, fields };
}

/** It is encoded twice: as bytes that hold its kind, and behind that the request. */
function configEntry(bytes: Buffer): Thing {
  const [inner] = decodeAt(bytes, 0);
  const raw = Buffer.isBuffer(inner) ? inner : Buffer.alloc(0);
  const [kind, behindKind] = decodeAt(raw, 0);
  const [request] = decodeAt(raw, behindKind);
  const entry = mapOf(mapOf(request)?.fields.get('Entry')) ?? nothing;
  return {
    kind: 'config entries',
    id: `${textOf(kind)}/${field('Name')(entry)}${tenancy(entry)}`,
    fields: entry,
  };
}

function mapIn(bytes: Buffer): ValueMap {
  return mapOf(decodeAt(bytes, 0)[0]) ?? nothing;
}

/** Consul Enterprise: outside of the default namespace and partition. */
export function tenancy({ fields }: ValueMap): string {
  const [namespace, partition] = [textOf(fields.get('Namespace')), textOf(fields.get('Partition'))];
  const named = [
    ...(namespace === '' || namespace === 'default' ? [] : [`namespace ${namespace}`]),
    ...(partition === '' || partition === 'default' ? [] : [`partition ${partition}`]),
  ];
  return named.length === 0 ? '' : ` (${named.join(', ')})`;
}

export function mapOf(value: Value | undefined): ValueMap | undefined {
  return isMap(value) ? value : undefined;
}

function isMap(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && value !== null && 'fields' in value;
}

export function textOf(value: Value | undefined): string {
  return Buffer.isBuffer(value) ? value.toString('utf8') : '';
}

export function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

/** Fields that differ from server to server, and say nothing of what was set. */
const notContent: ReadonlySet<string> = new Set(['CreateIndex', 'ModifyIndex', 'Hash', 'Datacenter']);

/**
 * One text for one content: without indices, and without fields that are empty, which another version of Consul may
 * not have.
 */
export function contentOf(value: Value): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Buffer.isBuffer(value)) return JSON.stringify(value.toString('latin1'));
  if (!isMap(value)) return `[${listOf(value).map(contentOf).join()}]`;
  const fields = [...value.fields]
    .filter(([name, inner]) => !notContent.has(name) && !isEmpty(inner))
    .map(([name, inner]) => `${JSON.stringify(name)}:${contentOf(inner)}`);
  return `{${fields.sort().join()}}`;
}

function isEmpty(value: Value): boolean {
  if (value === null || value === false || value === 0) return true;
  if (Buffer.isBuffer(value) || Array.isArray(value)) return (value as { length: number }).length === 0;
  return isMap(value) && [...value.fields.values()].every(isEmpty);
}
