import { fillSearch, loseIndex, searchFingerprint, spoilDocuments } from './search.ts';
import type { Stage } from './stage.ts';

/** The third part, where OpenSearch runs: an index that is lost comes back from a snapshot, documents one by one. */
export async function playSearch(stage: Stage): Promise<void> {
  const { opensearch } = stage.services;
  if (opensearch === undefined || 'missing' in opensearch) {
    stage.title('OpenSearch takes no part');
    stage.say(`It was not started here: ${opensearch?.missing ?? 'nobody asked for it'}`);
    return;
  }
  const { address } = opensearch;
  stage.title('OpenSearch: a snapshot in S3, and every document');
  await fillSearch(address);
  const before = await searchFingerprint(address);
  stage.say(
    `The index orders holds ${number(before.documents)} documents. One job has OpenSearch write a snapshot into its own`,
  );
  stage.say(
    'repository in S3; another reads every document, to be restored into any version, or Elasticsearch:\n',
  );
  await stage.holdfast('backup', 'search');
  await stage.holdfast('backup', 'search-docs');

  stage.title('The index is lost: it comes back from the snapshot');
  await loseIndex(address);
  await stage.holdfast('restore', 'search', '--in-place', 'close', '--yes');
  stage.say('\nAs OpenSearch shows it, through its alias (a SHA-256 over all ids and sources):\n');
  compare(stage, { before, after: await searchFingerprint(address) });

  stage.title('Some documents are spoilt: they alone are written again');
  await spoilDocuments(address);
  const broken = await searchFingerprint(address);
  stage.say('Somebody deletes three documents and overwrites another. The plan names each:\n');
  await stage.holdfast('restore', 'search-docs', '--mode', 'overwrite', '--yes');
  stage.say('');
  compare(stage, { before, broken, after: await searchFingerprint(address) });
}

/** Jobs for an OpenSearch that runs; nothing where it does not. */
export function searchJobs({ services: { opensearch, bucket } }: Pick<Stage, 'services'>): string {
  if (opensearch === undefined || 'missing' in opensearch) return '';
  return `  search:
    storage: main
    elasticsearch:
      addresses: ['${opensearch.address}']
      indices: [orders]
      repository: { name: holdfast, type: s3, settings: { bucket: ${bucket}, base_path: opensearch } }
  search-docs:
    storage: main
    elasticsearch:
      addresses: ['${opensearch.address}']
      mode: documents
      indices: [orders]
`;
}

type Fingerprint = Awaited<ReturnType<typeof searchFingerprint>>;

/** The last one must be as the first. */
function compare(stage: Stage, fingerprints: Readonly<Record<string, Fingerprint>>): void {
  const all = Object.entries(fingerprints);
  for (const [when, { documents, sha256 }] of all) {
    stage.say(`  ${when.padEnd(6)}  ${number(documents).padStart(6)} documents  ${sha256}`);
  }
  if (all.at(-1)?.[1].sha256 !== all[0]?.[1].sha256) throw new Error('OpenSearch is not as it was.');
}

function number(count: number): string {
  return count.toLocaleString('en-US');
}
