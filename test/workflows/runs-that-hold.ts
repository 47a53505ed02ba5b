import type { Client } from '@temporalio/client';

/** The runs whose history holds this text, payloads included. */
export async function runsThatHold(
  { client }: { readonly client: Client },
  text: string,
): Promise<readonly string[]> {
  const holders: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    if (textsOf(history).some((found) => found.includes(text))) holders.push(`${workflowId} ${runId}`);
  }
  return holders;
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString()];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
