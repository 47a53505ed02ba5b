import type { IndexDocument } from '../../../workflows/contract/document.ts';
import { HoldfastError } from '../../../workflows/contract/errors.ts';
import type { Standing } from '../../document-store.ts';
import type { Connection } from '../connection.ts';
import type { PageSize } from './page-size.ts';
import { isTooMuch } from './read.ts';
import { type Hit, scanFound } from './page-scan.ts';

/** How documents stand in an index, in their order: looked up by id and routing, also those not yet refreshed. */
export async function compareDocuments(
  connection: Connection,
  index: string,
  documents: readonly IndexDocument[],
  size: PageSize,
  signal: AbortSignal,
): Promise<readonly Standing[]> {
  const standings: Standing[] = [];
  while (standings.length < documents.length) {
    signal.throwIfAborted();
    const some = documents.slice(standings.length, standings.length + size.current);
    const found = await lookUp(connection, index, some, size, signal).catch((error: unknown) => {
      if (isTooMuch(error) && size.shrink()) return undefined;
      throw error;
    });
    found?.forEach((hit, position) => standings.push(standingOf(index, some[position], hit)));
  }
  return standings;
}

async function lookUp(
  connection: Connection,
  index: string,
  documents: readonly IndexDocument[],
  size: PageSize,
  signal: AbortSignal,
): Promise<readonly Hit[]> {
  const path = `/${encodeURIComponent(index)}/_mget`;
  const body = { docs: documents.map(({ id, routing }) => ({ _id: id, routing })) };
  const { address, bytes } = await connection.askBytes({ method: 'POST', path, body, signal });
  size.saw(documents.length, bytes.length);
  const found = scan(bytes, address);
  if (found.length === documents.length) return found;
  throw new HoldfastError(
    'StreamBroken',
    `${address} told of ${found.length} documents of ${index}, and was asked for ${documents.length}.`,
    { details: { address } },
  );
}

function standingOf(index: string, wanted: IndexDocument | undefined, hit: Hit): Standing {
  if (wanted?.id !== hit.id) throw new HoldfastError('StreamBroken', `${index} told of other documents.`);
  if (hit.error !== undefined) {
    const why = hit.error.slice(0, 300);
    throw new HoldfastError('Unrestorable', `The document ${hit.id} of ${index} cannot be looked up: ${why}`);
  }
  // Of a document that is not there, nothing but its name is told.
  if (hit.source === undefined) return { state: 'missing', seen: '0' };
  return { state: hit.source.equals(wanted.source) ? 'equal' : 'differs', seen: hit.seen };
}

function scan(bytes: Buffer, address: string): readonly Hit[] {
  try {
    return scanFound(bytes);
  } catch (cause) {
    throw new HoldfastError('StreamBroken', `${address} gave an answer to _mget that is no JSON.`, {
      cause,
      details: { address },
    });
  }
}
