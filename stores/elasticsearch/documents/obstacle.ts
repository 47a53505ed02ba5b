import { keepsSources } from './keeps-sources.ts';

/** What is known of an index that is there. */
interface Live {
  readonly settings: Readonly<Record<string, string>>;
  readonly mappings?: unknown;
  readonly data_stream?: string | undefined;
}

/** Why documents cannot be loaded into an index that is there and come out as they were; `undefined` where they can. */
export function obstacleToLoad({ settings, mappings, data_stream: stream }: Live): string | undefined {
  // The same id may be in several of its indices.
  if (stream !== undefined) return `it belongs to the data stream ${stream}`;
  if (settings['index.verified_before_close'] === 'true') return 'the index there is closed';
  const block = Object.entries(settings).find(([name, value]) => isBlock(name) && value === 'true');
  if (block !== undefined) return `the index there takes no documents (${block[0]})`;
  // Unlike the default one, it cannot be left out by a request.
  const { 'index.final_pipeline': pipeline = '_none' } = settings;
  if (pipeline !== '_none') {
    return `the final pipeline ${pipeline} of the index there would change the documents`;
  }
  return keepsSources(mappings)
    ? undefined
    : 'the index there does not keep the whole _source of its documents';
}

function isBlock(setting: string): boolean {
  return /^index\.blocks\.(write|read|read_only|read_only_allow_delete)$/.test(setting);
}
