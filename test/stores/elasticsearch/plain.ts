import type { ElasticsearchSettings } from '../../../stores/elasticsearch/settings.ts';
import { defaultSnapshotName } from '../../../stores/elasticsearch/snapshot-name.ts';

/** Settings that say only what a test is about. */
export function settingsFor(
  address: string,
  definition: NonNullable<ElasticsearchSettings['repository']['definition']>,
  more: Partial<ElasticsearchSettings> = {},
): ElasticsearchSettings {
  return {
    addresses: [address],
    repository: { name: 'holdfast', definition, update: false },
    indices: ['*'],
    ignoreUnavailable: false,
    globalState: false,
    featureStates: [],
    snapshotName: defaultSnapshotName,
    ...more,
  };
}

export interface PlainAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks a cluster without the code that is tested. */
export async function askCluster(
  address: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<PlainAnswer> {
  // `fetch` takes no credentials in an address.
  const { origin, username, password } = new URL(address);
  const login = Buffer.from(`${username}:${decodeURIComponent(password)}`).toString('base64');
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: {
      'Content-Type': 'application/json',
      ...(username === '' ? {} : { Authorization: `Basic ${login}` }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** The same, where anything but success is a mistake of the test. */
export async function must(address: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await askCluster(address, method, path, body);
  if (answer.status >= 300)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Documents with numbers that doubles cannot hold. Each source is written as it stands. */
export async function fill(address: string, index: string, count: number): Promise<void> {
  const lines = Array.from(
    { length: count },
    (_, n) => `{"index":{"_id":"${n}"}}\n{"long":${2n ** 62n + BigInt(n)},"text":"document ${n}"}\n`,
  );
  const answer = (await must(address, 'POST', `/${index}/_bulk?refresh=true`, lines.join(''))) as {
    errors: boolean;
  };
  if (answer.errors) throw new Error(`the documents of ${index} were not taken`);
}

export async function countIn(address: string, index: string): Promise<number> {
  const { count } = (await must(address, 'GET', `/${index}/_count`)) as { count: number };
  return count;
}

/** All indices, repositories and snapshots of a test. */
export async function empty(address: string): Promise<void> {
  const repositories = Object.keys((await must(address, 'GET', '/_snapshot')) as object);
  for (const name of repositories) {
    const { body } = await askCluster(address, 'GET', `/_snapshot/${name}/_all`);
    const { snapshots = [] } = body as { snapshots?: readonly { readonly snapshot: string }[] };
    for (const { snapshot } of snapshots) await must(address, 'DELETE', `/_snapshot/${name}/${snapshot}`);
    await must(address, 'DELETE', `/_snapshot/${name}`);
  }
  await must(address, 'DELETE', '/_data_stream/*').catch(() => undefined);
  const indices = (await must(address, 'GET', '/_cat/indices?format=json&h=index&expand_wildcards=all')) as {
    readonly index: string;
  }[];
  for (const { index } of indices) await must(address, 'DELETE', `/${index}`);
}
