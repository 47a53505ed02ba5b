import { findThrowawayTools, openThrowaway } from '../../../stores/etcd/throwaway.ts';

/** A process of its own, to be killed by throwaway.real.test.ts: starts an etcd from a snapshot, says so, and waits. */
const { signal } = new AbortController();
const tools = await findThrowawayTools('for a test', signal);
await openThrowaway(tools, process.argv[2] ?? '', signal);
process.stdout.write('open\n');
setInterval(() => undefined, 60_000);
